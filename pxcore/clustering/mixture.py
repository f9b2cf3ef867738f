"""A Gaussian mixture as plain arrays: fitted by scikit-learn, asked with our own arithmetic."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pxcore.clustering.params import ClusterParams, Covariance
from pxcore.types import Array, frozen


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """K Gaussians: the density of a point is the sum of theirs, weighted.

    ::

        log p_k(x) = log w_k + Σ log diag(R_k) - (d/2) log 2π - |(x - m_k) R_k|² / 2

    with ``R_k`` a root of the inverse covariance. One root for all clusters (tied) is kept once.
    """

    weights: Array
    """(K,) float64, sum 1"""
    means: Array
    """(K, d) float64"""
    roots: Array
    """(K or 1, d, d) float64"""
    free: int
    """Numbers that were fitted, for BIC."""
    kind: ClassVar[str] = "mixture"

    def __post_init__(self) -> None:
        frozen(self, "weights", "means", "roots")

    @property
    def n_clusters(self) -> int:
        """K."""
        return len(self.weights)

    def log_parts(self, points: Array) -> Array:
        """Return (n, K) float64: the logarithm of each Gaussian's part of the density."""
        n_axes = self.means.shape[1]
        parts = np.empty((len(points), self.n_clusters))
        for k in range(self.n_clusters):
            root = self.roots[k % len(self.roots)]
            away = (points - self.means[k]) @ root  # (n, d)
            size = np.log(np.diagonal(root)).sum()
            constant = np.log(self.weights[k]) + size - 0.5 * n_axes * np.log(2 * np.pi)
            parts[:, k] = constant - 0.5 * np.square(away).sum(axis=1)
        return parts

    def log_likelihood(self, points: Array) -> float:
        """Return the logarithm of the density of all points together."""
        return float(_log_sum(self.log_parts(points)).sum())

    def probabilities(self, points: Array) -> Array:
        """Return (n, K) float64: how likely each point came from each Gaussian."""
        parts = self.log_parts(points)
        found: Array = np.exp(parts - _log_sum(parts)[:, None])
        return found

    def bic(self, points: Array) -> float:
        """Return ``free · ln n - 2 · log likelihood``: smaller is better."""
        return self.free * float(np.log(len(points))) - 2.0 * self.log_likelihood(points)

    def arrays(self) -> dict[str, Array]:
        """Return what makes it again, as plain arrays."""
        named = {name: getattr(self, name) for name in ("weights", "means", "roots")}
        return named | {"free": np.asarray(self.free, dtype=np.int64)}


def fit_mixture(points: Array, n_clusters: int, params: ClusterParams) -> Mixture:
    """Return the best of ``n_init`` mixtures, each started by k-means from the seed.

    Parameters
    ----------
    points
        (n, d) float64 with n at least ``n_clusters``.
    """
    from sklearn.mixture import GaussianMixture  # noqa: PLC0415 - half a second to load

    scale = float(points.var(axis=0).mean())
    model = GaussianMixture(
        n_clusters,
        covariance_type=params.covariance,
        reg_covar=max(params.regularise * scale, 1e-12),
        n_init=params.n_init,
        max_iter=500,
        random_state=params.seed,
    )
    with unsettled_is_fine():
        model.fit(points)
    order = np.argsort(-model.weights_, kind="stable")  # the largest cluster is the first
    d = points.shape[1]
    return Mixture(
        weights=model.weights_[order],
        means=model.means_[order],
        roots=_roots(model.precisions_cholesky_, params.covariance, order),
        free=_free(n_clusters, d, params.covariance),
    )


@contextmanager
def unsettled_is_fine() -> Iterator[None]:
    """Let what did not settle be used as it is: a start may be the worst of several."""
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415 - half a second to load

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def _roots(found: Array, covariance: Covariance, order: Array) -> Array:
    """Return (K or 1, d, d) upper triangular roots of what scikit-learn keeps for each kind."""
    if covariance == "tied":
        return found[None]
    if covariance == "full":
        chosen: Array = found[order]
        return chosen
    return np.stack([np.diag(row) for row in found[order]])


def _free(k: int, d: int, covariance: Covariance) -> int:
    """Return how many numbers a mixture fits: weights, means and covariances.

    >>> _free(3, 2, "tied"), _free(3, 2, "diag"), _free(3, 2, "full")
    (11, 14, 17)
    """
    triangle = d * (d + 1) // 2
    shapes = {"tied": triangle, "diag": k * d, "full": k * triangle}[covariance]
    return k - 1 + k * d + shapes


def _log_sum(parts: Array) -> Array:
    """Return (n,) log Σ exp over clusters, without overflow."""
    top = parts.max(axis=1)
    found: Array = top + np.log(np.exp(parts - top[:, None]).sum(axis=1))
    return found
