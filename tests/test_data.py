"""The digits: the same for everybody, and all of them."""

import sys

import numpy as np
import pytest
from gradbook import data

pytest.importorskip("sklearn")


def test_digits_are_split_as_promised_and_do_not_change():
    x, y, x_test, y_test = data.digits()
    assert (x.shape, y.shape, x_test.shape, y_test.shape) == ((1300, 64), (1300,), (497, 64), (497,))
    assert (x.dtype, y.dtype) == (np.float64, np.int64)
    assert (x.min(), x.max()) == (0, 1)
    assert y[:10].tolist() == data.digits()[1][:10].tolist()
    assert sorted(set(y_test.tolist())) == list(range(10))


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


def test_what_is_refused(monkeypatch):
    with pytest.raises(ValueError, match="digits: test=1798 is not between 0 and 1797"):
        data.digits(1798)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match="digits come with scikit-learn, which is not installed"):
        data.digits()
