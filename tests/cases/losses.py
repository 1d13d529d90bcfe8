"""Cases of gradbook.losses and gradbook.losses_classes."""

import numpy as np

from .drawing import Case, classes, normal, probabilities

REDUCTIONS = ("none", "mean", "sum")
BCE, BCE_LOGITS = "binary_cross_entropy", "binary_cross_entropy_with_logits"
WEIGHT = np.array([0.5, 2.0, 1.25])                         # of three classes


def loss_cases(name, *draws, options=(), reductions=REDUCTIONS):
    """Each draw with each reduction, and the mean with each of the options."""
    every = [*({"reduction": reduction} for reduction in reductions), *options]
    return [Case(draw, more, f"nn.functional.{name}") for draw in draws for more in every]


def apart(*widths):
    """(3, 4) inputs and targets, whose distance is not within 0.01 of a kink."""
    def draw(rng):
        y, t = normal((3, 4), (3, 4))(rng)
        for width in widths:
            y = y + 0.02 * (abs(abs(y - t) - width) < 0.01)
        return y, t

    return draw


def two_probabilities(rng):
    return tuple(rng.uniform(0.05, 0.95, size=(2, 3, 4)))


def logits_and_probabilities(shape):
    return lambda rng: (3 * rng.normal(size=shape), rng.uniform(size=shape))


def distributions(shape):
    """log q (5, 3), and p of that shape."""
    return lambda rng: (rng.normal(size=(5, 3)), rng.dirichlet(np.ones(3), size=shape[:-1]))


def images(rng):
    """(N, C, d1, d2) and a class for each place, none for some."""
    t = rng.integers(3, size=(2, 2, 4))
    t[0, 1] = -100
    return rng.normal(size=(2, 3, 2, 4)), t


def weighted(rng):
    """Logits, targets of the same shape, and a weight for each class."""
    return *normal((5, 3), (5, 3))(rng), rng.uniform(0.5, 2, size=3)


IGNORING = [{"weight": WEIGHT}, {"ignore_index": 1}, {"weight": WEIGHT, "ignore_index": 1}]
SMOOTHING = [{"label_smoothing": 0.2}, {"label_smoothing": 0.2, "weight": WEIGHT, "ignore_index": 1}]

CASES = {
    "mse_loss": loss_cases("mse_loss", normal((3, 4), (3, 4)), normal((5,), (5,)), normal((), ())),
    "l1_loss": loss_cases("l1_loss", apart(0), normal((), ())),
    "smooth_l1_loss": loss_cases(
        "smooth_l1_loss", apart(0, 0.4, 1), normal((), ()), options=[{"beta": 0.4}, {"beta": 0.0}]),
    "huber_loss": loss_cases("huber_loss", apart(0.4, 1), normal((), ()), options=[{"delta": 0.4}]),
    BCE: loss_cases(BCE, two_probabilities, options=[{"weight": np.arange(1, 5) / 4}]),
    BCE_LOGITS: [
        *loss_cases(BCE_LOGITS, logits_and_probabilities((3, 4)), options=[
            {"weight": np.array([[0.5], [1], [2]])}, {"pos_weight": np.arange(1, 5) / 3},
            {"weight": np.arange(1, 5) / 4, "pos_weight": np.array(3.0)}]),
        *loss_cases(BCE_LOGITS, logits_and_probabilities(())),
    ],
    "kl_div": [
        *loss_cases("kl_div", distributions((5, 3)), reductions=(*REDUCTIONS, "batchmean")),
        *loss_cases("kl_div", distributions((1, 3))),
        *(Case(normal((5, 3), shape), {"log_target": True, "reduction": reduction}, "nn.functional.kl_div")
          for shape in ((5, 3), (5, 1)) for reduction in ("none", "mean", "batchmean")),
    ],
    "nll_loss": [
        *loss_cases("nll_loss", classes((5,), 3), options=IGNORING),
        *loss_cases("nll_loss", images, options=IGNORING[:1]), *loss_cases("nll_loss", classes((), 3)),
    ],
    "cross_entropy": [
        *loss_cases("cross_entropy", classes((5,), 3), options=[*IGNORING, *SMOOTHING]),
        *loss_cases("cross_entropy", images, options=[*IGNORING[:1], *SMOOTHING[:1]]),
        *loss_cases("cross_entropy", classes((), 4), probabilities(5, 3)),
        # targets whose sum is not 1, and which are below 0: what the formula says, not what it is for
        *loss_cases("cross_entropy", normal((2, 3, 2, 4), (2, 3, 2, 4)), normal((4,), (4,)), weighted,
                    options=SMOOTHING[:1]),
    ],
    "multi_margin_loss": [
        *loss_cases("multi_margin_loss", classes((5,), 3), options=[
            {"p": 2}, {"margin": 0.3}, {"p": 2, "margin": 2.0, "weight": WEIGHT}]),
        *loss_cases("multi_margin_loss", classes((), 4)),
    ],
}


