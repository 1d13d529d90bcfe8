"""What gradbook.preprocessing says of mistakes."""

import numpy as np

X = np.random.default_rng(0).normal(size=(7, 3))


def made(name, *args, x=X):
    return lambda T: getattr(T.preprocessing, name)(*args).fit(x)


def used(name, method, x):
    """A method of the object fitted to X, called on x."""
    return lambda T: getattr(getattr(T.preprocessing, name)().fit(X), method)(x)


def of_arrays(name, method, shape):
    where = f"{name}.{method.replace('fit_transform', 'fit')}: x"
    return [
        (used(name, method, X[0]), rf"{where} \(3,\) came, {shape} is needed"),
        (used(name, method, [["a"]]), f"{where} of <U1 came, real numbers are needed"),
        (used(name, method, X * 1j), f"{where} of complex128 came, real numbers are needed"),
        (used(name, method, None), f"{where} of object came, real numbers are needed"),
        (used(name, method, [[1.0], [2.0, 3.0]]), f"{where} came in parts of unequal shapes"),
    ]


ERRORS = {name: [] for name in ("Standardize", "PCA", "Whiten")}
for _name in list(ERRORS):
    for _method in ("fit", "fit_transform"):
        ERRORS[f"{_name}.{_method}"] = [
            *of_arrays(_name, _method, r"\(n, d\)"),
            (used(_name, _method, X[:0]), rf"{_name}.fit: x \(0, 3\) came, at least one example is needed"),
            (used(_name, _method, [[1.0, np.nan]]), f"{_name}.fit: x with nan or inf came, finite numbers"),
            (used(_name, _method, [[1.0, np.inf]]), f"{_name}.fit: x with nan or inf came, finite numbers"),
        ]
    for _method in ("transform", "inverse_transform"):
        if (_name, _method) != ("Whiten", "inverse_transform"):
            ERRORS[f"{_name}.{_method}"] = [
                *of_arrays(_name, _method, r"\(n, 3\)"),
                (used(_name, _method, X[:, :2]), rf"{_name}.{_method}: x \(7, 2\) came, \(n, 3\) is needed"),
            ]
    ERRORS[_name] = [(made(_name, x=X[0]), rf"{_name}.fit: x \(3,\) came, \(n, d\) is needed")]
ERRORS["PCA"] += [
    *((made("PCA", k), f"PCA: n_components={k} came, between 1 and 3 is needed") for k in (0, 4, -1)),
    *((made("PCA", k), f"PCA: n_components={k!r} came, a whole number is needed") for k in (1.5, "2", True)),
]
ERRORS["Whiten"] += [
    (made("Whiten", "ica"), "Whiten: kind='ica' came, 'pca' or 'zca' is needed"),
    (made("Whiten", None), "Whiten: kind=None came"),
    *((made("Whiten", "pca", eps), rf"Whiten: eps={eps!r} came, a number in \[0, inf\) is needed")
      for eps in (-1, float("nan"), float("inf"), "1", None)),
]
