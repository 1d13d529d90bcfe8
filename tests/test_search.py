"""Search: spaces with the promised laws, a Gaussian process equal to scikit-learn's, EI by three ways."""

import math

import numpy as np
import pytest
from gradbook.search import (
    Choice,
    GaussianProcess,
    LogUniform,
    Trial,
    Uniform,
    bayesian_search,
    best,
    coarse_to_fine,
    expected_improvement,
    grid_search,
    k_fold,
    random_search,
)
from scipy import integrate, stats

SPACE = {"lr": LogUniform(1e-4, 1.0), "width": Uniform(4, 64, integer=True), "act": Choice(("relu", "tanh"))}


def bowl(settings):
    """Least, 0, at lr 0.01 and width 40."""
    return (math.log10(settings["lr"]) + 2) ** 2 + ((settings["width"] - 40) / 30) ** 2


# --- spaces ---------------------------------------------------------------------------------------------


def test_each_kind_of_range_has_the_law_it_promises():
    u = (np.arange(60_000) + 0.5) / 60_000
    log = np.array([LogUniform(1e-5, 10.0).at(t) for t in u])
    assert stats.kstest(np.log10(log), "uniform", (-5, 6)).statistic < 1e-4
    assert stats.kstest(log, "uniform", (1e-5, 10)).statistic > 0.5      # the plain one would be seen
    whole = np.array([Uniform(3, 8, integer=True).at(t) for t in u])
    assert np.bincount(whole)[3:].tolist() == [10_000] * 6             # the ends as often as the rest
    powers = np.bincount([LogUniform(1, 3, integer=True).at(t) for t in u])[1:] / 60_000
    np.testing.assert_allclose(powers, np.log([2, 3 / 2, 4 / 3]) / np.log(4), atol=1e-4)
    assert [Choice(("a", "b", "c")).at(t) for t in (0, 0.32, 0.34, 0.67, 1)] == ["a", "a", "b", "c", "c"]


@pytest.mark.parametrize("range_", [Uniform(-2.5, 7.1), LogUniform(1e-7, 0.3), Uniform(1, 5, True),
                                    LogUniform(2, 1000, True), Uniform(3, 3), LogUniform(0.1, 0.3)])
def test_ranges_reach_their_ends_and_never_leave_them(range_):
    assert range_.at(0) == range_.low
    assert range_.at(1) == range_.high
    values = [range_.at(u) for u in np.linspace(0, 1, 1001).tolist()]
    assert values == sorted(values)
    assert type(values[500]) is (int if range_.integer else float) or range_.low == range_.high


def test_ranges_that_are_refused():
    for low, high, words in ((2, 1, "low=2, high=1 came, low <= high is needed"),
                             (0, math.inf, "high=inf came, a number in"), (math.nan, 1, "low=nan came")):
        with pytest.raises(ValueError, match=f"Uniform: {words}"):
            Uniform(low, high)
    with pytest.raises(ValueError, match=r"LogUniform: low=0 came, a number in \(0, inf\) is needed"):
        LogUniform(0, 1)


# --- the simple searches --------------------------------------------------------------------------------


def test_a_grid_has_every_combination_and_equals_sklearns():
    values = {"a": [1, 2, 3], "b": ["x", "y"], "c": [0.5]}
    trials = grid_search(lambda s: s["a"], values)
    assert len(trials) == 6
    assert [t.settings["b"] for t in trials[:2]] == ["x", "y"]
    theirs = pytest.importorskip("sklearn.model_selection").ParameterGrid(values)
    assert [t.settings for t in trials] == list(theirs)
    assert best(trials).value == 1


def test_random_search_tries_a_new_value_of_each_setting_every_time():
    trials = random_search(bowl, SPACE, 9, rng=np.random.default_rng(0))
    assert len({t.settings["lr"] for t in trials}) == 9                # a 3×3 grid has 3
    assert [t.value for t in trials] == [bowl(t.settings) for t in trials]
    again = random_search(bowl, SPACE, 9, rng=np.random.default_rng(0))
    assert trials == again != random_search(bowl, SPACE, 9, rng=np.random.default_rng(1))


def test_sixty_random_trials_hit_the_best_twentieth_with_probability_95_percent():
    rng, space = np.random.default_rng(0), {"u": Uniform(0, 1)}
    hits = [best(random_search(lambda s: s["u"], space, 60, rng=rng)).value < 0.05 for _ in range(400)]
    p = 1 - 0.95**60
    assert abs(np.mean(hits) - p) < 4 * math.sqrt(p * (1 - p) / 400)


def test_the_best_trial_is_the_least_and_nan_is_none():
    trials = [Trial({"k": k}, v) for k, v in enumerate([math.nan, 2.0, math.inf, -1.0, math.nan])]
    assert best(trials).settings == {"k": 3}
    assert best(trials[:1]).settings == {"k": 0}


