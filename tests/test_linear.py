"""Matrix products: what they refuse, and what the vjp leaves out."""

import gradbook as T
import gradbook.functional as F
import numpy as np
import pytest
from gradbook.autodiff import PRIMITIVES


def zeros(*shape):
    return T.tensor(np.zeros(shape))


@pytest.mark.parametrize(("call", "words"), [
    (lambda: zeros(3, 4) @ zeros(3, 4), "matmul: a (3, 4) and b (3, 4) do not share an inner length"),
    (lambda: zeros(3) @ zeros(4), "matmul: a (3,) and b (4,) do not share an inner length"),
    (lambda: zeros() @ zeros(4), "matmul: a () and b (4,) do not share an inner length"),
    (lambda: F.linear(zeros(3, 5), zeros(2, 4)),
     "linear: x (3, 5) and weight (2, 4) are not (..., in) and (out, in)"),
    (lambda: F.linear(zeros(3, 4), zeros(4)),
     "linear: x (3, 4) and weight (4,) are not (..., in) and (out, in)"),
    (lambda: F.linear(zeros(3, 4), zeros(2, 4), zeros(4)),
     "linear: bias (4,) is not (out,) = (2,), as weight needs"),
])
def test_what_is_refused(call, words):
    with pytest.raises(ValueError) as error:
        call()
    assert words in str(error.value)


@pytest.mark.parametrize("name", ["matmul", "linear"])
def test_products_that_are_not_needed_are_not_formed(name):
    a, b = np.ones((3, 4)), np.ones((5, 4)) if name == "linear" else np.ones((4, 5))
    _, vjp = PRIMITIVES[name](a, b)
    for needs in ((), (0,), (1,), (0, 1)):
        given = vjp(np.ones((3, 5)), needs)
        assert [k for k, d in enumerate(given) if d is not None] == list(needs)


def test_einsum_is_its_loops():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(3, 4, 3)), rng.normal(size=(4, 5))
    loops = [[sum(a[i, j, i] * b[j, k] for j in range(4)) for i in range(3)] for k in range(5)]
    np.testing.assert_allclose(T.einsum("iji,jk->ki", T.tensor(a), T.tensor(b)).numpy(), loops, rtol=1e-13)


@pytest.mark.parametrize("lengths", [(2, 3, 4, 5, 6), (8, 16, 8, 16, 8), (2, 0, 3, 1, 2)])
@pytest.mark.parametrize("equation", ["bhqd,bhkd->bhqk", "bhqk, bhkd -> bqhd", "bhqd,bhqd,bh", "hqk,kd->d"])
def test_einsum_agrees_with_torch_for_small_and_large_sizes_and_none(equation, lengths):
    torch = pytest.importorskip("torch")
    length, rng = dict(zip("bhqkd", lengths)), np.random.default_rng(0)
    terms = equation.replace(" ", "").split("->")[0].split(",")
    arrays, results = [rng.normal(size=[length[c] for c in term]) for term in terms], []
    for library in (T, torch):
        tensors = [library.tensor(a, requires_grad=True) for a in arrays]
        y = library.einsum(equation, *tensors)
        y.backward(library.tensor(np.random.default_rng(1).normal(size=tuple(y.shape))))
        results.append([y.detach().numpy(), *(t.grad.numpy() for t in tensors)])
    for ours, theirs in zip(*results):
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-12)


def test_bmm_and_outer_are_matmul_and_a_product():
    rng = np.random.default_rng(0)
    a, b, u, v = (T.tensor(rng.normal(size=s)) for s in ((2, 3, 4), (2, 4, 5), 3, 4))
    np.testing.assert_array_equal(T.bmm(a, b).numpy(), a.numpy() @ b.numpy())
    np.testing.assert_array_equal(u.outer(v).numpy(), np.outer(u.numpy(), v.numpy()))


def test_a_linear_layer_is_its_formula_written_as_loops():
    rng = np.random.default_rng(0)
    x, w, b = rng.normal(size=(3, 4)), rng.normal(size=(5, 4)), rng.normal(size=5)
    loops = [[sum(w[k, j] * x[n, j] for j in range(4)) + b[k] for k in range(5)] for n in range(3)]
    np.testing.assert_allclose(F.linear(T.tensor(x), T.tensor(w), T.tensor(b)).numpy(), loops, rtol=1e-13)
