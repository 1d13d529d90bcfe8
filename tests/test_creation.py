"""Tensors from sizes: as torch makes them, for every dtype and default."""

import gradbook
import numpy as np
import pytest

MADE = {
    "zeros": lambda T: T.zeros(2, 3), "zeros of a tuple": lambda T: T.zeros((2, 3)),
    "zeros without dimensions": lambda T: T.zeros(()), "zeros of length 0": lambda T: T.zeros(2, 0),
    "zeros of int": lambda T: T.zeros(2, dtype=T.int64), "ones of bool": lambda T: T.ones(2, dtype=T.bool),
    "ones": lambda T: T.ones([3]), "ones of float64": lambda T: T.ones(3, dtype=T.double),
    "zeros_like": lambda T: T.zeros_like(T.tensor([1, 2])), "ones_like": lambda T: T.ones_like(T.ones(2, 3)),
    "ones_like in float32": lambda T: T.ones_like(T.tensor([1, 2]), dtype=T.float32),
    "arange": lambda T: T.arange(5), "arange of floats": lambda T: T.arange(5.0),
    "arange from": lambda T: T.arange(2, 9), "arange by": lambda T: T.arange(9, 2, -2),
    "arange of tenths": lambda T: T.arange(0, 1, 0.1), "arange back": lambda T: T.arange(1.0, -1.0, -0.3),
    "arange in float32": lambda T: T.arange(0, 5, 2, dtype=T.float32), "empty arange": lambda T: T.arange(0),
    "arange with keywords": lambda T: T.arange(start=1, end=2, step=0.25),
    "linspace": lambda T: T.linspace(-1, 1, 5), "linspace of thirds": lambda T: T.linspace(0, 1, steps=4),
    "linspace of one": lambda T: T.linspace(3, 7, 1), "linspace of none": lambda T: T.linspace(3, 7, 0),
    "eye": lambda T: T.eye(3), "eye of a rectangle": lambda T: T.eye(2, 4),
    "eye of int": lambda T: T.eye(2, dtype=T.int64),
}


@pytest.mark.parametrize("default", ["float32", "float64"])
@pytest.mark.parametrize("name", MADE)
def test_what_is_made_equals_torchs(name, default):
    torch = pytest.importorskip("torch")
    made, befores = [], [T.get_default_dtype() for T in (gradbook, torch)]
    try:
        for T in (gradbook, torch):
            T.set_default_dtype(getattr(T, default))
            made.append(MADE[name](T))
    finally:
        for T, before in zip((gradbook, torch), befores):
            T.set_default_dtype(before)
    ours, theirs = made
    assert ours.shape == tuple(theirs.shape)
    assert f"torch.{ours.dtype}" == str(theirs.dtype)
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-14 if default == "float64" else 1e-7)


def test_the_middle_of_linspace_is_exactly_zero():
    assert all(gradbook.linspace(-x, x, 11)[5].item() == 0 for x in (0.1, 0.3, 0.7, 1.1))


def test_what_is_made_can_require_a_gradient_and_is_writable():
    for t in (gradbook.zeros(2, requires_grad=True), gradbook.ones((2,), requires_grad=True),
              gradbook.linspace(0, 1, 2, requires_grad=True), gradbook.randn(2, requires_grad=True)):
        assert t.requires_grad
        assert t.data.flags.writeable


def test_random_numbers_come_from_the_generator_that_is_passed():
    draw = [gradbook.randn(2, 3, generator=np.random.default_rng(seed)).numpy() for seed in (0, 0, 1)]
    np.testing.assert_array_equal(draw[0], draw[1])
    assert (draw[0] != draw[2]).all()
    assert gradbook.randn(3, dtype=gradbook.float32).dtype == "float32"
    assert (gradbook.randn(3) != gradbook.randn(3)).any()
    large = gradbook.randn(100_000, generator=np.random.default_rng(0))
    assert abs(large.mean().item()) < 0.02
    assert abs(large.std().item() - 1) < 0.02
