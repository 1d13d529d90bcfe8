"""f. Norms of a stage of a convolutional net, and of a Transformer's tokens: forward and backward."""

import numpy as np


def norm(name, shape, channels, *before):
    """y = norm(x, *before, weight, bias) and, for a random cotangent, its three gradients."""
    def build(T, dtype):
        rng = np.random.default_rng(0)
        draw = lambda *size: T.tensor(rng.normal(size=size), dtype=dtype)
        leaves = [draw(*shape), draw(*channels), draw(*channels)]
        g, f = draw(*shape), getattr(T.nn.functional, name)
        options = {"training": True} if name == "batch_norm" else {}

        def run():
            for a in leaves:
                a.requires_grad_().grad = None
            f(leaves[0], *before, *leaves[1:], **options).backward(g)
            return leaves[1].grad.numpy()

        return run

    return build


WORKLOADS = {
    "f. batch norm (64,128,28,28)": (norm("batch_norm", (64, 128, 28, 28), (128,), None, None),
                                     {"float32": 1.2, "float64": 0.75}),
    "f. layer norm (64,128,28,28)": (norm("layer_norm", (64, 128, 28, 28), (128, 28, 28), (128, 28, 28)),
                                     {"float32": 1.8, "float64": 0.55}),
}