def test_no_trials_are_none_and_a_box_that_grows_is_refused():
    assert all(search(bowl, SPACE, 0) == [] for search in (random_search, coarse_to_fine, bayesian_search))
    with pytest.raises(ValueError, match=r"coarse_to_fine: shrink=1.5 came"):
        coarse_to_fine(bowl, SPACE, 3, shrink=1.5)


def test_coarse_to_fine_closes_in_on_the_best_point_and_stays_in_the_space():
    for seed in range(20):
        trials = coarse_to_fine(bowl, SPACE, 15, rounds=3, shrink=0.25, rng=np.random.default_rng(seed))
        assert len(trials) == 45
        lr = np.log10([t.settings["lr"] for t in trials])
        center = math.log10(best(trials[:15]).settings["lr"])
        for part, width in ((lr[15:30], 1.0), (lr[30:], 0.25)):         # of four powers of ten
            assert np.ptp(part) <= width and part.min() >= -4 and part.max() <= 0
        assert lr[15:30].min() <= center <= lr[15:30].max() or center < -3.5 or center > -0.5
    fine = [best(coarse_to_fine(bowl, SPACE, 15, rng=np.random.default_rng(k))).value for k in range(30)]
    plain = [best(random_search(bowl, SPACE, 45, rng=np.random.default_rng(k))).value for k in range(30)]
    assert np.median(fine) < np.median(plain) / 3


