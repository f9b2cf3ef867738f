"""How stable clusters are of codes that have none: what agreement of seeds must exceed.

A cloud without parts is not wholly unstable when it is parted, and the less it is a Gaussian the
more: one long tail is cut off at much the same place again and again. So two laws are drawn from,
each several times: one Gaussian, and independent directions of one hump, each as skewed as the
codes are there.

Not drawn from: the directions as they are, each permuted on its own. That keeps the gaps between
clusters that lie along a direction, as the main ones of an encoder's codes do, and such clusters
would be refused for being found in their own remains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pxcore.clustering.clusters import Clustering
from pxcore.clustering.mixture import unsettled_is_fine
from pxcore.clustering.params import ClusterParams
from pxcore.clustering.placing import Affine, whitening
from pxcore.clustering.stability import agreement
from pxcore.types import Array

DRAWS = 3
"""Of each law. The largest agreement counts: one draw alone may be stable or not."""
_NULL = 1_000_003
"""Added to a seed for draws without clusters."""
_TURNED = 20
"""Main directions that are turned to the least Gaussian ones, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChanceStability:
    """Mean agreement of seeds on each draw without clusters."""

    gaussian: tuple[float, ...]
    skewed: tuple[float, ...]

    @property
    def most(self) -> float:
        """The largest of all: what agreement must exceed to mean anything."""
        return max(*self.gaussian, *self.skewed)


def chance(
    codes: Array,
    clustering: Clustering,
    params: ClusterParams,
    seeds: Sequence[int] = range(3),
    draws: int = DRAWS,
) -> ChanceStability:
    """Return how alike the clusters of several seeds are where there are no clusters.

    Clouds take the place of the points that were clustered. Of a UMAP, which makes clumps of any
    cloud, they take the place of the codes and go through the map themselves.

    Parameters
    ----------
    codes
        (n, L), as they were clustered.
    seeds
        As for :func:`pxcore.clustering.stability.stability`; at least two.
    draws
        Of each law, at least one.
    """
    mapped = not isinstance(clustering.placing, Affine)
    points = np.asarray(codes, dtype=np.float64) if mapped else clustering.points(codes)
    variant = params.variant if mapped or params.variant == "birch" else "raw"
    params = replace(params, n_clusters=clustering.n_clusters, variant=variant)
    rng = np.random.default_rng([params.seed, _NULL])
    shape = _shape_of(points, params.seed)

    return ChanceStability(
        gaussian=tuple(agreement(shape.gaussian(rng), params, seeds) for _ in range(draws)),
        skewed=tuple(agreement(shape.skewed(rng), params, seeds) for _ in range(draws)),
    )


def one_hump(skewness: float, n: int, rng: np.random.Generator) -> Array:
    """Return (n,) numbers of mean 0 and variance 1 with one hump and this skewness.

    A lognormal moved and mirrored to fit; near 0 it is the Gaussian.

    Source: Johnson, Systems of frequency curves, Biometrika 36, 1949: the lognormal's skewness is
    (w + 2) √(w - 1) with w = exp(σ²), solved for w.
    """
    if abs(skewness) < 1e-3:
        return rng.standard_normal(n)
    half = 1.0 + skewness**2 / 2.0
    root = (half + np.sqrt(half**2 - 1.0)) ** (1.0 / 3.0)
    w = root + 1.0 / root - 1.0
    drawn = np.exp(np.sqrt(np.log(w)) * rng.standard_normal(n))
    found: Array = np.sign(skewness) * (drawn - np.sqrt(w)) / np.sqrt(w * (w - 1.0))
    return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Shape:
    """What clouds share with the points: middle, spread, and skewness along some directions."""

    n: int
    middle: Array
    """(d,)"""
    back: Array
    """(m, d): from independent directions of variance 1 to points."""
    skewness: Array
    """(m,)"""

    def gaussian(self, rng: np.random.Generator) -> Array:
        """Return (n, d) of one Gaussian."""
        found: Array = self.middle + rng.standard_normal((self.n, len(self.back))) @ self.back
        return found

    def skewed(self, rng: np.random.Generator) -> Array:
        """Return (n, d) of independent directions with one hump each."""
        drawn = [one_hump(float(value), self.n, rng) for value in self.skewness]
        found: Array = self.middle + np.column_stack(drawn) @ self.back
        return found


def _shape_of(points: Array, seed: int) -> _Shape:
    """Return the shape of points (n, d).

    Whitened directions are free to turn, and turned they mix: sums of skewed numbers are less
    skewed. So they are turned to where they are least Gaussian (independent components).

    Source: Hyvärinen and Oja, Independent component analysis, Neural Networks 13, 2000.
    """
    placing = whitening(points, points.shape[1])
    white = placing.points(points)  # (n, m)
    turn = np.eye(white.shape[1])
    main = min(_TURNED, white.shape[1])
    if main > 1:
        turn[:main, :main] = _turned(white[:, :main], seed)
    directions = white @ turn.T
    return _Shape(
        n=len(points),
        middle=placing.shift,
        back=turn @ np.linalg.pinv(placing.matrix),
        skewness=np.mean(directions**3, axis=0),
    )


def _turned(white: Array, seed: int) -> Array:
    """Return (m, m) the rotation of white directions (n, m) to independent components."""
    from sklearn.decomposition import FastICA  # noqa: PLC0415 - half a second to load

    model = FastICA(whiten=False, random_state=seed, max_iter=100, tol=1e-3)
    with unsettled_is_fine():
        model.fit(white)
    rotation: Array = model.components_
    return rotation
