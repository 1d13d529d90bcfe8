"""Preprocessing: equal to scikit-learn's, on training statistics only; wrong divisors are told apart."""

import numpy as np
import pytest
from gradbook.preprocessing import PCA, Standardize, Whiten

EVERY = [Standardize, PCA, Whiten, lambda: Whiten("zca"), lambda: PCA(2), lambda: Whiten(eps=0.1)]


def correlated(n=60, d=5, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + 10 * rng.normal(size=d)


def test_standardize_equals_sklearns():
    sklearn = pytest.importorskip("sklearn.preprocessing")
    x, other = correlated(), correlated(7, seed=1)
    ours, theirs = Standardize().fit(x), sklearn.StandardScaler().fit(x)
    np.testing.assert_allclose(ours.transform(other), theirs.transform(other), rtol=1e-12)
    np.testing.assert_allclose(ours.inverse_transform(ours.transform(other)), other, rtol=1e-12)
    z = ours.transform(x)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-14)
    np.testing.assert_allclose(z.var(axis=0), 1, rtol=1e-14)
    assert np.abs(z.var(axis=0, ddof=1) - 1).min() > 0.01               # the unbiased one would be seen


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e9 + 0.1, -3e-7])
def test_a_constant_feature_becomes_zero_and_nothing_is_divided_by_rounding_errors(constant):
    sklearn = pytest.importorskip("sklearn.preprocessing")
    x = correlated(101)
    x[:, 2] = constant
    ours, theirs = Standardize().fit(x), sklearn.StandardScaler().fit(x)
    assert ours.std[2] == 1 == theirs.scale_[2]
    assert np.abs(ours.transform(x)[:, 2]).max() <= 1e-14 * abs(constant)
    np.testing.assert_allclose(np.delete(ours.std, 2), np.delete(theirs.scale_, 2), rtol=1e-12)
    x[:, 2] = 1e-9 * np.arange(101)                                    # small, but no rounding error
    assert Standardize().fit_transform(x)[:, 2].std() == pytest.approx(1)


@pytest.mark.parametrize(("n", "d", "k"), [(60, 5, None), (60, 5, 2), (4, 9, None), (4, 9, 3), (1, 3, None)])
def test_pca_equals_sklearns_signs_included(n, d, k):
    sklearn = pytest.importorskip("sklearn.decomposition")
    x, other = correlated(n, d), correlated(7, d, seed=1)
    with np.errstate(invalid="ignore", divide="ignore"):               # sklearn's, of one example
        theirs = sklearn.PCA(k, svd_solver="full").fit(x)
    ours = PCA(k).fit(x)
    assert ours.components.shape == (k or min(n, d), d)
    if n > 1:
        rank = min(len(ours.components), n - 1)                        # what is left is arbitrary
        np.testing.assert_allclose(ours.components[:rank], theirs.components_[:rank], rtol=1e-9)
        np.testing.assert_allclose(ours.variances, theirs.explained_variance_, rtol=1e-9, atol=1e-25)
        z, reference = ours.transform(other), theirs.transform(other)
        np.testing.assert_allclose(z[:, :rank], reference[:, :rank], rtol=1e-9)
    np.testing.assert_allclose(ours.inverse_transform(ours.transform(x)), x if k in (None, 3) else
                               theirs.inverse_transform(theirs.transform(x)), rtol=1e-9)


def test_components_are_eigenvectors_of_the_covariance_and_the_variances_those_of_the_scores():
    x = correlated(200, 4)
    pca, covariance = PCA().fit(x), np.cov(x.T)
    np.testing.assert_allclose(covariance @ pca.components.T, pca.components.T * pca.variances, atol=1e-10)
    np.testing.assert_allclose(pca.transform(x).var(axis=0, ddof=1), pca.variances, rtol=1e-10)
    assert (np.diff(pca.variances) < 0).all()


def is_white(z):
    return np.allclose(np.cov(z.T), np.eye(z.shape[1]), atol=1e-10)


@pytest.mark.parametrize("kind", ["pca", "zca"])
def test_whitened_data_have_the_identity_for_covariance_and_wrong_matrices_are_rejected(kind):
    x = correlated()
    whiten, pca = Whiten(kind).fit(x), PCA().fit(x)
    assert is_white(whiten.transform(x))
    wrong = {"divided by Λ": pca.transform(x) / pca.variances,
             "not divided": pca.transform(x),
             "n instead of n - 1": pca.transform(x) / np.sqrt(pca.variances * 59 / 60),
             "each feature alone": Standardize().fit_transform(x),
             "Λ along the wrong axis": (x - x.mean(axis=0)) @ (pca.components / np.sqrt(pca.variances)).T}
    assert not any(is_white(z) for z in wrong.values())
    np.testing.assert_allclose(whiten.transform(x)[0], whiten.matrix @ (x[0] - x.mean(axis=0)), rtol=1e-9)


