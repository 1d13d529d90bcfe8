"""Attention, and what it reads: rows of a table of embeddings, and one-hot vectors.

O = P V with P = softmax(S) by rows and S = scale Q Kᵀ + mask: each query's answer is the mean of the values,
weighted by how well their keys match. With g, the cotangent of O:
    dV = Pᵀ g and dP = g Vᵀ, as for any product;   dS = P ⊙ (dP - D), D_i = Σ_j P_ij dP_ij, for softmax;
    dQ = scale dS K,   dK = scale dSᵀ Q,   dmask = dS.
D needs no sum over keys: D_i = Σ_j P_ij Σ_e g_ie V_je = Σ_e g_ie O_ie (Dao et al. 2022, appendix B.2)."""

import math

import numpy as np

from .arguments import named_errors
from .autodiff import Tensor, primitive
from .regularization import dropout
from .tensors import plain


@primitive(broadcasts=True)
def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *,
                                 scale=None, rng=None):
    """softmax(scale Q Kᵀ + mask) V.

    query: (..., L, E), key: (..., S, E), value: (..., S, Ev) -> (..., L, Ev); the dimensions ... broadcast.
    attn_mask, which broadcasts to (..., L, S): bool, True where attention is allowed, or numbers to be added.
    is_causal: query i sees the keys 0 to i.   scale: 1/√E if None.   dropout_p: of the weights P, always.
    A query that sees no key gets 0 and gives no gradient, as in torch.
    Raises ValueError for shapes that do not fit and for attn_mask with is_causal, TypeError for dtypes.
    Unlike torch: rng, a NumPy Generator, for dropout; no enable_gqa.
    Source: Vaswani et al. 2017, eq. 1, and §3.2.3 for the masks."""
    k, v, mask = key, value, attn_mask
    _check("scaled_dot_product_attention", query, k, v, mask, is_causal)
    scale = query.dtype.type(1 / math.sqrt(query.shape[-1] or 1) if scale is None else scale)
    q = query * scale                                              # cheaper than scaling S, as E < S mostly
    p = q @ k.swapaxes(-1, -2)                                     # S: (..., L, S)
    if is_causal:
        mask = np.tri(*p.shape[-2:], dtype=bool)
    if mask is not None:
        p += np.where(mask, 0, -np.inf).astype(p.dtype) if mask.dtype == bool else mask
    p -= p.max(axis=-1, keepdims=True, initial=np.finfo(p.dtype).min)         # finite also if all is masked
    np.exp(p, out=p)
    total = p @ np.ones(p.shape[-1], p.dtype)                      # faster than sum
    p /= np.maximum(total, 1)[..., None]                           # it is >= e^0, unless all is masked
    kept = dropout(np.ones_like(p), dropout_p, rng=rng).data if dropout_p else None
    pd = p * kept if dropout_p else p
    o = pd @ v

    def vjp(g):
        dv, ds = pd.swapaxes(-1, -2) @ g, g @ v.swapaxes(-1, -2)
        if dropout_p:
            ds *= kept                                             # dP
        ds -= np.vecdot(g, o)[..., None]
        ds *= p
        return ds @ k * scale, ds.swapaxes(-1, -2) @ q, dv, ds

    return o, vjp


def _check(name, q, k, v, mask, is_causal):
    if min(q.ndim, k.ndim, v.ndim) < 2 or q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ValueError(f"{name}: query {q.shape}, key {k.shape} and value {v.shape} are not (..., L, E), "
                         "(..., S, E) and (..., S, Ev)")
    if q.dtype.kind != "f" or not q.dtype == k.dtype == v.dtype:
        raise TypeError(f"{name}: {q.dtype}, {k.dtype} and {v.dtype} came, one floating dtype is needed")
    if mask is None:
        return
    if is_causal:
        raise ValueError(f"{name}: attn_mask and is_causal both came, one of them is needed")
    if mask.dtype not in (np.bool_, np.float32, q.dtype):
        raise TypeError(f"{name}: attn_mask is {mask.dtype}, bool or {q.dtype} is needed")
    scores = (*np.broadcast_shapes(q.shape[:-2], k.shape[:-2]), q.shape[-2], k.shape[-2])
    if mask.ndim > len(scores) or any(a not in (1, b) for a, b in zip(mask.shape[::-1], scores[::-1])):
        raise ValueError(f"{name}: attn_mask {mask.shape} does not broadcast to the scores {scores}")


@primitive
def embedding(input, weight, padding_idx=None):
    """The rows of weight that input names, y_i = W[input_i], so that dW[r] = Σ g_i over i with input_i = r.

    input: integers of any shape, int32 or int64.   weight: (rows, features).   y: (*input.shape, features).
    padding_idx: a row that gets no gradient; -1 is the last one.
    Raises ValueError for an index or a padding_idx that is no row, TypeError for other dtypes."""
    if weight.ndim != 2:
        raise ValueError(f"embedding: weight {weight.shape} came, (rows, features) is needed")
    if input.dtype not in (np.int32, np.int64):
        raise TypeError(f"embedding: input is {input.dtype}, int32 or int64 is needed")
    shape, rows = weight.shape, len(weight)
    if input.size and not 0 <= input.min() <= input.max() < rows:
        raise ValueError(f"embedding: input goes from {input.min()} to {input.max()}, weight has {rows} rows")
    if padding_idx is not None and not -rows <= padding_idx < rows:
        raise ValueError(f"embedding: padding_idx={padding_idx} is no row of weight {shape}")

    def vjp(g):
        dw = np.zeros(shape, g.dtype)
        np.add.at(dw, input, g)                                    # a row read twice gets both cotangents
        if padding_idx is not None:
            dw[padding_idx] = 0
        return None, dw

    return weight[input], vjp


@named_errors
def one_hot(input, num_classes=-1) -> Tensor:
    """1 at the index and 0 elsewhere: (*input.shape, num_classes), int64. It has no derivative.

    input: int64, from 0.   num_classes: the largest index + 1 if -1.
    Raises ValueError for an index that is no class, TypeError for another dtype."""
    index = plain(input)
    if index.dtype != np.int64:
        raise TypeError(f"one_hot: input is {index.dtype}, int64 is needed")
    if num_classes == -1:
        num_classes = index.max(initial=-1) + 1
    if num_classes < 1 or (index.size and not 0 <= index.min() <= index.max() < num_classes):
        raise ValueError(f"one_hot: input {index.shape} goes from {index.min(initial=0)} to "
                         f"{index.max(initial=0)}, there are {num_classes} classes")
    return Tensor((index[..., None] == np.arange(num_classes)).astype(np.int64))
