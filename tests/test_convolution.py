"""conv1d, conv2d, pad: against loops that are the definition, and against torch on random configurations."""

import itertools
import warnings

import numpy as np
import pytest
from gradbook import Tensor, convolution
from gradbook.autodiff import no_grad, vjp
from gradbook.convolution import conv1d, conv2d, correlate, output_size, pad, taps

CONFIGURATIONS = [      # x, weight, stride, padding (before, after) by axis, dilation, groups
    ((2, 3, 5, 6), (4, 3, 3, 2), (1, 1), ((0, 0), (0, 0)), (1, 1), 1),
    ((3, 2, 6, 5), (3, 2, 2, 3), (2, 1), ((1, 1), (2, 2)), (1, 1), 1),
    ((5, 4, 7, 6), (6, 2, 3, 2), (1, 3), ((2, 2), (0, 0)), (2, 1), 2),
    ((2, 3, 5, 4), (6, 1, 2, 3), (2, 2), ((0, 1), (2, 3)), (1, 2), 3),
    ((1, 2, 3, 4), (3, 2, 1, 1), (2, 3), ((1, 0), (0, 2)), (1, 1), 1),
    ((7, 1, 3, 3), (2, 1, 3, 3), (1, 1), ((4, 4), (5, 5)), (2, 3), 1),
]


