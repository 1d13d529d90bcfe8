"""Cases of gradbook.convolution."""

import warnings

from .drawing import Case, followed_by, normal


def case(name, *shapes, **options):
    """A convolution of x, weight and perhaps bias of these shapes."""
    def reference(torch):
        def quiet(*args, **options):
            with warnings.catch_warnings():                # of torch, that an even kernel with "same" is slow
                warnings.simplefilter("ignore", UserWarning)
                return getattr(torch.nn.functional, name)(*args, **options)

        return quiet

    return Case(normal(*shapes), options, torch=reference)


def padded(shape, pad, **options):
    return Case(followed_by(normal(shape), pad), options, torch="nn.functional.pad")


CASES = {
    "conv2d": [
        case("conv2d", (2, 3, 5, 6), (4, 3, 3, 2), (4,)),
        case("conv2d", (3, 5, 6), (4, 3, 2, 2), (4,), stride=2),
        case("conv2d", (2, 3, 6, 5), (4, 3, 2, 3), (4,), stride=(1, 2), padding=(0, 2)),
        case("conv2d", (2, 3, 7, 6), (4, 3, 2, 3), stride=(3, 1), padding=1, dilation=(2, 1)),
        case("conv2d", (2, 3, 4, 5), (2, 3, 4, 2), (2,), padding="same", dilation=(1, 3)),
        case("conv2d", (2, 6, 4, 5), (4, 3, 3, 3), (4,), padding=2, groups=2),
        case("conv2d", (2, 3, 4, 5), (6, 1, 2, 3), (6,), groups=3),
        case("conv2d", (2, 3, 4, 5), (4, 3, 1, 1), (4,), stride=(2, 3)),
        case("conv2d", (1, 3, 2, 4), (5, 3, 2, 2), padding="valid"),
    ],
    "conv1d": [
        case("conv1d", (2, 3, 7), (4, 3, 3), (4,)),
        case("conv1d", (3, 7), (4, 3, 2), stride=2, padding=1),
        case("conv1d", (2, 4, 6), (6, 2, 4), (6,), padding="same", groups=2),
        case("conv1d", (2, 3, 9), (2, 3, 3), (2,), stride=2, padding=(2,), dilation=3),
    ],
    "pad": [
        padded((2, 3), (1, 2)),
        padded((2, 3), (1, 0, 0, 2), value=1.5),
        padded((2, 4, 5), (-1, 2, 1, -2)),
        padded((2, 3, 4), ()),
        padded((2, 3, 5), (2, 4), mode="reflect"),
        padded((2, 3, 4, 5), (3, 1, 0, 2), mode="reflect"),
        padded((2, 5), (2, -1), mode="reflect"),
        padded((2, 3, 4), (5, 1), mode="replicate"),
        padded((2, 3, 4, 5), (-1, 3, 2, 1), mode="replicate"),
        padded((2, 3, 4), (4, 1), mode="circular"),
        padded((3, 4, 5), (2, 1, -1, 2), mode="circular"),
        padded((2, 3, 4, 2, 3), (1, 2, 2, 0, 1, 3), mode="circular"),
    ],
}


IMAGE, KERNEL = (2, 3, 5, 5), (4, 3, 3, 3)


def conv2d(*shapes, **options):
    """A mistake: the convolution of x, weight and perhaps bias of these shapes."""
    return lambda T: T.nn.functional.conv2d(*map(T.zeros, shapes), **options)


def conv1d(*shapes, **options):
    return lambda T: T.nn.functional.conv1d(*map(T.zeros, shapes), **options)


def pad(shape, pad, **options):
    return lambda T: T.nn.functional.pad(T.zeros(shape), pad, **options)


def mixed(T):
    return T.nn.functional.conv2d(T.zeros(IMAGE, dtype=T.float32), T.zeros(KERNEL, dtype=T.float64))


