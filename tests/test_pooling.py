"""Pooling: against loops over windows, and against torch on random configurations, ties, nan and infinity."""

import itertools

import numpy as np
import pytest
from gradbook import Tensor, pooling
from gradbook.autodiff import vjp
from gradbook.pooling import adaptive_avg_pool2d, avg_pool2d, max_pool2d

NAN, INF = float("nan"), float("inf")


def windows(x, kernel, stride):
    """(output, the window's pixels) without padding, by the definition."""
    sizes = [(n - k) // s + 1 for n, k, s in zip(x.shape[-2:], kernel, stride)]
    for p, q in itertools.product(*map(range, sizes)):
        rows, columns = (slice(a * s, a * s + k) for a, s, k in zip((p, q), stride, kernel))
        yield (p, q), x[..., rows, columns]


@pytest.mark.parametrize(("kernel", "stride"), [((2, 2), (2, 2)), ((3, 2), (1, 3)), ((1, 4), (3, 1))])
def test_each_window_becomes_its_maximum_or_its_mean(kernel, stride):
    x = np.random.default_rng(0).normal(size=(2, 3, 7, 8))
    largest, mean = max_pool2d(x, kernel, stride).numpy(), avg_pool2d(x, kernel, stride).numpy()
    count = 0
    for (p, q), window in windows(x, kernel, stride):
        np.testing.assert_array_equal(largest[..., p, q], window.max(axis=(-2, -1)))
        np.testing.assert_allclose(mean[..., p, q], window.mean(axis=(-2, -1)), rtol=1e-12, atol=1e-15)
        count += 1
    assert largest.shape == mean.shape
    assert largest[0, 0].size == count


def test_adaptive_windows_cover_the_image_and_are_equal_where_they_divide_it():
    x = np.random.default_rng(0).normal(size=(2, 3, 6, 8))
    even, uneven = adaptive_avg_pool2d(x, (3, 2)).numpy(), adaptive_avg_pool2d(x, (4, None)).numpy()
    np.testing.assert_allclose(even, avg_pool2d(x, (2, 4)).numpy(), rtol=1e-13)
    np.testing.assert_allclose(uneven[..., 1, :], x[..., 1:3, :].mean(axis=-2), rtol=1e-13)
    np.testing.assert_allclose(uneven[..., 3, :], x[..., 4:6, :].mean(axis=-2), rtol=1e-13)


def both(name, x, options, g=None):
    """[value, gradient] under gradbook and under torch, or the errors."""
    torch, results = pytest.importorskip("torch"), []
    theirs, ours = torch.tensor(x, requires_grad=True), Tensor(x.copy(), True)
    for leaf, f in ((ours, getattr(pooling, name)), (theirs, getattr(torch.nn.functional, name))):
        try:
            y = f(leaf, **options)
        except (ValueError, TypeError, RuntimeError) as error:
            results.append(error)
            continue
        g = np.random.default_rng(0).normal(size=tuple(y.shape)) if g is None else g
        y.backward(g if leaf is ours else torch.tensor(g))
        results.append([y.detach().numpy(), leaf.grad.numpy()])
    return results


def agree(name, x, options, g=None):
    """Whether both gave results, which then are equal, and not both errors."""
    what = f"{name} of {x.shape}, {options}"
    ours, theirs = both(name, x, options, g)
    assert isinstance(ours, list) == isinstance(theirs, list), f"{what}: {ours!r}, torch {theirs!r}"
    if isinstance(ours, list):
        for a, b in zip(ours, theirs):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14, err_msg=what)
    else:
        assert isinstance(ours, (ValueError, TypeError)), what
        assert str(ours).startswith(f"{name}: "), what
    return isinstance(ours, list)


