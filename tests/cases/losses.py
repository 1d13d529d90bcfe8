"""Cases of gradbook.losses."""

from .drawing import Case, classes, normal, probabilities


def loss_cases(name, *draws):
    return [Case(draw, {"reduction": reduction}, f"nn.functional.{name}")
            for draw in draws for reduction in ("none", "mean", "sum")]


CASES = {
    "mse_loss": loss_cases("mse_loss", normal((3, 4), (3, 4)), normal((5,), (5,)), normal((), ())),
    "cross_entropy": loss_cases(
        "cross_entropy", classes((5,), 3), classes((), 4), probabilities(5, 3),
        # targets whose sum is not 1, and which are below 0: what the formula says, not what it is used for
        normal((5, 3), (5, 3)), normal((4,), (4,)),
    ),
}