ERRORS = {
    "conv2d": [
        (conv2d((2, 3), KERNEL), r"conv2d: x \(2, 3\) is not \(N, 3, H, W\) or \(3, H, W\), as weight "
                                 r"\(4, 3, 3, 3\) with groups=1 needs"),
        (conv2d(IMAGE, KERNEL, groups=2), r"conv2d: x \(2, 3, 5, 5\) is not \(N, 6, H, W\) or"),
        (conv2d((2, 3, 0, 5), (4, 3, 1, 1)), r"conv2d: x \(2, 3, 0, 5\) is not"),
        (conv2d(IMAGE, (4, 3, 3)), r"conv2d: weight \(4, 3, 3\) is not \(O, C/groups, kh, kw\)"),
        (conv2d(IMAGE, (4, 3, 0, 3)), r"conv2d: weight \(4, 3, 0, 3\) is not"),
        (conv2d((2, 4, 5, 5), (3, 2, 3, 3), groups=2), r"conv2d: groups=2 does not divide the 3 outputs"),
        (conv2d(IMAGE, KERNEL, (3,)), r"conv2d: bias \(3,\) is not \(O,\) = \(4,\), as weight needs"),
        (mixed, r"conv2d: x, weight and bias are float32, float64; one dtype is needed"),
        (conv2d(IMAGE, KERNEL, dilation=3, padding=(0, 1)),
         r"conv2d: kernel \(3, 3\) with dilation=\(3, 3\) is larger than x \(2, 3, 5, 5\) with padding"),
        (conv2d(IMAGE, KERNEL, padding="same", stride=(1, 2)),
         r"conv2d: padding='same' came with stride=\(1, 2\), stride 1 is needed"),
        (conv2d(IMAGE, KERNEL, padding="full"), r"conv2d: padding='full' came, a number, a tuple, 'same'"),
        (conv2d(IMAGE, KERNEL, padding=-1), r"conv2d: padding=-1 came, an integer >= 0 or a tuple of 2"),
        (conv2d(IMAGE, KERNEL, stride=0), r"conv2d: stride=0 came, an integer >= 1 or a tuple of 2"),
        (conv2d(IMAGE, KERNEL, stride=(1, 1, 1)), r"conv2d: stride=\(1, 1, 1\) came, an integer >= 1"),
        (conv2d(IMAGE, KERNEL, stride=True), r"conv2d: stride=True came, an integer or a tuple of 2"),
        (conv2d(IMAGE, KERNEL, dilation=1.5), r"conv2d: dilation=1.5 came, an integer or a tuple of 2"),
        (conv2d(IMAGE, KERNEL, groups=0), r"conv2d: groups=0 came, an integer >= 1"),
    ],
    "conv1d": [
        (conv1d(IMAGE, (4, 3, 3)), r"conv1d: x \(2, 3, 5, 5\) is not \(N, 3, L\) or \(3, L\), as weight"),
        (conv1d((2, 3, 5), KERNEL), r"conv1d: weight \(4, 3, 3, 3\) is not \(O, C/groups, k\)"),
        (conv1d((2, 3, 5), (4, 3, 6)), r"conv1d: kernel \(6,\) with dilation=\(1,\) is larger than x"),
        (conv1d((2, 3, 5), (4, 3, 2), padding=(1, 1)), r"conv1d: padding=\(1, 1\) came, an integer >= 0"),
    ],
    "pad": [
        (pad((2, 3), 1), r"pad: pad=1 came, a tuple of integers is needed"),
        (pad((2, 3), (1, 0.5)), r"pad: pad=\(1, 0.5\) came, a tuple of integers is needed"),
        (pad((2, 3), (1, 1, 1)), r"pad: pad=\(1, 1, 1\) came with x \(2, 3\), two numbers for each axis"),
        (pad((3,), (1, 1, 1, 1)), r"pad: pad=\(1, 1, 1, 1\) came with x \(3,\), two numbers for each axis"),
        (pad((2, 3), (1, 1), mode="mirror"), r"pad: mode='mirror' came, 'constant', 'replicate', 'reflect'"),
        (pad((2, 3), (-2, -2)), r"pad: \(-2, -2\) is too much for axis 1 of 3 entries, mode='constant'"),
        (pad((2, 3), (3, 0), mode="reflect"), r"pad: \(3, 0\) is too much for axis 1 of 3 entries"),
        (pad((2, 3), (0, 4), mode="circular"), r"pad: \(0, 4\) is too much for axis 1 of 3 entries"),
        (pad((2, 0), (0, 1), mode="replicate"), r"pad: mode='replicate' came with .* x \(2, 0\); it needs"),
        (pad((2, 1), (-2, 0), mode="replicate"), r"pad: \(-2, 0\) is too much for axis 1 of 1 entries"),
        (pad((3,), (1, 1), mode="reflect"), r"pad: mode='reflect' came with pad=\(1, 1\), .* x \(3,\); it"),
        (pad((2, 3), (1, 1), mode="replicate", value=2.0), r"pad: mode='replicate' came with .*value=2.0"),
    ],
}
