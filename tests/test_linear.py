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


def test_a_linear_layer_is_its_formula_written_as_loops():
    rng = np.random.default_rng(0)
    x, w, b = rng.normal(size=(3, 4)), rng.normal(size=(5, 4)), rng.normal(size=5)
    loops = [[sum(w[k, j] * x[n, j] for j in range(4)) + b[k] for k in range(5)] for n in range(3)]
    np.testing.assert_allclose(F.linear(T.tensor(x), T.tensor(w), T.tensor(b)).numpy(), loops, rtol=1e-13)
