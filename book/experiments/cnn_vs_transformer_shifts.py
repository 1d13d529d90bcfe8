"""What is left when a digit moves? Networks trained on centred images, tested on shifted ones.

MNIST, means over blocks of 2×2 pixels: 14×14, in tokens of 2×2. 600 training images, the twins of
gradbook.cnn_vs_transformer with C = 16, and two ways to end: the last layer reads all tokens, or the
largest value of each channel over the places. Two learning rates each, 100 held-out images choose. 400 test
images are moved in the original 28×28 by 0, 1, 2, 4 and 6 pixels, to the left and to the right; four pixels
are one token.

A seed is one network of NETS, seed % 5, and one draw of training images and weights, seed // 5.
"""

import gradbook as T
import numpy as np
from gradbook import data
from gradbook.cnn_vs_transformer import NETWORKS, Twin
from gradbook.cnn_vs_transformer_stack import Stack, train

SEEDS = range(5 * 10)
NETS = [("convolution", "max"), ("convolution", None), ("attention", "max"), ("attention", None),
        ("matrix", None)]
SHIFTS = [0, 1, 2, 4, 6]
RATES = [0.006, 0.02]
STEPS, BATCH, SIZE, HELD_OUT, TESTED = 200, 16, 600, 100, 400


def small(x, shift=0):
    """(n, 784) -> (n, 1, 14, 14), each image moved to the right by `shift` pixels; blank columns come in."""
    moved = np.zeros((len(x), 28, 28))
    x = x.reshape(-1, 28, 28)
    moved[:, :, max(shift, 0):28 + min(shift, 0)] = x[:, :, max(-shift, 0):28 - max(shift, 0)]
    return (moved.reshape(-1, 1, 14, 2, 14, 2).mean(axis=(3, 5)) - 0.13) / 0.28


def run(seed):
    """The share misread at each of SHIFTS, in per cent, at the rate chosen; and the place of that rate."""
    (kind, pool), draw = NETS[seed % len(NETS)], seed // len(NETS)
    x, y, x_test, y_test = data.mnist5k()
    picked = np.random.default_rng(draw).permutation(len(x))
    held, used = picked[:HELD_OUT], picked[HELD_OUT:HELD_OUT + SIZE]
    x_test, y_test = x_test[:TESTED], y_test[:TESTED]
    stack = Stack([Twin(NETWORKS[kind], 14, pool=pool, rng=np.random.default_rng(draw)) for _ in RATES])
    train(stack, small(x[used]), y[used], RATES, STEPS, BATCH, np.random.default_rng(draw))
    errors = {shift: [] for shift in SHIFTS}
    with T.no_grad():
        losses = [T.functional.cross_entropy(z, T.tensor(y[held])).item() for z in stack(small(x[held]))]
        net = stack.alone(best := int(np.argmin(losses)))
        for shift in sorted({*SHIFTS, *(-s for s in SHIFTS)}):
            read = net(T.tensor(small(x_test, shift))).numpy().argmax(axis=1)
            errors[abs(shift)].append(100 * np.mean(read != y_test))
    return {"errors": [np.mean(errors[shift]) for shift in SHIFTS], "chosen": best}
