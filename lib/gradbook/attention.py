"""Attention, and what it reads: rows of a table of embeddings, and one-hot vectors.

O = P V with P = softmax(S) by rows and S = scale Q Kᵀ + mask: each query's answer is the mean of the values,
weighted by how well its keys match. For g, the cotangent of O:
    dV = Pᵀ g and dP = g Vᵀ, as for any product;   dS = P ⊙ (dP - D), D_i = Σ_j P_ij dP_ij, as for any softmax;
    dQ = scale dS K,   dK = scale dSᵀ Q,   dmask = dS.
D needs no sum over keys: D_i = Σ_j P_ij Σ_e g_ie V_je = Σ_e g_ie O_ie (Dao et al. 2022, appendix B.2).
"""

import math

import numpy as np

from .autodiff import Tensor, primitive
from .regularization import dropout


@primitive(broadcasts=True)
def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None,
                                 rng=None):
    """softmax(scale Q Kᵀ + mask) V.

    query: (..., L, E).   key: (..., S, E).   value: (..., S, Ev).   Result: (..., L, Ev). The leading dimensions
    broadcast, attn_mask to (..., L, S): either bool, True where attention is allowed, or numbers to be added.
    is_causal: query i sees keys 0 to i.   scale: 1/√E if None.   A query that sees no key gets 0, and gives
    no gradient, as in torch.   dropout_p: of the weights P, always, with `rng`, a NumPy Generator.
    Raises ValueError for shapes that do not fit and for attn_mask with is_causal; TypeError for dtypes.
    Unlike torch: rng; no enable_gqa.   Source: Vaswani et al. 2017, eq. 1; mask and causality: its §3.2.3.
    """
    q, k, v, mask = query, key, value, attn_mask
    _check(q, k, v, mask, is_causal)
    scale = 1 / math.sqrt(q.shape[-1] or 1) if scale is None else scale
    p = (q * q.dtype.type(scale)) @ k.swapaxes(-1, -2)                       # S: (..., L, S)
    if is_causal:
        mask = np.tri(*p.shape[-2:], dtype=bool)
    if mask is not None:
        p += np.where(mask, 0, -np.inf).astype(p.dtype) if mask.dtype == bool else mask
    p -= p.max(axis=-1, keepdims=True, initial=np.finfo(p.dtype).min)        # finite also if all keys are masked
    np.exp(p, out=p)
    p /= np.maximum(p.sum(axis=-1, keepdims=True), 1)                        # >= e^0 = 1, unless all are masked
    kept = dropout(Tensor(np.ones_like(p)), dropout_p, rng=rng).data if dropout_p else None
    o = (p if kept is None else p * kept) @ v

    def vjp(g):
        dp = g @ v.swapaxes(-1, -2)                                          # (..., L, S)
        dv = (p if kept is None else p * kept).swapaxes(-1, -2) @ g
        if kept is not None:
            dp *= kept
        dp -= np.vecdot(g, o)[..., None]
        dp *= p                                                              # dS
        ds = dp if mask is None or mask.dtype == bool else dp.copy()
        dp *= p.dtype.type(scale)
        return dp @ k, dp.swapaxes(-1, -2) @ q, dv, ds

    return o, vjp


def _check(q, k, v, mask, is_causal):
    """Raise unless these can be attended with."""
    name = "scaled_dot_product_attention"
    if min(q.ndim, k.ndim, v.ndim) < 2 or q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ValueError(f"{name}: query {q.shape}, key {k.shape}, value {v.shape} came, "
                         "(..., L, E), (..., S, E), (..., S, Ev) are needed")
    if q.dtype.kind != "f" or not q.dtype == k.dtype == v.dtype:
        raise TypeError(f"{name}: {q.dtype}, {k.dtype}, {v.dtype} came, one floating dtype is needed")
    if mask is None:
        return
    if is_causal:
        raise ValueError(f"{name}: attn_mask and is_causal both came; put np.tri into the mask")
    if mask.dtype not in (bool, np.float32, q.dtype):
        raise TypeError(f"{name}: attn_mask is {mask.dtype}, bool or {q.dtype} is needed")
    scores = np.broadcast_shapes(q.shape[:-2], k.shape[:-2]) + (q.shape[-2], k.shape[-2])
    if np.broadcast_shapes(mask.shape, scores) != scores:
        raise ValueError(f"{name}: attn_mask {mask.shape} does not broadcast to the scores {scores}")


@primitive
def embedding(input, weight, padding_idx=None):
    """The rows of weight that input names: y_i = W_{input_i}, so dW_r = Σ_{i: input_i = r} g_i.

    input: integers of any shape, int32 or int64.   weight: (rows, features).   Result: (*input.shape, features).
    padding_idx: a row that receives no gradient; its values are read as they are.
    Raises ValueError for an index or padding_idx that is no row. No max_norm, scale_grad_by_freq or sparse.
    """
    rows = len(weight) if weight.ndim == 2 else 0
    if weight.ndim != 2:
        raise ValueError(f"embedding: weight {weight.shape} came, (rows, features) is needed")
    if input.dtype not in (np.int32, np.int64):
        raise TypeError(f"embedding: input is {input.dtype}, int32 or int64 is needed")
    if input.size and not 0 <= input.min() <= input.max() < rows:
        raise ValueError(f"embedding: input names rows {input.min()} to {input.max()}, weight has {rows} from 0")
    if padding_idx is not None and not -rows <= padding_idx < max(rows, 1):
        raise ValueError(f"embedding: padding_idx={padding_idx} is no row of weight {weight.shape}")

    def vjp(g):
        dw = np.zeros((rows, g.shape[-1]), g.dtype)
        np.add.at(dw, input, g)
        if padding_idx is not None and rows:
            dw[padding_idx] = 0
        return None, dw

    return weight[input], vjp


def one_hot(input, num_classes=-1) -> Tensor:
    """1 at each index and 0 elsewhere: int64, (*input.shape, num_classes). -1: the largest index + 1.

    input: int64, from 0. Raises ValueError for an index outside the classes, TypeError for another dtype.
    """
    index = np.asarray(getattr(input, "data", input))
    if index.dtype != np.int64:
        raise TypeError(f"one_hot: input is {index.dtype}, int64 is needed")
    if num_classes == -1 and index.size:
        num_classes = int(index.max()) + 1
    if num_classes < 1 or (index.size and not 0 <= index.min() <= index.max() < num_classes):
        raise ValueError(f"one_hot: {num_classes} classes came with " + (
            f"indices {index.min()} to {index.max()}" if index.size else "no index to tell them from"))
    return Tensor((index[..., None] == np.arange(num_classes)).astype(np.int64))