def test_pca_whitening_equals_sklearns():
    sklearn = pytest.importorskip("sklearn.decomposition")
    x, other = correlated(), correlated(7, seed=1)
    theirs = sklearn.PCA(whiten=True, svd_solver="full").fit(x).transform(other)
    np.testing.assert_allclose(Whiten().fit(x).transform(other), theirs, rtol=1e-9)


def test_zca_is_symmetric_and_closest_to_the_data_and_eps_tames_small_variances():
    x = correlated()
    zca, pca = Whiten("zca").fit(x), Whiten("pca").fit(x)
    np.testing.assert_allclose(zca.matrix, zca.matrix.T, rtol=1e-10)
    centred = x - x.mean(axis=0)
    q = np.linalg.qr(np.random.default_rng(0).normal(size=(5, 5)))[0]
    white = (zca.transform(x), pca.transform(x), zca.transform(x) @ q)
    distances = [np.sum((z - centred) ** 2) for z in white]
    assert distances[0] < min(distances[1:])
    variances = np.sort(np.linalg.eigvalsh(np.cov(Whiten(eps=0.5).fit_transform(x).T)))
    true = np.linalg.eigvalsh(np.cov(x.T))
    np.testing.assert_allclose(variances, np.sort(true / (true + 0.5)), rtol=1e-9)


@pytest.mark.parametrize("kind", ["pca", "zca"])
def test_directions_without_variance_become_zero(kind):
    x = correlated(50, 6)
    x[:, 3], x[:, 5] = 0.1, x[:, 0] - 2 * x[:, 1]                        # rank 4
    z = Whiten(kind).fit_transform(x)
    eigenvalues = np.linalg.eigvalsh(np.cov(z.T))
    np.testing.assert_allclose(eigenvalues, [0, 0, 1, 1, 1, 1], atol=1e-10)
    assert (Whiten(kind).fit_transform(np.ones((4, 3))) == 0).all()


@pytest.mark.parametrize("make", EVERY)
def test_transform_uses_the_training_data_only_and_never_changes_the_statistics(make):
    train, test = correlated(), correlated(20, seed=3) + 5
    leaking, honest = make().fit(np.concatenate([train, test])), make().fit(train)
    assert np.abs(honest.transform(test) - leaking.transform(test)).max() > 0.1
    before, first = {k: np.copy(v) for k, v in vars(honest).items()}, honest.transform(train)
    honest.transform(test)
    honest.transform(test[:1] * 1000)
    for name, value in vars(honest).items():
        np.testing.assert_array_equal(value, before[name])
    np.testing.assert_array_equal(honest.transform(train), first)
    np.testing.assert_allclose(honest.transform(test)[:3], honest.transform(test[:3]), rtol=1e-12)
    np.testing.assert_array_equal(make().fit_transform(train), first)


@pytest.mark.parametrize("make", EVERY)
def test_data_are_not_written_to_and_integers_and_float32_are_taken(make):
    x = correlated()
    x.setflags(write=False)
    make().fit_transform(x)
    counts = np.random.default_rng(0).integers(0, 16, size=(30, 4))
    assert make().fit_transform(counts).dtype == np.float64
    assert make().fit_transform(x.astype(np.float32)).dtype == np.float64


@pytest.mark.parametrize("make", EVERY)
def test_what_is_refused(make):
    name = type(make()).__name__
    with pytest.raises(RuntimeError, match=rf"{name}.transform: fit\(x_train\) comes first"):
        make().transform(correlated())
    with pytest.raises(ValueError, match=rf"{name}.fit: x \(5,\) came, \(n, d\) is needed"):
        make().fit(np.ones(5))
    with pytest.raises(ValueError, match=rf"{name}.transform: x \(60, 4\) came, \(n, 5\) is needed"):
        make().fit(correlated()).transform(correlated(d=4))


def test_options_that_are_refused():
    with pytest.raises(ValueError, match="PCA: n_components=6 came, between 1 and 5 is needed"):
        PCA(6).fit(correlated())
    with pytest.raises(ValueError, match=r"Whiten: kind='ica' came, 'pca' or 'zca'"):
        Whiten("ica")
    with pytest.raises(ValueError, match=r"Whiten: eps=-1 came, a number in \[0, inf\)"):
        Whiten(eps=-1)
