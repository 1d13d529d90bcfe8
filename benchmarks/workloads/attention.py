"""e. An attention block: projections to queries, keys and values, attention by heads, projection back."""

import numpy as np


def attention_block(T, dtype, width=128, heads=4, length=128, batch=16):
    """Forward and backward, with gradients of the input and of the parameters."""
    rng = np.random.default_rng(0)
    draw = lambda scale, *size: T.tensor(rng.normal(scale=scale, size=size), dtype=dtype)
    x, g = draw(1, batch, length, width), draw(1, batch, length, width)
    w_in, w_out = draw(width ** -0.5, 3 * width, width), draw(width ** -0.5, width, width)
    F = T.nn.functional

    def run():
        for a in (x, w_in, w_out):
            a.requires_grad_().grad = None
        q, k, v = (F.linear(x, w_in).reshape(batch, length, 3, heads, width // heads)
                   .permute(2, 0, 3, 1, 4))                                  # (3, N, h, T, d / h)
        o = F.scaled_dot_product_attention(q, k, v)
        F.linear(o.transpose(1, 2).reshape(batch, length, width), w_out).backward(g)
        return x.grad.numpy()

    return run


WORKLOADS = {
    "e. attention block d=128, h=4, T=128, batch 16": (attention_block, {"float32": 1.0, "float64": 0.9}),
}
