"""Which dtype and shape a result has: NumPy's rules, and torch's where the two differ.

Unlike torch: the default is float64, because a book that compares gradients needs the digits.
`set_default_dtype(float32)` gives torch's default."""

import operator

import numpy as np

float32, float64 = np.dtype("float32"), np.dtype("float64")
int32, int64, bool_ = np.dtype("int32"), np.dtype("int64"), np.dtype("bool")
_default = float64
_RANK = {"b": 0, "u": 1, "i": 1, "f": 2}          # bool < integer < floating


def get_default_dtype() -> np.dtype:
    """The dtype of what is made from Python floats, and of integers once they are divided."""
    return _default


def set_default_dtype(dtype) -> None:
    """Make dtype, float32 or float64, the default. Raises TypeError for any other."""
    global _default
    if dtype not in (float32, float64):
        raise TypeError(f"set_default_dtype: {dtype!r} came, float32 or float64 is needed")
    _default = np.dtype(dtype)


def as_array(data, dtype=None) -> np.ndarray:
    """A copy of data as an array of numbers. Python floats become the default dtype; arrays keep theirs."""
    dtype = dtype or getattr(data, "dtype", None)
    array = np.array(data, dtype=dtype)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"tensor: {type(data).__name__} of {array.dtype} came, numbers are needed")
    return array if dtype or array.dtype.kind != "f" else array.astype(_default)


def floating(x):
    """x itself if it is floating, else x in the default dtype: what exp, log or division work on."""
    dtype = getattr(x, "dtype", None)
    if dtype is None:
        return x if isinstance(x, (int, float)) else np.asarray(x, _default)
    return x if dtype.kind == "f" else np.asarray(x, _default)


def match(x, y):
    """Two operands in the dtype that torch would give their sum.

    Dtypes of equal standing widen as in NumPy. As in torch, an operand without dimensions, a Python number
    or a 0-d array, does not widen the other unless it is of a higher kind (bool < integer < floating);
    a Python float makes integers the default dtype. (Unlike torch: a NumPy number counts as a 0-d array.)"""
    if type(x) is type(y) is float64.type:             # two numbers: asking each for its dtype takes longer
        return x, y
    a, b = getattr(x, "dtype", None), getattr(y, "dtype", None)
    if a is b:
        return x, y
    if a is None:
        return x, _beside(x, y)
    if b is None:
        return _beside(y, x), y
    beside = (x.ndim == 0) != (y.ndim == 0) and _RANK[a.kind] == _RANK[b.kind]
    wide = (a if x.ndim else b) if beside else widest(a, b)
    return x.astype(wide, copy=False), y.astype(wide, copy=False)


def widest(*dtypes):
    """The dtype of a whole whose parts have these: of the highest kind, as wide as the widest of it."""
    highest = max(_RANK[d.kind] for d in dtypes)
    return np.result_type(*(d for d in dtypes if _RANK[d.kind] == highest))


def _beside(number, x):
    """The array x as an operand beside a Python number, which NumPy too takes for weak, except here."""
    if isinstance(number, float):
        return floating(x)
    return x.astype(int64) if x.dtype == bool_ and not isinstance(number, bool) else x


def sum_to(g, shape):
    """The adjoint of broadcasting from shape to g.shape: what was repeated is summed."""
    new = g.ndim - len(shape)
    over = (*range(new), *(new + k for k, n in enumerate(shape) if n == 1))
    return g.sum(axis=over).reshape(shape) if over else g


def axes(name, dim, ndim, new=0, empty=None):
    """dim, which is a dimension, several, or (None) all, as a tuple of numbers from 0.

    A number without dimensions has dim 0 and -1 too, as in torch.   new: how many dimensions are to be added.
    empty: what () means, by default all.
    Raises ValueError, in the name of the operation, if one is out of range or comes twice."""
    given = dim if isinstance(dim, (tuple, list)) or dim is None else (dim,)
    if not given:
        return tuple(range(ndim)) if given is None or empty is None else empty
    n = max(ndim + new, 1)
    try:
        dims = [operator.index(d) for d in given]
    except TypeError:
        raise TypeError(f"{name}: dim {dim!r} came, an integer or a tuple of integers is needed") from None
    if not all(-n <= d < n for d in dims):
        raise ValueError(f"{name}: dim {dim} is out of bounds, {ndim} dimensions go from {-n} to {n - 1}")
    if len({d % n for d in dims}) < len(dims):
        raise ValueError(f"{name}: dim {dim} has a dimension twice")
    return tuple(d % n for d in dims) if ndim + new else ()
