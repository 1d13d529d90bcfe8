"""g. Softmax cross-entropy: the loss of 4,096 examples of 1,000 classes, and its gradient."""

import numpy as np


def softmax_cross_entropy(T, dtype):
    rng = np.random.default_rng(0)
    z = T.tensor(rng.normal(size=(4096, 1000)), dtype=dtype, requires_grad=True)
    t = T.tensor(rng.integers(1000, size=4096))

    def run():
        z.grad = None
        loss = T.nn.functional.cross_entropy(z, t)
        loss.backward()
        return loss.item()

    return run


WORKLOADS = {
    "g. softmax cross-entropy (4096,1000)": (softmax_cross_entropy, {"float32": 1.4, "float64": 1.0}),
}
