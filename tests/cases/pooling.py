"""Cases of gradbook.pooling. Ties, nan and infinity stand in test_pooling.py."""

from .drawing import Case, normal


def case(name, shape, **options):
    return Case(normal(shape), options, torch=f"nn.functional.{name}")


CASES = {
    "max_pool2d": [
        case("max_pool2d", (2, 3, 4, 6), kernel_size=2),
        case("max_pool2d", (3, 5, 7), kernel_size=(3, 2), stride=(1, 2)),
        case("max_pool2d", (2, 3, 5, 6), kernel_size=3, stride=2, padding=1),
        case("max_pool2d", (2, 3, 6, 7), kernel_size=(2, 3), stride=1, padding=(0, 1), dilation=2),
        case("max_pool2d", (2, 3, 5, 6), kernel_size=2, stride=3, ceil_mode=True),
    ],
    "avg_pool2d": [
        case("avg_pool2d", (2, 3, 4, 6), kernel_size=2),
        case("avg_pool2d", (3, 5, 7), kernel_size=(3, 2), stride=(1, 2)),
        case("avg_pool2d", (2, 3, 5, 6), kernel_size=3, stride=2, padding=1),
        case("avg_pool2d", (2, 3, 5, 6), kernel_size=3, stride=2, padding=(1, 0), count_include_pad=False),
        case("avg_pool2d", (2, 3, 6, 7), kernel_size=3, stride=2, padding=1, ceil_mode=True),
        case("avg_pool2d", (2, 3, 5, 6), kernel_size=2, ceil_mode=True, divisor_override=3),
    ],
    "adaptive_avg_pool2d": [
        case("adaptive_avg_pool2d", (2, 3, 4, 1), output_size=1),
        case("adaptive_avg_pool2d", (3, 5, 7), output_size=(2, 3)),
        case("adaptive_avg_pool2d", (2, 3, 5, 4), output_size=(None, 6)),
    ],
}


def max_pool2d(shape, *args, **options):
    """A mistake: pooling of zeros of this shape."""
    return lambda T: T.nn.functional.max_pool2d(T.zeros(shape), *args, **options)


def avg_pool2d(shape, *args, **options):
    return lambda T: T.nn.functional.avg_pool2d(T.zeros(shape), *args, **options)


def adaptive(shape, size):
    return lambda T: T.nn.functional.adaptive_avg_pool2d(T.zeros(shape), size)


X = (1, 4, 5)

ERRORS = {
    "max_pool2d": [
        (max_pool2d((4, 4), 2), r"max_pool2d: x \(4, 4\) is not \(N, C, H, W\) or \(C, H, W\), with pixels"),
        (max_pool2d((2, 0, 4), 2), r"max_pool2d: x \(2, 0, 4\) is not"),
        (max_pool2d(X, 0), r"max_pool2d: kernel_size=0 came, an integer >= 1 or a tuple of 2"),
        (max_pool2d(X, 2.0), r"max_pool2d: kernel_size=2.0 came, an integer or a tuple of 2"),
        (max_pool2d(X, 2, 0), r"max_pool2d: stride=0 came, an integer >= 1"),
        (max_pool2d(X, 3, padding=2), r"max_pool2d: padding=2 is more than half of kernel_size=3"),
        (max_pool2d(X, 3, dilation=2),
         r"max_pool2d: kernel_size=3 with dilation=2 is larger than x \(1, 4, 5\) with padding=0"),
        (max_pool2d(X, 2, return_indices=True), r"max_pool2d.* unexpected keyword"),
    ],
    "avg_pool2d": [
        (avg_pool2d((4, 4), 2), r"avg_pool2d: x \(4, 4\) is not \(N, C, H, W\) or \(C, H, W\)"),
        (lambda T: T.nn.functional.avg_pool2d(T.tensor([[[1]]]), 1), r"avg_pool2d: x is int64, a floating"),
        (avg_pool2d(X, 2, divisor_override=0), r"avg_pool2d: divisor_override=0 is not an integer other"),
        (avg_pool2d(X, 2, divisor_override=2.5), r"avg_pool2d: divisor_override=2.5 is not an integer"),
        (avg_pool2d(X, 3, padding=2), r"avg_pool2d: padding=2 is more than half of kernel_size=3"),
        (avg_pool2d(X, 5), r"avg_pool2d: kernel_size=5 with dilation=1 is larger than x \(1, 4, 5\)"),
    ],
    "adaptive_avg_pool2d": [
        (adaptive((4, 4), 2), r"adaptive_avg_pool2d: x \(4, 4\) is not \(N, C, H, W\)"),
        (adaptive(X, -1), r"adaptive_avg_pool2d: output_size=.* an integer >= 0"),
        (adaptive(X, (1, 2, 3)), r"adaptive_avg_pool2d: output_size=\(1, 2, 3\) came"),
        (adaptive(X, 2.0), r"adaptive_avg_pool2d: output_size=.* an integer or a tuple of 2"),
        (lambda T: T.nn.functional.adaptive_avg_pool2d(T.tensor([[[1]]]), 1),
         r"adaptive_avg_pool2d: x is int64, a floating dtype is needed"),
    ],
}
