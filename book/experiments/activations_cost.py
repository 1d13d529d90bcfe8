"""How long do activations take, compared with the matrix product that feeds them?

A layer of n inputs and n outputs on 256 examples, float32, one thread. Each time, the processor's, is the
best of nine, as what disturbs a computer only ever adds. Stored is activation ÷ matrix product.
"""

import time

import numpy as np
from gradbook.activations import gelu, relu, sigmoid, silu, softplus, tanh

SEEDS = range(10)
WIDTHS = [64, 256, 1024]
NAMES = ["relu", "sigmoid", "tanh", "softplus", "silu", "gelu"]
FUNCTIONS = [f.__wrapped__ for f in (relu, sigmoid, tanh, softplus, silu, gelu)]
ROWS, REPEATS = 256, 9
RTOL = 1e3  # times: that it runs again is tested, not how long it takes


def best_time(work):
    """Seconds."""
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def run(seed):
    """For each of NAMES and WIDTHS: time of the activation ÷ time of the product."""
    rng = np.random.default_rng(seed)
    ratios = []
    for n in WIDTHS:
        x, w = (rng.normal(size=shape).astype(np.float32) for shape in ((ROWS, n), (n, n)))
        z = x @ w / np.float32(np.sqrt(n))
        product = best_time(lambda x=x, w=w: x @ w)
        ratios.append([best_time(lambda f=f, z=z: f(z)) / product for f in FUNCTIONS])
    return {"ratio": [[float(f"{v:.3g}") for v in row] for row in zip(*ratios)]}
