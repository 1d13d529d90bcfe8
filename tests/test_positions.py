"""gradbook.positions: by complex numbers, by torch's gradients, and by what rotations keep."""

import gradbook as T
import numpy as np
import pytest
from gradbook import functional as F
from gradbook.positions import angles, rotary, sinusoidal

rng = np.random.default_rng(0)


def turned(x, positions, base=10_000.0):
    """Pairs as complex numbers, multiplied by e^(i t ω)."""
    half = x.shape[-1] // 2
    angle = np.outer(positions, base ** (-np.arange(half) / half))
    z = (x[..., 0::2] + 1j * x[..., 1::2]) * np.exp(1j * angle)
    return np.stack([z.real, z.imag], -1).reshape(x.shape)


def test_the_first_rows_of_the_encoding_are_known():
    found = sinusoidal(np.arange(3), 4).numpy()
    t = np.arange(3)
    np.testing.assert_allclose(found, np.stack([np.sin(t), np.cos(t), np.sin(t / 100), np.cos(t / 100)], 1))
    np.testing.assert_array_equal(found[0], [0, 1, 0, 1])


@pytest.mark.parametrize("shape", [(5, 6), (2, 3, 5, 8), (7, 1, 2)])
def test_rotary_is_multiplication_by_complex_numbers(shape):
    x, positions = rng.normal(size=shape), rng.normal(size=shape[-2]) * 50
    found = rotary(T.tensor(x), positions, 50.0).numpy()
    np.testing.assert_allclose(found, turned(x, positions, 50.0), rtol=1e-12)


def test_the_gradient_of_rotary_agrees_with_torchs():
    torch = pytest.importorskip("torch")
    x, g, positions = rng.normal(size=(3, 5, 4)), rng.normal(size=(3, 5, 4)), np.arange(5) + 2
    ours = T.tensor(x, requires_grad=True)
    rotary(ours, positions).backward(T.tensor(g))
    theirs = torch.tensor(x, requires_grad=True)
    z = torch.view_as_complex(theirs.reshape(3, 5, 2, 2)) * torch.exp(1j * torch.tensor(angles(positions, 4)))
    torch.view_as_real(z).reshape(3, 5, 4).backward(torch.tensor(g))
    np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-12)


def test_lengths_stay_and_scores_depend_on_distance_alone():
    q, k = (T.tensor(rng.normal(size=(6, 8))) for _ in range(2))
    t = np.arange(6)
    near, far = ((rotary(q, t + shift) @ rotary(k, t + shift).mT).numpy() for shift in (0, 1000))
    np.testing.assert_allclose(near, far, atol=1e-10)
    np.testing.assert_allclose((rotary(q, t) ** 2).sum(-1).numpy(), (q ** 2).sum(-1).numpy(), rtol=1e-12)
    assert np.abs(near - (q @ k.mT).numpy()).max() > 0.1


def test_attention_with_rotary_positions_follows_a_shift_and_not_a_permutation():
    q, k, v = (T.tensor(rng.normal(size=(6, 8))) for _ in range(3))
    order = np.array([3, 0, 5, 1, 4, 2])

    def attend(q, k, v, t):
        return F.scaled_dot_product_attention(rotary(q, t), rotary(k, t), v).numpy()

    y = attend(q, k, v, np.arange(6))
    np.testing.assert_allclose(attend(q, k, v, np.arange(6) + 7.5), y, atol=1e-12)
    shuffled = attend(q[order], k[order], v[order], np.arange(6))
    assert np.abs(shuffled - y[order]).max() > 0.01
    np.testing.assert_allclose(attend(q[order], k[order], v[order], order), y[order], atol=1e-12)


def test_the_dtype_of_x_is_kept():
    assert rotary(T.tensor(np.ones((2, 4), np.float32)), np.arange(2)).dtype == "float32"


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="angles: d = 5 came, an even number of features is needed"):
        sinusoidal(np.arange(3), 5)
    with pytest.raises(ValueError, match=r"rotary: x \(3, 4\) and positions \(2,\) came"):
        rotary(T.tensor(np.ones((3, 4))), np.arange(2))
