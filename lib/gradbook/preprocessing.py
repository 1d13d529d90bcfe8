"""Inputs brought to one scale: standardized, projected on principal components, whitened.

Statistics are estimated once, by fit(x_train); transform only uses them, so that test data never shape what
they are tested with. x: arrays (n, d), an example a row; results are float64. fit returns the object.
transform before fit raises RuntimeError; x of another shape, or not finite in fit, ValueError.
"""

import numpy as np

from .arguments import numbers, real, whole


class _Transform:
    """A subclass gives _estimate(centred x_train), which keeps statistics, and _apply(centred x)."""

    mean = None

    def fit(self, x):
        x = numbers(f"{type(self).__name__}.fit: x", x, "(n, d)", finite=True)
        if not x.size:
            raise ValueError(f"{type(self).__name__}.fit: x {x.shape} came, at least one example is needed")
        self.mean = x.mean(axis=0)                                       # (d,)
        self._estimate(x - self.mean)
        return self

    def transform(self, x):
        return self._apply(self._checked(x, "transform", "mean") - self.mean)

    def fit_transform(self, x):
        """fit(x).transform(x): for the training data, and for no other."""
        return self.fit(x).transform(x)

    def _checked(self, x, caller, columns):
        """x as floats, with as many columns as the statistic of that name has rows."""
        if self.mean is None:
            raise RuntimeError(f"{type(self).__name__}.{caller}: fit(x_train) comes first")
        return numbers(f"{type(self).__name__}.{caller}: x", x, f"(n, {len(getattr(self, columns))})")


class Standardize(_Transform):
    """z = (x - μ) / σ for each feature, with the training data's mean μ and standard deviation σ.

    σ² = 1/n Σ (x - μ)², biased. A feature that is constant, up to rounding, is only centred: σ = 1 there.
    mean, std: (d,).   Equal to sklearn's StandardScaler.
    """

    def _estimate(self, centred):
        n, variance = len(centred), (centred**2).mean(axis=0)
        rounding = n * np.finfo(float).eps * variance + (n * self.mean * np.finfo(float).eps) ** 2
        self.std = np.where(variance <= rounding, 1.0, np.sqrt(variance))

    def _apply(self, centred):
        return centred / self.std

    def inverse_transform(self, z):
        return self._checked(z, "inverse_transform", "mean") * self.std + self.mean


class PCA(_Transform):
    """z = V (x - μ), the rows of V being the k orthonormal directions in which x varies most.

    components: V (k, d), the entry of largest size of each positive.   variances: (k,), descending, unbiased,
    1/(n-1) Σ z².   n_components: k, all min(n, d) unless given.
    From the singular values s of the centred x = U diag(s) Vᵀ, as variances = s² / (n-1), not from xᵀx, which
    would square the condition number.   Equal to sklearn's PCA with svd_solver="full".
    """

    def __init__(self, n_components=None):
        self.n_components = n_components

    def _estimate(self, centred):
        most = min(centred.shape)
        k = most if self.n_components is None else whole("PCA: n_components", self.n_components, 1, most)
        _, s, v = np.linalg.svd(centred, full_matrices=False)
        signs = np.sign(v[np.arange(len(v)), np.abs(v).argmax(axis=1)])
        self.components = (v * signs[:, None])[:k]
        self.variances = s[:k] ** 2 / max(len(centred) - 1, 1)

    def _apply(self, centred):
        return centred @ self.components.T

    def inverse_transform(self, z):
        """The point of the k-dimensional plane, (n, d): x itself if k = d."""
        return self._checked(z, "inverse_transform", "components") @ self.components + self.mean


class Whiten(_Transform):
    """z = W (x - μ), whose covariance on the training data, 1/(n-1) Σ z zᵀ, is I.

    kind: "pca", W = Λ^{-1/2} V of the PCA's components V and variances Λ;   or "zca", W = Vᵀ Λ^{-1/2} V, the
    symmetric one, whose z is closest to x.   matrix: W.   eps: added to Λ, so that directions of hardly any
    variance are not blown up to noise; those of none, up to rounding, become 0.
    Source: Bell & Sejnowski 1997 (zca).
    """

    def __init__(self, kind="pca", eps=0.0):
        if not isinstance(kind, str) or kind not in ("pca", "zca"):
            raise ValueError(f"Whiten: kind={kind!r} came, 'pca' or 'zca' is needed")
        self.kind, self.eps = kind, real("Whiten: eps", eps, "[0, inf)")

    def _estimate(self, centred):
        pca = PCA().fit(centred)
        none = pca.variances <= pca.variances[0] * (max(centred.shape) * np.finfo(float).eps) ** 2
        scale = np.where(none, 0, 1 / np.sqrt(np.where(none, 1, pca.variances + self.eps)))
        w = scale[:, None] * pca.components
        self.matrix = pca.components.T @ w if self.kind == "zca" else w

    def _apply(self, centred):
        return centred @ self.matrix.T
