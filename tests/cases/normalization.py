"""Cases of gradbook.normalization."""

import numpy as np

from .drawing import Case, followed_by, normal


def norm(name, shape, **options):
    """standardize with these options against torch's norm: without weight, with it, with bias, too."""
    eps, last = options.get("eps", 1e-5), options.get("last")
    channels = shape[-last:] if last else shape[1:2]

    def torchs(torch):
        F = torch.nn.functional
        return lambda x, w=None, b=None, **_: nothing(x, w, b) if 0 in x.shape else {
            "batch": lambda: torch.batch_norm(x, w, b, None, None, True, 0.1, eps, False),
            "group": lambda: torch.group_norm(x, options["groups"], w, b, eps),
            "layer": lambda: F.layer_norm(x, x.shape[-last:], w, b, eps),
            "rms": lambda: F.rms_norm(x, x.shape[-last:], w, eps),
        }[name]()

    for count in range(2 if name == "rms" else 3):
        yield Case(normal(shape, *[channels] * count), options, torchs)


def nothing(x, *parameters):
    """x, and gradients of 0: torch refuses to norm no channels, and its gradient of no numbers is nan."""
    return sum((0 * p.sum() for p in parameters if p is not None), x * 1)


def evaluated(shape):
    """Running statistics, which have no derivative."""
    mean, var = np.random.default_rng(2).uniform(0.5, 2, size=(2, shape[1]))

    def torchs(torch):
        return lambda x, w, b, *, mean, var, eps: (
            nothing(x, w, b) if 0 in x.shape else torch.nn.functional.batch_norm(x, mean, var, w, b, eps=eps))

    return Case(normal(shape, shape[1:2], shape[1:2]), {"mean": mean, "var": var, "eps": 0.1}, torchs)


CASES = {
    "standardize": [
        *norm("batch", (4, 3, 2, 5), eps=0.1), *norm("batch", (5, 3), eps=0.5), evaluated((4, 3, 2)),
        *norm("layer", (2, 5, 3, 4), last=2), *norm("layer", (5,), last=1, eps=0.5),
        *norm("group", (3, 6, 7), groups=2), *norm("group", (3, 6), groups=3, eps=0.1),
        *norm("rms", (2, 5, 4), last=1, centred=False),
    ],
    "normalize": [
        Case(followed_by(normal((3, 4, 2)), p, dim), torch="nn.functional.normalize") for p, dim in (
            (2.0, 1), (2, -1), (1, 0), (3, 1), (0.5, 2), (np.inf, 1), (-np.inf, 0), (0, 1), (2, (0, 2)),
            (1.5, (-1, 1)), (2, None),
        )
    ] + [Case(normal((3, 4)), {"eps": 2.0}, "nn.functional.normalize")],     # rows on both sides of eps
    "cosine_similarity": [
        Case(normal(*shapes), options, "nn.functional.cosine_similarity") for shapes, options in (
            (((3, 4), (3, 4)), {}), (((3, 4, 2), (4, 2)), {"dim": -1}), (((2, 3, 1), (3, 4)), {"dim": 1}),
            (((5,), (5,)), {"dim": 0}),
        )
    ],
}


def call(name, *args, **options):
    """A mistake: tuples are shapes of zeros."""
    def mistake(T):
        given = [T.zeros(a) if isinstance(a, tuple) else a for a in args]
        named = {k: T.zeros(a) if isinstance(a, tuple) else a for k, a in options.items()}
        return getattr(T.nn.functional, name)(*given, **named)

    return mistake


def integers(name, *args):
    return lambda T: getattr(T.nn.functional, name)(T.tensor([[1, 2]]), *args)


def mixed(name, *args):
    return lambda T: getattr(T.nn.functional, name)(T.zeros(3, 2), *args, T.zeros(2, dtype=T.float32))


ERRORS = {
    "batch_norm": [
        (call("batch_norm", (3,), None, None, training=True), r"x \(3,\) came, \(N, C, ...\) dimensions are"),
        (call("batch_norm", (3, 2), (3,), (2,)), r"running_mean \(3,\) of float64 .* \(3, 2\) needs \(2,\)"),
        (call("batch_norm", (3, 2), None, None, (2, 1), training=True), r"weight \(2, 1\) of float64 came"),
        (call("batch_norm", (3, 2), None, None), "running_mean and running_var are needed$"),
        (call("batch_norm", (3, 2), (2,), None, training=True), "are needed, or neither"),
        (call("batch_norm", (1, 2, 1), (2,), (2,), training=True),
         r"input \(1, 2, 1\) has one value for each variance, more are needed"),
        (call("batch_norm", (3, 2), None, None, training=True, eps=0), "eps=0 came, a positive one is"),
        (call("batch_norm", (3, 2), (2,), (2,), eps=-1.0), "eps=-1.0 came"),
        (integers("batch_norm", None, None, None, None, True), "int64 came, a floating dtype is needed"),
        (mixed("batch_norm", None, None), r"weight \(2,\) of float32 came, input .* needs \(2,\) of float64"),
    ],
    "instance_norm": [
        (call("instance_norm", (3, 2)), r"input \(3, 2\) has one value for each variance"),
        (call("instance_norm", (3, 2, 4), use_input_stats=False), "running_mean and running_var are needed"),
        (call("instance_norm", (3, 2, 4), bias=(3,)), r"bias \(3,\) of float64 came"),
    ],
    "group_norm": [
        (call("group_norm", (3, 4), 3), r"input \(3, 4\) is not \(N, C, ...\) with C in 3 groups"),
        (call("group_norm", (3, 4), 0), "with C in 0 groups"),
        (call("group_norm", (4,), 2), r"input \(4,\) is not"),
        (call("group_norm", (1, 4), 4), r"input \(1, 4\) has one value a group"),
        (call("group_norm", (3, 4), 2, (2,)), r"weight \(2,\) of float64 came, input \(3, 4\) needs \(4,\)"),
    ],
    "layer_norm": [
        (call("layer_norm", (3, 4), [3]), r"input \(3, 4\) does not end in the tuple normalized_shape=\[3\]"),
        (call("layer_norm", (3, 4), []), r"does not end in the tuple normalized_shape=\[\]"),
        (call("layer_norm", (3, 4), 4), "does not end in the tuple normalized_shape=4"),
        (call("layer_norm", (3, 4), [4], (3,)), r"weight \(3,\) of float64 came"),
        (mixed("layer_norm", [2]), r"weight \(2,\) of float32"),
    ],
    "rms_norm": [
        (call("rms_norm", (3, 4), [2, 4]), r"does not end in the tuple normalized_shape=\[2, 4\]"),
        (integers("rms_norm", [2]), "rms_norm: int64 came"),
        (mixed("rms_norm", [2]), r"weight \(2,\) of float32"),
    ],
    "normalize": [
        (integers("normalize"), "normalize: int64 came"),
        (call("normalize", (3, 4), dim=2), "normalize: dim 2 is out of bounds"),
    ],
    "cosine_similarity": [
        (integers("cosine_similarity", np.array([[3, 4]])), "cosine_similarity: int64 came"),
        (call("cosine_similarity", (3, 4), (3, 2)), "cosine_similarity: .*broadcast"),
        (call("cosine_similarity", (3, 4), (3, 4), dim=None), "dim=None, eps=1e-08 came, an integer"),
        (call("cosine_similarity", (3, 4), (3, 4), eps=-1), "eps=-1 came, an integer and eps >= 0"),
        (call("cosine_similarity", (3, 4), (3, 4), dim=-3), "cosine_similarity: dim -3 is out of bounds"),
    ],
}
