"""Matrix products and the linear layer.

y_ik = Σ_j a_ij b_jk, so da_ij = Σ_k g_ik b_jk = (g bᵀ)_ij and db_jk = Σ_i a_ij g_ik = (aᵀ g)_jk.
"""

import numpy as np

from .autodiff import Tensor, primitive


@primitive(broadcasts=True, skips=True)
def matmul(a, b):
    """a b, over the last two dimensions; those before them broadcast.

    a: (..., n, k) or (k,).   b: (..., k, m) or (k,).   A vector is a row on the left and a column on the
    right, and its dimension of length 1 is dropped again.
    """
    if not a.ndim or not b.ndim or a.shape[-1] != b.shape[-2 if b.ndim > 1 else 0]:
        raise ValueError(f"matmul: a {a.shape} and b {b.shape} do not share an inner length")
    y = a @ b

    def vjp(g, needs=(0, 1)):
        if b.ndim == 1:
            g = g[..., None]                                          # (..., n) -> (..., n, 1)
        if a.ndim == 1:
            g = g[..., None, :]                                       # (..., m) -> (..., 1, m)
        rows, columns = a if a.ndim > 1 else a[None], b if b.ndim > 1 else b[:, None]
        da, db = None, None
        if 0 in needs:
            da = g @ columns.swapaxes(-1, -2)                         # (..., n, m) (..., m, k) -> (..., n, k)
            da = da if a.ndim > 1 else da[..., 0, :]
        if 1 in needs:
            db = rows.swapaxes(-1, -2) @ g                            # (..., k, n) (..., n, m) -> (..., k, m)
            db = db if b.ndim > 1 else db[..., 0]
        return da, db

    return y, vjp


@primitive(skips=True)
def linear(x, weight, bias=None):
    """y = x Wᵀ + b: y_k = Σ_j W_kj x_j + b_k for each row x.

    x: (..., in).   weight: (out, in).   bias: (out,) or None.   y: (..., out).
    """
    if weight.ndim != 2 or not x.ndim or x.shape[-1] != weight.shape[1]:
        raise ValueError(f"linear: x {x.shape} and weight {weight.shape} are not (..., in) and (out, in)")
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(f"linear: bias {bias.shape} is not (out,) = {weight.shape[:1]}, as weight needs")
    y = x @ weight.T
    if bias is not None:
        y = y + bias

    def vjp(g, needs=(0, 1, 2)):
        rows = g.reshape(-1, g.shape[-1])                                # (..., out) -> (N, out)
        dx = g @ weight if 0 in needs else None
        dw = rows.T @ x.reshape(-1, x.shape[-1]) if 1 in needs else None   # (out, N) (N, in) -> (out, in)
        db = rows.sum(axis=0) if 2 in needs else None
        return dx, dw, db

    return y, vjp


Tensor.matmul = Tensor.__matmul__ = matmul
Tensor.__rmatmul__ = lambda self, other: matmul(np.asarray(other), self)