def places(x, weight, y, stride, padding, dilation, groups):
    """Seven loops: every (output, weight, pixel) of the sum that defines a convolution, as indices."""
    (n, _, h, w), (o, c, kh, kw), (_, _, oh, ow) = x.shape, weight.shape, y.shape
    for b, k, p, q, m, i, j in itertools.product(*map(range, (n, o, oh, ow, c, kh, kw))):
        row = p * stride[0] + i * dilation[0] - padding[0][0]
        column = q * stride[1] + j * dilation[1] - padding[1][0]
        if 0 <= row < h and 0 <= column < w:
            yield (b, k, p, q), (k, m, i, j), (b, k // (o // groups) * c + m, row, column)


def naive(x, weight, bias, g, *options):
    """y, and for the cotangent g those of x, weight and bias, number by number."""
    y, dx, dweight, dbias = g * 0 + bias[:, None, None], x * 0, weight * 0, bias * 0
    for output, tap, pixel in places(x, weight, g, *options):
        y[output] += weight[tap] * x[pixel]
        dx[pixel] += weight[tap] * g[output]
        dweight[tap] += x[pixel] * g[output]
    for b, k, p, q in np.ndindex(g.shape):
        dbias[k] += g[b, k, p, q]
    return y, dx, dweight, dbias


def drawn(configuration, seed=0):
    """x, weight, bias and a cotangent of y."""
    rng, (x, weight, *options, _) = np.random.default_rng(seed), configuration
    sizes = [output_size(*axis) for axis in zip(x[2:], weight[2:], *options)]
    return [rng.normal(size=s) for s in (x, weight, weight[:1], (x[0], weight[0], *sizes))]


def differ(found, needed):
    return max(np.abs(a - b).max() / np.abs(b).max() for a, b in zip(found, needed))


@pytest.mark.parametrize("room", [1, 200, convolution.ROOM])
@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_the_matrix_products_are_the_seven_loops(configuration, room, monkeypatch):
    monkeypatch.setattr(convolution, "ROOM", room)              # one image at a time, several, all of them
    x, weight, bias, g = drawn(configuration)
    y, back = correlate(x, weight, bias, *configuration[2:])
    assert differ([y, *back(g)], naive(x, weight, bias, g, *configuration[2:])) < 1e-13


@pytest.mark.parametrize("configuration", CONFIGURATIONS[1:2])
def test_the_seven_loops_reject_what_is_wrong(configuration):
    x, weight, bias, g = drawn(configuration)
    y, dx, dweight, _ = naive(x, weight, bias, g, *configuration[2:])
    mirrored, back = correlate(x, weight[..., ::-1, ::-1], bias, *configuration[2:])
    assert differ([mirrored], [y]) > 0.1
    assert differ(back(g)[:1], [dx]) > 0.1                      # a transposed convolution that mirrors
    assert differ(back(g)[1:2], [dweight]) < 1e-13              # which weight it is does not matter here
    stride, padding, *rest = configuration[2:]
    shifted = tuple((before + 1, after - 1) for before, after in padding)
    assert differ([correlate(x, weight, bias, stride, shifted, *rest)[0]], [y]) > 0.1


def test_only_what_is_needed_is_computed_and_that_is_the_same():
    x, weight, bias, g = drawn(CONFIGURATIONS[1])
    _, back = correlate(x, weight, bias, *CONFIGURATIONS[1][2:])
    for k, d in enumerate(back(g)):
        np.testing.assert_array_equal(back(g, {k})[k], d)


def test_taps_are_the_pixels_that_each_output_meets():
    for n, size, kernel, stride, before, dilation in itertools.product(
            range(5), range(5), range(4), range(1, 4), range(4), range(1, 4)):
        met = list(taps(n, size, kernel, stride, before, dilation))
        assert len(met) == kernel
        for i, (outputs, pixels) in enumerate(met):
            pairs = zip(range(size)[outputs], range(n)[pixels], strict=True)
            every = ((q, q * stride + i * dilation - before) for q in range(size))
            assert list(pairs) == [(q, pixel) for q, pixel in every if 0 <= pixel < n]


def test_output_size_is_torchs():
    torch = pytest.importorskip("torch")
    for n, kernel, stride, p, dilation in itertools.product(range(1, 9), range(1, 5), range(1, 4), range(3),
                                                            range(1, 3)):
        for ceil_mode in (False, True):
            if (n + 2 * p - dilation * (kernel - 1) - 1) < 0 or 2 * p > kernel:
                continue
            y = torch.nn.functional.max_pool1d(torch.zeros(1, n), kernel, stride, p, dilation, ceil_mode)
            assert output_size(n, kernel, stride, (p, p), dilation, ceil_mode) == y.shape[1]


# --- against torch ---------------------------------------------------------------------------------------


def both(name, arrays, options):
    """[value, *gradients] under gradbook and under torch, or the errors."""
    torch, rng, results = pytest.importorskip("torch"), np.random.default_rng(0), []
    ours = [Tensor(a.copy(), True) for a in arrays]
    theirs = [torch.tensor(a, requires_grad=True) for a in arrays]
    for leaves, f in ((ours, getattr(convolution, name)), (theirs, getattr(torch.nn.functional, name))):
        try:
            with warnings.catch_warnings():                # torch's, that an even kernel with "same" is slow
                warnings.simplefilter("ignore", UserWarning)
                y = f(*leaves, **options)
        except (ValueError, TypeError, RuntimeError) as error:
            results.append(error)
            continue
        g = rng.normal(size=tuple(y.shape))
        rng = np.random.default_rng(0)
        y.backward(g if leaves is ours else torch.tensor(g))
        results.append([y.detach().numpy(), *(a.grad.numpy() for a in leaves)])
    return results


def agree(name, arrays, options):
    """Whether both gave results, which then are equal, and not both errors."""
    what = f"{name} of {[a.shape for a in arrays]}, {options}"
    ours, theirs = both(name, arrays, options)
    assert isinstance(ours, list) == isinstance(theirs, list), f"{what}: {ours!r}, torch {theirs!r}"
    if isinstance(ours, list):
        for a, b in zip(ours, theirs):
            assert a.shape == b.shape, what
            np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-11 * np.abs(b).max(initial=0), err_msg=what)
    else:
        assert isinstance(ours, (ValueError, TypeError)), what
        assert str(ours).startswith(f"{name}: "), what
    return isinstance(ours, list)


