"""Data that comes with Python packages. Nothing is downloaded."""

import numpy as np


def digits(test=497, rng=None):
    """1,797 handwritten digits of 8×8 pixels, shuffled and split: x_train, y_train, x_test, y_test.

    x: (n, 64), float64, ink from 0 to 1 (stored as 0 ... 16), row by row.   y: (n,), int64, 0 ... 9.
    test: how many are kept for testing.   rng: the permutation's Generator; default_rng(0) unless given.
    Source: Alpaydin & Kaynak 1998, UCI Optical Recognition of Handwritten Digits, as shipped by scikit-learn.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ImportError("data.digits: the digits come with scikit-learn, which is not installed") from error
    x, y = load_digits(return_X_y=True)
    if not 0 <= test <= len(x):
        raise ValueError(f"data.digits: test={test} is not between 0 and {len(x)}")
    order = (np.random.default_rng(0) if rng is None else rng).permutation(len(x))
    x, y = x[order] / 16.0, y[order].astype(np.int64)
    n = len(x) - test
    return x[:n], y[:n], x[n:], y[n:]
