"""Matrix products, general products of arrays (einsum) and the linear layer.

y_ik = Σ_j a_ij b_jk, so da_ij = Σ_k g_ik b_jk = (g bᵀ)_ij and db_jk = Σ_i a_ij g_ik = (aᵀ g)_jk."""

import math
import string

import numpy as np

from .arguments import named_errors
from .autodiff import Tensor, primitive
from .elementwise import mul
from .shape import unsqueeze


@primitive(broadcasts=True, skips=True)
def matmul(a, b):
    """a b, over the last two dimensions; those before them broadcast.

    a: (..., n, k) or (k,).   b: (..., k, m) or (k,).   A vector is a row on the left and a column on the
    right, and its dimension of length 1 is dropped again."""
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

    x: (..., in).   weight: (out, in).   bias: (out,) or None.   y: (..., out)."""
    if weight.ndim != 2 or not x.ndim or x.shape[-1] != weight.shape[1]:
        raise ValueError(f"linear: x {x.shape} and weight {weight.shape} are not (..., in) and (out, in)")
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(f"linear: bias {bias.shape} is not (out,) = {weight.shape[:1]}, as weight needs")
    y = x @ weight.T
    if bias is not None:
        y = y + bias

    def vjp(g, needs=(0, 1, 2)):
        n = math.prod(x.shape[:-1])
        rows = g.reshape(n, g.shape[-1])                                 # (..., out) -> (N, out)
        dx = g @ weight if 0 in needs else None
        dw = rows.T @ x.reshape(n, x.shape[-1]) if 1 in needs else None   # (out, N) (N, in) -> (out, in)
        db = rows.sum(axis=0) if 2 in needs else None
        return dx, dw, db

    return y, vjp


@named_errors
def bmm(input, mat2) -> Tensor:
    """(b, n, k), (b, k, m) -> (b, n, m): matrix times matrix, b times. Nothing broadcasts."""
    if input.ndim != 3 or mat2.ndim != 3 or input.shape[0] != mat2.shape[0]:
        raise ValueError(f"bmm: input {input.shape} and mat2 {mat2.shape} are not (b, n, k) and (b, k, m)")
    return matmul(input, mat2)


@named_errors
def outer(input, vec2) -> Tensor:
    """y_ij = a_i b_j, of two vectors."""
    if input.ndim != 1 or vec2.ndim != 1:
        raise ValueError(f"outer: input {input.shape} and vec2 {vec2.shape} are not two vectors")
    return mul(unsqueeze(input, 1), vec2)


@primitive(skips=True)
def einsum(equation, *operands):
    """The sum of products that the letters name: "ij,jk->ik" is y_ik = Σ_j a_ij b_jk.

    A letter is a dimension; what the right side lacks is summed; a letter twice in one operand is its
    diagonal; "..." are the dimensions before. Without "->" the result has "..." and then, in alphabetical
    order, the letters that come once. In the vjp the cotangent and an operand exchange their letters:
    da_ij = Σ_k g_ik b_jk is "ik,jk->ij".   A length of 1 is stretched to what its letter has elsewhere."""
    operands, shapes = list(operands), [np.shape(x) for x in operands]
    terms, out, length = _letters(equation, shapes)
    for k, (term, shape) in enumerate(zip(terms, shapes)):               # what is stretched needs no letter
        kept = [(c, n) for c, n in zip(term, shape) if n == length[c]]
        if len(kept) < len(term):
            kept_term, kept_shape = zip(*kept) if kept else ((), ())
            terms[k], operands[k] = "".join(kept_term), operands[k].reshape(kept_shape)
    large = len(terms) > 1 and math.prod(length.values()) > 4096       # else the planning takes longer
    y = np.einsum(f"{','.join(terms)}->{out}", *operands, optimize=large)

    def vjp(g, needs=None):
        return None, *(slope(g, k) if needs is None or k + 1 in needs else None for k in range(len(terms)))

    def slope(g, k):
        others = [out, *terms[:k], *terms[k + 1:]]
        letters = "".join(dict.fromkeys(terms[k]))                   # each once
        found = "".join(c for c in letters if any(c in term for term in others))
        d = np.einsum(f"{','.join(others)}->{found}", g, *operands[:k], *operands[k + 1:], optimize=large)
        alone = [n for n, c in enumerate(letters) if c not in found]     # summed by itself: spread out again
        d = np.broadcast_to(np.expand_dims(d, alone), [length[c] for c in letters])
        if len(letters) < len(terms[k]):                              # only the diagonal was read
            dx = np.zeros([length[c] for c in terms[k]], d.dtype)
            np.einsum(f"{terms[k]}->{letters}", dx)[...] = d
            d = dx
        return d.reshape(shapes[k])

    return y, vjp


def _letters(equation, shapes):
    """The letters of each operand and of the result, with letters for "...", and the length of each."""
    left, arrow, out = equation.replace(" ", "").partition("->")
    terms, spare = left.split(","), [c for c in string.ascii_letters if c not in equation]
    if len(terms) != len(shapes):
        raise ValueError(f"einsum: {equation!r} has {len(terms)} operands, {len(shapes)} came")
    dots = [len(shape) - len(term.replace("...", "")) for term, shape in zip(terms, shapes)]
    if any(n < 0 or (n and "..." not in term) for n, term in zip(dots, terms)):
        raise ValueError(f"einsum: {equation!r} does not fit shapes {', '.join(map(str, shapes))}")
    before = "".join(spare[:max(dots)])
    terms = [term.replace("...", before[len(before) - n:]) for term, n in zip(terms, dots)]
    once = sorted(c for c in left if c.isalpha() and left.count(c) == 1)
    out = out.replace("...", before) if arrow else before + "".join(once)
    length = {}
    for term, shape in zip(terms, shapes):
        for c, n in zip(term, shape):
            m, same = length.get(c, 1), dict(zip(term, shape))[c]        # same: within one operand
            if same != n or (m != n and 1 not in (m, n)):
                also = m if same == n else same
                raise ValueError(f"einsum: in {equation!r} {c} is of length {n} and {also}")
            length[c] = n if m == 1 else m
    if not set(length) <= set(string.ascii_letters) or set(out) - set(length) or len(set(out)) < len(out):
        raise ValueError(f"einsum: {equation!r} is not letters, on the right each once and from the left")
    return terms, out, length


Tensor.bmm, Tensor.outer = bmm, outer
Tensor.matmul = Tensor.__matmul__ = matmul
Tensor.__rmatmul__ = lambda self, other: matmul(np.asarray(other), self)