def configuration(rng, axes):
    """A random convolution, sometimes an impossible one."""
    groups, kernel = rng.integers(1, 4), rng.integers(1, 5, size=axes)
    weight = (groups * rng.integers(1, 3), rng.integers(1, 4), *kernel)
    x = (*rng.integers(0, 4, size=rng.integers(2)), groups * weight[1], *rng.integers(1, 12, size=axes))
    options = {"groups": int(groups + (rng.random() < 0.05))}
    for option, low in (("stride", 1), ("padding", 0), ("dilation", 1)):
        values = tuple(rng.integers(low, 4, size=axes).tolist())
        options[option] = [1 if low else 0, values[0], values, list(values)][rng.integers(4)]
    if rng.random() < 0.3:
        options |= {"padding": "same", "stride": 1} if rng.random() < 0.9 else {"padding": "valid"}
    shapes = [x, weight, weight[:1]][:rng.integers(2, 4)]
    return [rng.normal(size=shape) for shape in shapes], options


@pytest.mark.parametrize(("name", "axes"), [("conv1d", 1), ("conv2d", 2)])
def test_random_convolutions_agree_with_torch(name, axes):
    found = sum(agree(name, *configuration(np.random.default_rng([axes, seed]), axes)) for seed in range(300))
    assert found > 150


def padding(rng):
    """A random pad, sometimes an impossible one."""
    mode = ["constant", "reflect", "replicate", "circular"][rng.integers(4)]
    shape = tuple(rng.integers(1, 6, size=rng.integers(1, 6)).tolist())
    axes = rng.integers(len(shape) + 1) if mode == "constant" else max(len(shape) - rng.integers(1, 3), 0)
    amounts = tuple(rng.integers(-1 if rng.random() < 0.3 else 0, 5, size=2 * axes).tolist())
    value = {"value": rng.normal()} if mode == "constant" and rng.random() < 0.5 else {}
    return [rng.normal(size=shape)], {"pad": amounts, "mode": mode, **value}


def torch_is_right(arrays, options):
    """In two corners torch goes by other rules than its own; here both are refused."""
    pairs = list(zip(options["pad"][::2], options["pad"][1::2]))
    left = [n + min(a, 0) + min(b, 0) for n, (a, b) in zip(arrays[0].shape[::-1], pairs)]
    if options["mode"] == "circular":                      # where pad exceeds what is left, it reads garbage
        return all(max(pair) <= n for n, pair in zip(left, pairs))
    # An axis may become empty if another does not, and then the gradient is garbage.
    return options["mode"] == "constant" or all(n + max(a, 0) + max(b, 0) for n, (a, b) in zip(left, pairs))


def test_random_pads_agree_with_torch():
    cases = [padding(np.random.default_rng(seed)) for seed in range(500)]
    assert sum(agree("pad", *case) for case in cases if torch_is_right(*case)) > 200


# --- single properties -----------------------------------------------------------------------------------


def test_same_puts_the_odd_zero_behind():
    x = np.arange(1.0, 5).reshape(1, 4)
    y = conv1d(x, np.array([[[1.0, 10.0]]]), padding="same")
    np.testing.assert_array_equal(y.numpy(), [[21, 32, 43, 4]])


def test_the_kernel_is_not_mirrored():
    x, weight = np.zeros((1, 1, 3, 3)), np.arange(4.0).reshape(1, 1, 2, 2)
    x[0, 0, 1, 1] = 1
    np.testing.assert_array_equal(conv2d(x, weight).numpy()[0, 0], [[3, 2], [1, 0]])


def test_depthwise_convolution_is_one_convolution_a_channel():
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(2, 3, 5, 4)), rng.normal(size=(6, 1, 2, 3))
    y = conv2d(x, weight, groups=3, padding=1).numpy()
    for k in range(6):
        one = conv2d(x[:, k // 2:k // 2 + 1], weight[k:k + 1], padding=1).numpy()
        np.testing.assert_allclose(y[:, k:k + 1], one, rtol=1e-13)


def test_padding_first_and_then_convolving_is_convolving_with_padding():
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(2, 3, 5, 4)), rng.normal(size=(4, 3, 3, 2))
    expected = conv2d(pad(x, (2, 2, 1, 1)), weight).numpy()
    np.testing.assert_allclose(conv2d(x, weight, padding=(1, 2)).numpy(), expected, rtol=1e-13, atol=1e-15)


def test_an_image_without_a_batch_and_an_empty_batch():
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(3, 5, 4)), rng.normal(size=(4, 3, 3, 2))
    np.testing.assert_array_equal(conv2d(x, weight).numpy(), conv2d(x[None], weight).numpy()[0])
    y, pullback = vjp(conv2d, x[None][:0], weight)
    assert y.shape == (0, 4, 3, 3)
    dx, dweight = pullback(y)
    assert dx.shape == (0, 3, 5, 4)
    np.testing.assert_array_equal(dweight, np.zeros_like(weight))


