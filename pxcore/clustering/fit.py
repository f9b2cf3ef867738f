"""From codes to a clustering: the variants, and how many clusters there are."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from pxcore.clustering.clusters import Clustering
from pxcore.clustering.mixture import Mixture, fit_mixture
from pxcore.clustering.params import ClusterParams, checked
from pxcore.clustering.placing import Affine, Nearest, as_they_are, whitening
from pxcore.clustering.subclusters import Subclusters, fit_birch
from pxcore.errors import ClusteringError
from pxcore.registry import Registry
from pxcore.types import Array

_CELLS_A_CLUSTER = 2
"""BIC tries no more clusters than leave so many cells for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way from codes to clusters."""

    id: str
    label: str
    summary: str
    place: Callable[[Array, ClusterParams], tuple[Affine | Nearest, Array]]
    """Codes -> the way to points, and the points of these codes."""
    assign: Callable[[Array, int, ClusterParams], Mixture | Subclusters]
    has_bic: bool = True
    """False where no likelihood says how many clusters there are."""


def cluster(codes: Array, params: ClusterParams | None = None) -> Clustering:
    """Return the clusters of codes (n, L), a row a cell.

    With ``n_clusters`` None as many as BIC likes best; the curve comes with it.

    Raises
    ------
    ClusteringError
        For codes that cannot be clustered (too few cells, all the same, fewer than clusters), an
        unknown or missing variant, or a variant that cannot say how many clusters there are.
    """
    params = params or ClusterParams()
    variant, found = VARIANTS[params.variant], checked(codes, params)
    placing, points = variant.place(found, params)
    if params.n_clusters is not None:
        assigner = variant.assign(points, params.n_clusters, params)
        return _made(params, placing, assigner, ())
    if not variant.has_bic:
        message = (
            f"{variant.label} cannot say how many clusters there are; expected a number: ask for "
            "some, or let BIC choose with the variant whitened"
        )
        raise ClusteringError(message)
    tried = _by_bic(points, params)
    best = min(tried, key=lambda one: one[1])[0]
    return _made(params, placing, best, tuple((m.n_clusters, bic) for m, bic in tried))


def bic_curve(codes: Array, params: ClusterParams | None = None) -> tuple[tuple[int, float], ...]:
    """Return (number of clusters, BIC) from 1 to ``max_clusters``; the smallest BIC is best.

    Source: Schwarz, Estimating the dimension of a model, Annals of Statistics 6, 1978.
    """
    params = replace(params or ClusterParams(), n_clusters=None)
    return cluster(codes, params).bic


def _by_bic(points: Array, params: ClusterParams) -> list[tuple[Mixture, float]]:
    """Return the mixture of every number of clusters with its BIC."""
    most = max(1, min(params.max_clusters, len(points) // _CELLS_A_CLUSTER))
    mixtures = [fit_mixture(points, k, params) for k in range(1, most + 1)]
    return [(mixture, mixture.bic(points)) for mixture in mixtures]


def _made(
    params: ClusterParams,
    placing: Affine | Nearest,
    assigner: Mixture | Subclusters,
    bic: tuple[tuple[int, float], ...],
) -> Clustering:
    return Clustering(
        variant=params.variant, placing=placing, assigner=assigner, bic=bic, seed=params.seed
    )


def _whitened(codes: Array, params: ClusterParams) -> tuple[Affine, Array]:
    placing = whitening(codes, params.components)
    return placing, placing.points(codes)


def _raw(codes: Array, params: ClusterParams) -> tuple[Affine, Array]:
    del params
    placing = as_they_are(codes)
    return placing, codes


def _umap(codes: Array, params: ClusterParams) -> tuple[Nearest, Array]:
    """Return the two-dimensional map of standardised codes.

    Source: McInnes, Healy and Melville, UMAP, 2018; clustered so in the translocation set of Zhang
    et al. 2023. We differ in how further cells are placed: see :class:`Nearest`.
    """
    if importlib.util.find_spec("umap") is None:
        message = (
            "the variant umap needs the package umap-learn, which is not installed here; choose "
            "the variant whitened, or have it installed"
        )
        raise ClusteringError(message)
    umap = importlib.import_module("umap")
    shift, spread = codes.mean(axis=0), codes.std(axis=0)
    scale = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
    known = (codes - shift) * scale
    neighbours = min(15, len(codes) - 1)
    mapped = umap.UMAP(n_components=2, n_neighbors=neighbours, random_state=params.seed)
    places = np.asarray(mapped.fit_transform(known), dtype=np.float64)
    return Nearest(known, shift, scale, places), places


VARIANTS: Registry[Variant] = Registry(
    "clustering variant",
    [
        Variant(
            id="whitened",
            label="Whitened codes, Gaussian mixture",
            summary="Main directions of the standardised codes, each with the same say.",
            place=_whitened,
            assign=fit_mixture,
        ),
        Variant(
            id="raw",
            label="Raw codes, Gaussian mixture",
            summary="The codes as they are, as published for blood cells; what spreads most rules.",
            place=_raw,
            assign=fit_mixture,
        ),
        Variant(
            id="umap",
            label="UMAP, Gaussian mixture",
            summary="A two-dimensional map of the codes, as published for translocation.",
            place=_umap,
            assign=fit_mixture,
        ),
        Variant(
            id="birch",
            label="Raw codes, BIRCH",
            summary="A tree of small groups joined to clusters, as published for leukaemia.",
            place=_raw,
            assign=fit_birch,
            has_bic=False,
        ),
    ],
    ClusteringError,
)
