"""Multi-head attention and the Transformer's encoder layer."""

import math

import numpy as np

from .. import functional as F
from ..autodiff import Tensor
from .functions import Dropout
from .layers import LayerNorm, Linear, constant, uniform
from .module import Module


class MultiheadAttention(Module):
    """out_proj of softmax(q kᵀ / √d + mask) v, head by head, where q = query W_qᵀ + b_q, and so k and v.

    in_proj_weight: (3E, E), W_q, W_k and W_v one above the other, E = embed_dim; in_proj_bias: (3E,), zero at
    first, as out_proj's. Head h has columns h d ... (h + 1) d - 1 of q, k and v, d = E / num_heads.
    Unlike torch: no add_bias_kv, add_zero_attn, kdim or vdim; rng draws the weights and the dropout.
    Source: Vaswani et al. 2017, §3.2.2; the weights' distribution: Glorot & Bengio 2010, eq. 16."""

    def __init__(self, embed_dim, num_heads, dropout=0.0, bias=True, *, batch_first=False, dtype=None,
                 rng=None):
        if embed_dim < 1 or num_heads < 1 or embed_dim % num_heads:
            raise ValueError(f"MultiheadAttention: {num_heads} heads do not divide embed_dim={embed_dim}")
        self.embed_dim, self.num_heads, self.head_dim = embed_dim, num_heads, embed_dim // num_heads
        self.dropout, self.batch_first, self.rng = dropout, batch_first, rng
        self.in_proj_weight = uniform(math.sqrt(6 / (4 * embed_dim)), (3 * embed_dim, embed_dim), dtype, rng)
        self.in_proj_bias = constant(0, 3 * embed_dim, dtype) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias, dtype=dtype, rng=rng)
        self.out_proj.bias = constant(0, embed_dim, dtype) if bias else None

    def forward(self, query, key, value, key_padding_mask=None, need_weights=True, attn_mask=None,
                average_attn_weights=True, is_causal=False):
        """(output, weights): the output laid out as query, the weights None unless need_weights.

        query: (L, N, E), key and value: (S, N, E); (N, L, E) and (N, S, E) if batch_first; or all without N.
        key_padding_mask: (N, S), attn_mask: (L, S) or (N·heads, L, S); what is True is not attended to, and
        floats are added to q kᵀ / √d. is_causal says that attn_mask is the causal one.
        weights: (N, L, S), the mean of the heads', or (N, heads, L, S) unless average_attn_weights."""
        if query.ndim not in (2, 3) or query.ndim != key.ndim or query.shape[-1] != self.embed_dim:
            raise ValueError(f"MultiheadAttention: query {query.shape} and key {key.shape} came, "
                             f"([N,] L, {self.embed_dim}) and ([N,] S, {self.embed_dim}) are needed")
        if is_causal and attn_mask is None:
            raise RuntimeError("MultiheadAttention: is_causal=True describes attn_mask, and none came")
        batched, dropout_p = query.ndim == 3, self.dropout if self.training else 0.0
        first = (lambda t: t if self.batch_first else t.transpose(0, 1)) if batched else (lambda t: t[None])
        biases = (None,) * 3 if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
        q, k, v = (self._heads(F.linear(first(t), weight, bias))
                   for t, weight, bias in zip((query, key, value), self.in_proj_weight.chunk(3), biases))
        mask = self._mask(attn_mask, key_padding_mask, q, k, batched)
        if need_weights:
            logits = (q * math.sqrt(1 / self.head_dim)) @ k.mT
            weights = F.softmax(logits if mask is None else logits + mask, dim=-1)           # (N, h, L, S)
            weights = F.dropout(weights, dropout_p, rng=self.rng)
            y = weights @ v
            weights = weights.mean(dim=1) if average_attn_weights else weights
        else:
            y, weights = F.scaled_dot_product_attention(q, k, v, mask, dropout_p, rng=self.rng), None
        y = self.out_proj(y.transpose(1, 2).flatten(2))                                  # (N, L, E)
        if not batched:
            return y[0], weights if weights is None else weights[0]
        return y if self.batch_first else y.transpose(0, 1), weights

    def _heads(self, x):
        """(N, L, E) -> (N, h, L, d)."""
        return x.reshape(*x.shape[:2], self.num_heads, self.head_dim).transpose(1, 2)

    def _mask(self, attn_mask, key_padding_mask, q, k, batched):
        """What is added to the logits (N, h, L, S), in a shape that broadcasts to theirs; or None."""
        (n, h, rows, _), s, total = q.shape, k.shape[2], None
        for name, mask, shapes in (
            ("attn_mask", attn_mask, {(rows, s): (rows, s), (n * h, rows, s): (n, h, rows, s)}),
            ("key_padding_mask", key_padding_mask, {(n, s)[not batched:]: (n, 1, 1, s)}),
        ):
            if mask is not None:
                if mask.shape not in shapes or mask.dtype.kind not in "bf":
                    raise ValueError(f"MultiheadAttention: {name} {mask.shape} of {mask.dtype} came, "
                                     f"booleans or floats {' or '.join(map(str, shapes))} are needed")
                if mask.dtype.kind == "b":
                    mask = Tensor(np.where(mask.data, -np.inf, 0).astype(q.dtype))
                mask = mask.reshape(shapes[mask.shape])
                total = mask if total is None else total + mask
        return total


class TransformerEncoderLayer(Module):
    """x ← norm1(x + attention(x)), x ← norm2(x + linear2(activation(linear1(x)))): post-norm.

    norm_first: x ← x + attention(norm1(x)), x ← x + linear2(activation(linear1(norm2(x)))): pre-norm.
    Dropout follows the activation and both branches. activation: "relu", "gelu" or a function.
    Source: Vaswani et al. 2017, §3.1 and §3.3; pre-norm: Xiong et al. 2020, figure 1."""

    def __init__(self, d_model, nhead, dim_feedforward=2048, dropout=0.1, activation=F.relu,
                 layer_norm_eps=1e-5, batch_first=False, norm_first=False, bias=True, *, dtype=None,
                 rng=None):
        if isinstance(activation, str) and activation not in ("relu", "gelu"):
            raise ValueError(f"TransformerEncoderLayer: activation {activation!r} is not 'relu' or 'gelu'")
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first,
                                            dtype=dtype, rng=rng)
        self.linear1 = Linear(d_model, dim_feedforward, bias, dtype=dtype, rng=rng)
        self.dropout = Dropout(dropout, rng=rng)
        self.linear2 = Linear(dim_feedforward, d_model, bias, dtype=dtype, rng=rng)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.dropout1, self.dropout2 = Dropout(dropout, rng=rng), Dropout(dropout, rng=rng)
        self.activation = getattr(F, activation) if isinstance(activation, str) else activation

    def forward(self, src, src_mask=None, src_key_padding_mask=None, is_causal=False):
        def attention(x):
            y, _ = self.self_attn(x, x, x, src_key_padding_mask, False, src_mask, is_causal=is_causal)
            return self.dropout1(y)

        def feed_forward(x):
            return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))

        if self.norm_first:
            x = src + attention(self.norm1(src))
            return x + feed_forward(self.norm2(x))
        x = self.norm1(src + attention(src))
        return self.norm2(x + feed_forward(x))