def configuration(name, rng):
    """A random image, often with ties, nan and infinity, and random options, sometimes impossible ones."""
    x = rng.normal(size=(*rng.integers(0, 4, size=rng.integers(2)), *rng.integers(1, 11, size=3)))
    if rng.random() < 0.5:
        x = np.round(x)
    if rng.random() < 0.3:
        x[rng.random(size=x.shape) < 0.3] = rng.choice([NAN, -INF, INF])
    if name == "adaptive_avg_pool2d":
        size = [None if rng.random() < 0.2 else n for n in rng.integers(1, 8, size=2).tolist()]
        return x, {"output_size": size[0] or 1 if rng.random() < 0.3 else tuple(size)}
    kernel, stride = rng.integers(1, 5, size=2), tuple(rng.integers(1, 5, size=2).tolist())
    options = {"kernel_size": tuple(kernel.tolist()), "stride": [None, stride[0], stride][rng.integers(3)],
               "ceil_mode": bool(rng.integers(2)),
               "padding": tuple(rng.integers(0, kernel // 2 + 1 + (rng.random() < 0.05)).tolist())}
    if name == "max_pool2d":
        options["dilation"] = 1 if rng.random() < 0.7 else int(rng.integers(1, 4))
    else:
        options["count_include_pad"] = bool(rng.integers(2))
        options["divisor_override"] = None if rng.random() < 0.7 else int(rng.integers(-2, 4))
    return x, options


def every_window_has_a_pixel(x, options):
    """Else torch writes the gradient to memory outside of x."""
    if "dilation" not in options or not x.size:
        return True
    try:
        y = max_pool2d(np.zeros_like(x), **options)
    except ValueError:
        return True
    return not np.isinf(y.numpy()).any()


@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d", "adaptive_avg_pool2d"])
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_random_pools_agree_with_torch_with_ties_nan_and_infinity(name):
    cases = [configuration(name, np.random.default_rng(seed)) for seed in range(400)]
    assert sum(agree(name, *case) for case in cases if every_window_has_a_pixel(*case)) > 200


# --- single properties -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("image", "largest", "winner"), [
    ([[1, 1], [1, 1]], 1, (0, 0)),
    ([[0, 2], [2, 2]], 2, (0, 1)),
    ([[NAN, 9], [NAN, 3]], NAN, (1, 0)),
    ([[-INF, -INF], [-INF, -INF]], -INF, (0, 0)),
])
def test_the_first_of_several_largest_wins_but_the_last_nan(image, largest, winner):
    y, pullback = vjp(max_pool2d, np.array([image], dtype=float), 2)
    np.testing.assert_array_equal(y, [[[largest]]])
    expected = np.zeros((1, 2, 2))
    expected[(0, *winner)] = 3
    np.testing.assert_array_equal(pullback(np.full((1, 1, 1), 3.0))[0], expected)
    assert agree("max_pool2d", np.array([image], dtype=float), {"kernel_size": 2})


def test_an_infinite_gradient_goes_to_the_largest_only():
    x, g = np.arange(16.0).reshape(1, 4, 4), np.array([[[INF, 1.0], [NAN, -INF]]])
    _, pullback = vjp(max_pool2d, x, 2)
    np.testing.assert_array_equal(pullback(g)[0][0, 1::2, 1::2], g[0])
    assert np.count_nonzero(pullback(g)[0]) == 4
    assert agree("max_pool2d", x, {"kernel_size": 2}, g)


def test_a_pixel_that_wins_in_several_windows_receives_all_their_gradients():
    x = np.zeros((1, 3, 3))
    x[0, 1, 1] = 1
    _, pullback = vjp(max_pool2d, x, 2, stride=1)
    np.testing.assert_array_equal(pullback(np.array([[[1.0, 2], [3, 4]]]))[0], 10 * x)


def test_a_window_without_pixels_is_minus_infinity_and_has_no_gradient():
    y, pullback = vjp(max_pool2d, np.ones((1, 2, 2)), 2, stride=1, padding=1, dilation=3)
    np.testing.assert_array_equal(y, [[[-INF]]])
    np.testing.assert_array_equal(pullback(y)[0], np.zeros((1, 2, 2)))


def test_integers_have_a_maximum():
    torch = pytest.importorskip("torch")
    x = np.arange(-8, 8).reshape(1, 4, 4)
    y, reference = max_pool2d(x, 3, 1, 1).numpy(), torch.nn.functional.max_pool2d(torch.tensor(x), 3, 1, 1)
    assert y.dtype == np.int64
    np.testing.assert_array_equal(y, reference.numpy())


def test_padding_counts_or_not_and_what_ceil_mode_adds_does_not():
    x = np.ones((1, 3, 3))
    np.testing.assert_array_equal(avg_pool2d(x, 2, 2, 1).numpy()[0], [[0.25, 0.5], [0.5, 1]])
    np.testing.assert_array_equal(avg_pool2d(x, 2, 2, 1, count_include_pad=False).numpy()[0], np.ones((2, 2)))
    np.testing.assert_array_equal(avg_pool2d(x, 2, ceil_mode=True).numpy()[0], np.ones((2, 2)))
    np.testing.assert_array_equal(avg_pool2d(x, 3, divisor_override=3).numpy()[0], [[3]])


def test_indices_are_not_returned():
    with pytest.raises(TypeError, match="return_indices"):
        max_pool2d(np.zeros((1, 4, 4)), 2, return_indices=True)