# --- Bayesian -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", ["matern", "rbf"])
@pytest.mark.parametrize(("n", "d", "scale", "noise"), [(12, 1, 0.3, 1e-6), (25, 3, 0.7, 0.01), (1, 2, 2, 1)])
def test_the_gaussian_process_equals_sklearns(kernel, n, d, scale, noise):
    theirs = pytest.importorskip("sklearn.gaussian_process")
    rng = np.random.default_rng(0)
    x, y, other = rng.random((n, d)), rng.normal(size=n), rng.random((40, d))
    kernels = {"matern": theirs.kernels.Matern(scale, nu=2.5), "rbf": theirs.kernels.RBF(scale)}
    reference = theirs.GaussianProcessRegressor(kernels[kernel], alpha=noise, optimizer=None).fit(x, y)
    ours = GaussianProcess(scale, noise, kernel).fit(x, y)
    mean, std = reference.predict(other, return_std=True)
    np.testing.assert_allclose(ours.predict(other)[0], mean, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(ours.predict(other)[1], std, rtol=1e-6, atol=1e-9)
    assert ours.log_likelihood == pytest.approx(reference.log_marginal_likelihood_value_, rel=1e-8)
    wrong = GaussianProcess(scale * 1.1, noise, kernel).fit(x, y)
    assert n == 1 or abs(wrong.log_likelihood - ours.log_likelihood) > 1e-3


def test_the_log_likelihood_is_that_of_a_normal_vector():
    rng = np.random.default_rng(1)
    x, y = rng.random((6, 2)), rng.normal(size=6)
    gp = GaussianProcess(0.5, 0.1).fit(x, y)
    r = np.linalg.norm(x[:, None] - x, axis=-1) / 0.5
    k = (1 + math.sqrt(5) * r + 5 / 3 * r**2) * np.exp(-math.sqrt(5) * r) + 0.1 * np.eye(6)
    assert gp.log_likelihood == pytest.approx(stats.multivariate_normal(np.zeros(6), k).logpdf(y), rel=1e-10)


def test_expected_improvement_is_the_expectation_of_the_improvement():
    rng = np.random.default_rng(0)
    mean, std = rng.uniform(-1, 1, 50), rng.uniform(0.4, 2, 50)
    ei = expected_improvement(mean, std, 0.3)
    z = (0.3 - mean) / std
    np.testing.assert_allclose(ei, (0.3 - mean) * stats.norm.cdf(z) + std * stats.norm.pdf(z), rtol=1e-12)
    for m, s, value in zip(mean[:5], std[:5], ei[:5]):
        integral, _ = integrate.quad(lambda y, m=m, s=s: (0.3 - y) * stats.norm.pdf(y, m, s), m - 12 * s, 0.3)
        assert value == pytest.approx(integral, rel=1e-7)
    gains = np.maximum(0.3 - rng.normal(mean, std, (100_000, 50)), 0)
    error = gains.std(axis=0) / math.sqrt(100_000)
    accepted = lambda values: (np.abs(gains.mean(axis=0) - values) < 5 * error).all()
    assert accepted(ei)
    wrong = {"sign flipped, as for a maximum": expected_improvement(-mean, std, -0.3),
             "Φ and φ exchanged": (0.3 - mean) * stats.norm.pdf(z) + std * stats.norm.cdf(z),
             "φ not times σ": (0.3 - mean) * stats.norm.cdf(z) + stats.norm.pdf(z),
             "probability of improvement": stats.norm.cdf(z)}
    assert not any(accepted(w) for w in wrong.values())


def test_expected_improvement_without_uncertainty_and_far_from_the_best():
    np.testing.assert_array_equal(expected_improvement([1.0, -2.0], [0.0, 0.0], 0.5), [0, 2.5])
    far = expected_improvement(np.array([5.0, 60.0]), np.ones(2), 0.0)
    assert far[0] == pytest.approx(stats.norm.pdf(5) - 5 * stats.norm.sf(5), rel=1e-6)
    assert far[1] == 0
    assert expected_improvement(np.zeros((2, 3)), np.ones((2, 3)), 0.0).shape == (2, 3)


def test_bayesian_search_beats_random_search_on_a_smooth_function():
    scores = {search: [best(search(bowl, SPACE, 25, rng=np.random.default_rng(k))).value for k in range(12)]
              for search in (random_search, bayesian_search)}
    wins = np.sum(np.array(scores[bayesian_search]) < scores[random_search])
    assert wins >= 10
    assert np.median(scores[bayesian_search]) < np.median(scores[random_search]) / 5


def test_bayesian_search_is_reproducible_and_survives_divergence_ties_and_one_trial():
    run = lambda f, n=9, **options: bayesian_search(f, SPACE, n, rng=np.random.default_rng(0), **options)
    assert run(bowl) == run(bowl)
    settings = lambda trials: [trial.settings for trial in trials]
    assert settings(run(bowl))[:5] == settings(run(lambda s: -bowl(s)))[:5]
    assert settings(run(bowl))[5] != settings(run(lambda s: -bowl(s)))[5]
    diverging = run(lambda s: math.inf if s["lr"] > 0.01 else math.nan if s["width"] < 20 else bowl(s), 20)
    assert math.isfinite(best(diverging).value)
    assert len(run(lambda s: 1.0)) == 9
    assert len(run(lambda s: math.nan)) == 9
    assert len(run(bowl, 1)) == 1 and len(run(bowl, 3, initial=0)) == 3
    for trial in run(bowl, 15):
        assert 1e-4 <= trial.settings["lr"] <= 1 and 4 <= trial.settings["width"] <= 64


def test_gaussian_processes_that_are_refused():
    with pytest.raises(ValueError, match="GaussianProcess: length_scale=0 came"):
        GaussianProcess(0)
    with pytest.raises(ValueError, match="kernel='linear' came"):
        GaussianProcess(kernel="linear")
    with pytest.raises(ValueError, match=r"GaussianProcess.fit: y \(2,\) came, \(3,\) is needed"):
        GaussianProcess().fit(np.ones((3, 2)), np.ones(2))


# --- cross-validation -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "k"), [(10, 3), (12, 4), (5, 5), (101, 7), (2, 2)])
def test_folds_part_the_examples_and_never_train_on_what_they_judge(n, k):
    folds = k_fold(n, k, rng=np.random.default_rng(0))
    assert len(folds) == k
    np.testing.assert_array_equal(np.sort(np.concatenate([v for _, v in folds])), np.arange(n))
    for train, validation in folds:
        assert not set(train) & set(validation)
        assert len(train) + len(validation) == n
        assert len(validation) in (n // k, n // k + 1)
    if n > 5:
        assert any(np.ptp(v) > len(v) for _, v in folds)               # shuffled


def test_folds_with_labels_have_the_classes_in_proportion():
    rng = np.random.default_rng(0)
    labels = rng.choice(4, size=83, p=[0.6, 0.25, 0.1, 0.05])
    folds = k_fold(83, 5, labels, rng=rng)
    counts = np.array([np.bincount(labels[v], minlength=4) for _, v in folds])
    assert (np.ptp(counts, axis=0) <= 1).all()
    assert np.ptp(counts.sum(axis=1)) <= 1
    np.testing.assert_array_equal(np.sort(np.concatenate([v for _, v in folds])), np.arange(83))
    plain = np.array([np.bincount(labels[v], minlength=4) for _, v in k_fold(83, 5, rng=rng)])
    assert np.ptp(plain, axis=0).max() > 1                             # without labels they are not


def test_folds_are_reproducible_and_refused_where_impossible():
    a, b = (k_fold(20, 4, rng=np.random.default_rng(3)) for _ in range(2))
    assert all((v == w).all() for (_, v), (_, w) in zip(a, b))
    for n, k in ((3, 4), (5, 1)):
        with pytest.raises(ValueError, match=f"k_fold: k={k} came, between 2 and {n} is needed"):
            k_fold(n, k)
    with pytest.raises(ValueError, match=r"k_fold: labels \(5,\) came, \(6,\) is needed"):
        k_fold(6, 2, np.zeros(5))
