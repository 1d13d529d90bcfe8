"""Dtypes: the same promotion as torch's, for every pair of operands, and the default."""

import gradbook
import numpy as np
import pytest
from gradbook import dtypes


@pytest.fixture(autouse=True)
def default_dtype():
    before = gradbook.get_default_dtype()
    yield
    gradbook.set_default_dtype(before)


OPERANDS = {                                     # how T makes it
    "float32 (2,)": lambda T: T.tensor([1.0, 2.0], dtype=T.float32),
    "float64 (2,)": lambda T: T.tensor([1.0, 2.0], dtype=T.float64),
    "int64 (2,)": lambda T: T.tensor([1, 2]),
    "bool (2,)": lambda T: T.tensor([True, True]),
    "float32 ()": lambda T: T.tensor(3.0, dtype=T.float32),
    "float64 ()": lambda T: T.tensor(3.0, dtype=T.float64),
    "int64 ()": lambda T: T.tensor(3),
    "2": lambda T: 2,
    "2.5": lambda T: 2.5,
}


@pytest.mark.parametrize("default", ["float32", "float64"])
@pytest.mark.parametrize("right", OPERANDS)
@pytest.mark.parametrize("left", OPERANDS)
def test_results_have_the_dtype_that_torch_gives_them(left, right, default):
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    found = []
    try:
        for T in (gradbook, torch):
            T.set_default_dtype(getattr(T, default))
            x, y = OPERANDS[left](T), OPERANDS[right](T)
            if not any(isinstance(a, T.Tensor) for a in (x, y)):
                pytest.skip("no tensor among the operands")
            results = [x + y, x * y, x / y, T.where(T.tensor([True, False]), x, y)]
            if all(isinstance(a, T.Tensor) for a in (x, y)):
                results.append(T.maximum(x, y))
            found.append([str(r.dtype).removeprefix("torch.") for r in results])
    finally:
        torch.set_default_dtype(before)
    assert found[0] == found[1]


def test_dtypes_have_torchs_names():
    torch = pytest.importorskip("torch")
    for name in ("float32", "float", "float64", "double", "int32", "int", "int64", "long", "bool"):
        assert f"torch.{getattr(gradbook, name)}" == str(getattr(torch, name))


def test_the_widest_dtype_is_of_the_highest_kind():
    f4, f8, i4, i8, b = (np.dtype(d) for d in ("float32", "float64", "int32", "int64", "bool"))
    some = (f4, i8), (f4, f8, b), (i4, b), (i4, i8), (b, b)
    assert [dtypes.widest(*d) for d in some] == [f4, f8, i4, i8, b]


@pytest.mark.parametrize(("dim", "ndim", "expected"), [
    (None, 3, (0, 1, 2)), ((), 2, (0, 1)), (-1, 3, (2,)), ((0, -1), 3, (0, 2)), ([1], 2, (1,)), (0, 0, ()),
    (-1, 0, ()), (np.int64(1), 2, (1,)),
])
def test_dimensions_are_counted_from_0(dim, ndim, expected):
    assert dtypes.axes("f", dim, ndim) == expected


@pytest.mark.parametrize(("dim", "ndim", "error", "words"), [
    (2, 2, ValueError, r"f: dim 2 is out of bounds, 2 dimensions go from -2 to 1"),
    (1, 0, ValueError, r"f: dim 1 is out of bounds, 0 dimensions go from -1 to 0"),
    ((0, -2), 2, ValueError, r"f: dim \(0, -2\) has a dimension twice"),
    (0.0, 2, TypeError, r"f: dim 0.0 came, an integer or a tuple of integers is needed"),
])
def test_what_is_no_dimension(dim, ndim, error, words):
    with pytest.raises(error, match=words):
        dtypes.axes("f", dim, ndim)


def test_tensor_gives_python_floats_the_default_and_leaves_arrays_alone():
    assert gradbook.tensor([1.0, 2.0]).dtype == "float64"
    gradbook.set_default_dtype(gradbook.float32)
    assert gradbook.get_default_dtype() == "float32"
    assert gradbook.tensor([1.0, 2.0]).dtype == "float32"
    assert gradbook.tensor(np.array([1.0, 2.0])).dtype == "float64"
    assert gradbook.tensor([1.0], dtype=gradbook.float64).dtype == "float64"
    assert [gradbook.tensor(a).dtype for a in ([1, 2], True)] == ["int64", "bool"]
    assert gradbook.nn.Linear(2, 3).weight.dtype == "float32"
    assert gradbook.exp(gradbook.tensor([1, 2])).dtype == "float32"


def test_a_numpy_number_does_not_widen_an_array():
    x = gradbook.tensor([1.0, 2.0], dtype=gradbook.float32)
    assert [(x * np.float64(2)).dtype, (np.float64(2) * x).dtype, (x / np.int64(2)).dtype] == ["float32"] * 3


def test_tensor_copies():
    a = np.array([1.0, 2.0])
    t = gradbook.tensor(a)
    a[0] = 5
    assert t[0].item() == 1
    assert not np.may_share_memory(gradbook.tensor(t).data, t.data)


@pytest.mark.parametrize("wrong", ["int64", bool, "float16"])
def test_only_floating_dtypes_can_be_the_default(wrong):
    with pytest.raises(TypeError, match=r"set_default_dtype: .* came, float32 or float64 is needed"):
        gradbook.set_default_dtype(wrong)


@pytest.mark.parametrize("wrong", ["abc", [None], {"a": 1}, [1j]])
def test_what_is_not_made_of_numbers_is_refused(wrong):
    with pytest.raises(TypeError, match=f"tensor: {type(wrong).__name__} of .* came, numbers are needed"):
        gradbook.tensor(wrong)


@pytest.mark.parametrize(("shape", "to"), [((2, 3, 4), (3, 1)), ((3, 4), ()), ((3, 4), (1, 4)), ((3,), (3,))])
def test_sum_to_is_the_adjoint_of_broadcasting(shape, to):
    rng = np.random.default_rng(0)
    g, v = rng.normal(size=shape), rng.normal(size=to)
    assert dtypes.sum_to(g, to).shape == to
    inner = np.sum(g * np.broadcast_to(v, shape))
    np.testing.assert_allclose(np.sum(dtypes.sum_to(g, to) * v), inner, rtol=1e-12)
