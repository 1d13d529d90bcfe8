"""Convolution, attention or both: which network reads digits better, after how many training images?

The twins of gradbook.cnn_vs_transformer: one body, two blocks of 12 C² weights, C = 16, and three ways to mix
tokens: two convolutions, two attentions, a convolution and then an attention. Scikit-learn's digits have 8×8
pixels; of MNIST's 28×28 the middle 24×24 is averaged over blocks of 3×3, to 8×8. Tokens are patches of 2×2.
Adam with a warm-up and a cosine to zero, STEPS steps of BATCH images. Every network is trained at each of
RATES; 100 images that are held out choose the rate by their loss; the test images are for the report alone.

A seed is one training set: seed s has CASES[s % 7], the data and the number of images, and the draw s // 7.
"""

import gradbook as T
import numpy as np
from gradbook import data
from gradbook.cnn_vs_transformer import NETWORKS, Twin
from gradbook.cnn_vs_transformer_stack import Stack, train

CASES = [("digits", 30), ("digits", 100), ("digits", 300), ("digits", 1200),
         ("mnist", 100), ("mnist", 600), ("mnist", 3900)]
SEEDS = range(7 * 10)
NETS = ["convolution", "attention", "both"]
RATES = [0.002, 0.006, 0.02]
STEPS, BATCH, HELD_OUT = 160, 16, 100


def images(name):
    """x_train, y_train, x_test, y_test; x (n, 1, 8, 8), of mean 0 and variance 1 over all training pixels."""
    x, y, x_test, y_test = data.digits() if name == "digits" else data.mnist5k()

    def square(x):
        if name == "digits":
            return x.reshape(-1, 1, 8, 8)
        return x.reshape(-1, 1, 28, 28)[:, :, 2:26, 2:26].reshape(-1, 1, 8, 3, 8, 3).mean(axis=(3, 5))

    x, x_test = square(x), square(x_test)
    return (x - x.mean()) / x.std(), y, (x_test - x.mean()) / x.std(), y_test


def run(seed):
    """Per network: the place of the rate chosen; the share misread at each rate, in per cent."""
    (name, size), draw = CASES[seed % len(CASES)], seed // len(CASES)
    x, y, x_test, y_test = images(name)
    picked = np.random.default_rng(draw).permutation(len(x))
    held, used = picked[:HELD_OUT], picked[HELD_OUT:HELD_OUT + size]
    chosen, errors = [], []
    for kind in NETS:
        stack = Stack([Twin(NETWORKS[kind], 8, rng=np.random.default_rng(draw)) for _ in RATES])
        train(stack, x[used], y[used], RATES, STEPS, BATCH, np.random.default_rng(draw))
        with T.no_grad():
            losses = [T.functional.cross_entropy(z, T.tensor(y[held])).item() for z in stack(x[held])]
            wrong = (stack(x_test).numpy().argmax(axis=-1) != y_test).mean(axis=1)
        chosen.append(int(np.argmin(losses)))
        errors.append(100 * wrong)
    return {"chosen": chosen, "errors": errors}