def test_integers_are_convolved_and_padded_as_integers():
    torch = pytest.importorskip("torch")
    x, weight = np.arange(24).reshape(1, 2, 3, 4), np.arange(-6, 10).reshape(2, 2, 2, 2)
    y, reference = conv2d(x, weight).numpy(), torch.conv2d(torch.tensor(x), torch.tensor(weight)).numpy()
    assert y.dtype == reference.dtype
    np.testing.assert_array_equal(y, reference)
    for dtype, value in ((np.int64, 2.5), (bool, 1), (np.float32, 0.1)):
        ours = pad(np.array([0, 1], dtype), (1, 2), value=value).numpy()
        theirs = torch.nn.functional.pad(torch.tensor(np.array([0, 1], dtype)), (1, 2), value=value).numpy()
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


def test_pad_begins_with_the_last_axis():
    assert pad(np.zeros((2, 3)), (1, 2)).shape == (2, 6)
    assert pad(np.zeros((2, 3)), (1, 2, 3, 4)).shape == (9, 6)
    assert pad(np.zeros((2, 3)), [-1, -2]).shape == (2, 0)


def test_pad_by_nothing_is_a_copy():
    x = Tensor(np.ones((2, 3)))
    y = pad(x, ())
    with no_grad():
        y[0] = 5.0
    np.testing.assert_array_equal(x.numpy(), np.ones((2, 3)))


def test_keywords_that_are_not_offered_are_type_errors():
    x, weight = np.zeros((1, 3, 4)), np.zeros((2, 3, 2))
    with pytest.raises(TypeError, match="padding_mode"):
        conv1d(x, weight, padding_mode="circular")
    with pytest.raises(TypeError, match="output_padding"):
        conv1d(x, weight, output_padding=1)


# --- what the chapter says of a shift ----------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "columns"), [(1, 0), (0, 3), (2, -1)])
def test_on_a_circle_the_output_moves_along_with_the_image(rows, columns):
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(2, 3, 6, 5)), rng.normal(size=(4, 3, 3, 3))

    def circular(x):
        return conv2d(pad(x, (1, 1, 1, 1), "circular"), weight).numpy()

    def move(x):
        return np.roll(x, (rows, columns), axis=(2, 3))

    np.testing.assert_allclose(circular(move(x)), move(circular(x)), rtol=1e-12, atol=1e-13)
    assert not np.allclose(circular(move(x)), circular(x))


def test_a_stride_keeps_every_so_many_outputs():
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(2, 3, 9, 8)), rng.normal(size=(4, 3, 2, 3))
    thinned = conv2d(x, weight, padding=1).numpy()[:, :, ::3, ::2]
    np.testing.assert_allclose(conv2d(x, weight, stride=(3, 2), padding=1).numpy(), thinned, rtol=1e-12)


def test_the_gradient_of_the_weights_is_a_convolution_with_stride_and_dilation_exchanged():
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(2, 3, 10, 10)), rng.normal(size=(4, 3, 3, 3))
    y, pullback = vjp(conv2d, x, weight, stride=2, padding=1, dilation=3)
    g = rng.normal(size=y.shape)
    exchanged = conv2d(x.swapaxes(0, 1), g.swapaxes(0, 1), stride=3, padding=1, dilation=2).numpy()
    np.testing.assert_allclose(pullback(g)[1], exchanged.swapaxes(0, 1)[:, :, :3, :3], rtol=1e-11, atol=1e-12)