def call(name, *arrays, **options):
    """A call of nn.functional.<name> with Tensors in the place of the arrays."""
    return lambda T: getattr(T.nn.functional, name)(*map(T.tensor, arrays), **options)


def mistakes_of_a_pair(name):
    x, n = np.ones((5, 3)), np.ones(5, int)
    return [
        (call(name, x, x[:, 0]), rf"{name}: .*\(5, 3\).*\(5,\)"),
        (call(name, n, n), rf"{name}: input int64 and target int64 came, one must be floating"),
        (call(name, x, x, reduction="avg"), rf"{name}: reduction 'avg' is not 'none', 'mean' or 'sum'"),
    ]


def mistakes_with_classes(name):
    z, t, also = np.ones((5, 3)), np.array([0, 2, 1, 1, 0]), ".*" if name == "cross_entropy" else ""
    needed = rf"class indices \(5,\), integers,{also} are needed"
    return [
        (call(name, z, t[:4]), rf"{name}: target \(4,\) of int64 came, {needed}"),
        (call(name, z, t == 0), rf"{name}: target \(5,\) of bool came, {needed}"),
        (call(name, z, t + 1), rf"{name}: target has classes 1 to 3, input has 3, numbered from 0"),
        (call(name, z, t - 1), rf"{name}: target has classes -1 to 1, input has 3, numbered from 0"),
        (call(name, z, t, reduction=None), rf"{name}: reduction None is not 'none', 'mean' or 'sum'"),
        (call(name, z, t, weight=np.ones(2)), rf"{name}: weight \(2,\) came, \(3,\) is needed"),
        (call(name, z.astype(int), t), rf"{name}: input is int64, a floating dtype is needed"),
        (call(name, np.array(1.0), t), rf"{name}: input \(\) is not \(N, C\), \(N, C, d1, ...\) or \(C,\)"),
        (call(name, np.ones((5, 0)), t), rf"{name}: target has classes 0 to 2, input has 0"),
    ]


Z, T01 = np.ones((5, 3)), np.full((5, 3), 0.5)
ERRORS = {
    "mse_loss": mistakes_of_a_pair("mse_loss"),
    "l1_loss": mistakes_of_a_pair("l1_loss"),
    "smooth_l1_loss": [
        *mistakes_of_a_pair("smooth_l1_loss"),
        (call("smooth_l1_loss", Z, Z, beta=-1), "smooth_l1_loss: beta -1 came, at least 0 is needed"),
    ],
    "huber_loss": [
        *mistakes_of_a_pair("huber_loss"),
        (call("huber_loss", Z, Z, delta=0), "huber_loss: delta 0 came, a positive number is needed"),
    ],
    BCE: [
        *mistakes_of_a_pair(BCE),
        (call(BCE, 2 * Z, T01), f"{BCE}: input has entries outside \\[0, 1\\]"),
        (call(BCE, T01, -T01), f"{BCE}: target has entries outside \\[0, 1\\]"),
        (call(BCE, T01, T01, weight=np.ones(2)), rf"{BCE}: weight \(2,\) does not broadcast to input \(5"),
    ],
    BCE_LOGITS: [
        *mistakes_of_a_pair(BCE_LOGITS),
        (call(BCE_LOGITS, Z, T01, weight=np.ones((2, 5, 3))), r"weight \(2, 5, 3\) does not broadcast"),
        (call(BCE_LOGITS, Z, T01, pos_weight=np.ones(2)), r"pos_weight \(2,\) does not broadcast"),
    ],
    "kl_div": [
        (call("kl_div", Z, Z.astype(int)), "kl_div: input float64 and target int64 came, both must be"),
        (call("kl_div", Z, np.ones((5, 2))), r"kl_div: .*could not be broadcast together .*\(5,2\)"),
        (call("kl_div", Z, Z, reduction="avg"), "kl_div: reduction 'avg' is not"),
    ],
    "nll_loss": mistakes_with_classes("nll_loss"),
    "cross_entropy": [
        *mistakes_with_classes("cross_entropy"),
        (call("cross_entropy", Z, Z[:, 0]), r"cross_entropy: probabilities \(5,\) and input \(5, 3\) differ"),
        (call("cross_entropy", Z, Z, ignore_index=1), "cross_entropy: ignore_index 1 came with target prob"),
        (call("cross_entropy", Z, Z, label_smoothing=1.5), r"cross_entropy: label_smoothing 1.5 is outside"),
    ],
    "multi_margin_loss": [
        *mistakes_with_classes("multi_margin_loss"),
        (call("multi_margin_loss", Z, np.zeros(5, int), p=3), "multi_margin_loss: p 3 is not 1 or 2"),
        (call("multi_margin_loss", np.ones((5, 3, 2)), np.zeros((5, 2), int)), r"input \(5, 3, 2\) is not"),
    ],
}
