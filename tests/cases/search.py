"""What gradbook.search says of mistakes."""

import numpy as np

NAN, INF = float("nan"), float("inf")


def call(name, *args, **options):
    return lambda T: getattr(T.search, name)(*args, **options)


def at(u, name, *args):
    return lambda T: getattr(T.search, name)(*args).at(u)


def search(name, *args, f=lambda settings: settings["a"], space=None, **options):
    """A search of one Uniform, or of the space given."""
    def call(T):
        return getattr(T.search,
                       name)(f, {"a": T.search.Uniform(0, 1)} if space is None else space, *args, **options)

    return call


def fitted(method, *args):
    def call(T):
        process = T.search.GaussianProcess().fit(np.eye(3), np.ones(3)) if method == "predict" else \
            T.search.GaussianProcess()
        return getattr(process, method)(*args)

    return call


def ends(name, low=0.5):
    return [
        (call(name, 2, 1), f"{name}: low=2, high=1 came, low <= high is needed"),
        *((call(name, low, high), f"{name}: high={high!r} came, a number in")
          for high in (NAN, INF, "a", None)),
        (call(name, "a", 1), f"{name}: low='a' came, a number in"),
        (call(name, low, 3, integer=True), f"{name}: low=0.5 came with integer=True, a whole number is"),
        (call(name, 1, 3.5, integer=True), f"{name}: high=3.5 came with integer=True, a whole number is"),
    ]


def outside(name, *args):
    return [(at(u, name, *args), rf"{name}.at: u={u!r} came, a number in \[0, 1\] is needed")
            for u in (-1, 1.5, NAN, "a", None)]


def searches(name, counts):
    where = "coarse_to_fine" if name == "random_search" else name
    return [
        *((search(name, **{"trials": 3, what: n}), f"{where}: {what}={n} came, at least {least} is needed")
          for what, least in counts.items() for n in {least - 1, -2}),
        *((search(name, **{"trials": 3, what: n}), f"{where}: {what}={n!r} came, a whole number is needed")
          for what in counts for n in (1.5, "3", None, True)),
        *((search(name, 3, space=space),
           f"{where}: space .* came, {{name: Uniform, LogUniform or Choice}} is")
          for space in ({"a": (0, 1)}, {"a": 3}, {}, [], "a", 3)),
        *((search(name, 3, f=lambda settings, value=value: value),
           r"search: f\(.*\) is .*, one number is needed")
          for value in (None, "low", [1.0, 2.0])),
    ]


COLUMNS = {"a": "relu", "b": [], "c": 3, "d": None}

ERRORS = {
    "Uniform": ends("Uniform"),
    "LogUniform": [
        *ends("LogUniform"),
        *((call("LogUniform", low, 1), rf"LogUniform: low={low} came, a number in \(0, inf\) is needed")
          for low in (0, -1)),
    ],
    "Choice": [
        (call("Choice", ()), "Choice: options: 0 came, needed: at least 1"),
        *((call("Choice", options), f"Choice: options: {options!r} came, several are needed")
          for options in ("relu", None, 3)),
    ],
    "Uniform.at": outside("Uniform", 0, 1),
    "LogUniform.at": outside("LogUniform", 1, 2),
    "Choice.at": outside("Choice", (1, 2)),
    "best": [
        (call("best", []), "best: trials: 0 came, needed: at least 1"),
        (call("best", [3.0]), "best: trials: 3.0 came, several of type Trial are needed"),
        (call("best", None), "best: trials: None came, several of type Trial are needed"),
    ],
    "grid_search": [
        *((call("grid_search", lambda s: 1.0, values),
           r"grid_search: values .* came, {name: \[value, ...\]} is")
          for values in ({}, [1, 2], "ab", None)),
        *((call("grid_search", lambda s: 1.0, {name: column}),
           f"grid_search: {name}: .* came, (several|needed:)")
          for name, column in COLUMNS.items()),
        (call("grid_search", lambda s: None, {"a": [1]}), r"search: f\({'a': 1}\) is None, one number is"),
    ],
    "random_search": searches("random_search", {"trials": 0}),
    "coarse_to_fine": [
        *searches("coarse_to_fine", {"trials": 0, "rounds": 1}),
        *((search("coarse_to_fine", 3, shrink=shrink),
           r"coarse_to_fine: shrink=.* came, a number in \(0, 1\]")
          for shrink in (0, 1.5, -1, NAN, "a", None)),
    ],
    "bayesian_search": searches("bayesian_search", {"trials": 0, "initial": 0, "candidates": 1}),
    "expected_improvement": [
        (call("expected_improvement", np.ones(3), np.ones(2), 0.0),
         r"expected_improvement: mean \(3,\) and std \(2,\) came, one shape and std >= 0 are needed"),
        *((call("expected_improvement", np.ones(2), [1.0, std], 0.0), "expected_improvement: .* std >= 0 are")
          for std in (-1.0, NAN)),
        *((call("expected_improvement", np.ones(2), np.ones(2), b),
           r"expected_improvement: best=.* in \(-inf, inf")
          for b in (NAN, INF, "a", None)),
        (call("expected_improvement", "a", 1.0, 0.0), "expected_improvement: mean of <U1 came, real numbers"),
        (call("expected_improvement", 1.0, None, 0.0),
         "expected_improvement: std of object came, real numbers"),
    ],
    "GaussianProcess": [
        *((call("GaussianProcess", **{name: value}),
           rf"GaussianProcess: {name}=.* came, a number in \(0, inf\)")
          for name in ("length_scale", "noise") for value in (0, -1, NAN, INF, "a", None)),
        *((call("GaussianProcess", kernel=kernel),
           f"GaussianProcess: kernel={kernel!r} came, 'matern' or 'rbf'")
          for kernel in ("linear", None)),
    ],
    "GaussianProcess.fit": [
        (fitted("fit", np.ones(3), np.ones(3)), r"GaussianProcess.fit: x \(3,\) came, \(n, d\) is needed"),
        (fitted("fit", np.ones((3, 2)), np.ones(2)), r"GaussianProcess.fit: y \(2,\) came, \(3,\) is needed"),
        (fitted("fit", [[1.0, NAN]], [1.0]), "GaussianProcess.fit: x with nan or inf came, finite numbers"),
        (fitted("fit", [[1.0]], [INF]), "GaussianProcess.fit: y with nan or inf came, finite numbers"),
        (fitted("fit", [["a"]], [1.0]), "GaussianProcess.fit: x of <U1 came, real numbers are needed"),
    ],
    "GaussianProcess.predict": [
        (fitted("predict", np.ones(3)), r"GaussianProcess.predict: x \(3,\) came, \(m, 3\) is needed"),
        (fitted("predict", np.ones((3, 2))), r"GaussianProcess.predict: x \(3, 2\) came, \(m, 3\) is needed"),
        (fitted("predict", None), "GaussianProcess.predict: x of object came, real numbers are needed"),
    ],
    "k_fold": [
        *((call("k_fold", n, 2), f"k_fold: n={n} came, at least 2 is needed") for n in (1, 0, -3)),
        *((call("k_fold", 6, k), f"k_fold: k={k} came, between 2 and 6 is needed") for k in (1, 7, 0, -1)),
        *((call("k_fold", n, k), "k_fold: [nk]=.* came, a whole number is needed")
          for n, k in ((6.0, 2), (6, 2.0), ("6", 2), (6, None), (NAN, 2))),
        (call("k_fold", 6, 2, np.zeros(5)), r"k_fold: labels \(5,\) came, \(6,\) is needed"),
    ],
}
