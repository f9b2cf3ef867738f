"""What cannot be asked of cells without labels, told before anything is trained."""

from __future__ import annotations

import importlib.util
from typing import get_args

from pxcore.clustering.fit import VARIANTS
from pxcore.clustering.params import (
    LEAST,
    LEAST_CLUSTERS,
    MOST_CLUSTERS,
    SHARE,
    drawn,
    most_clusters,
)
from pxcore.errors import ClusteringError, TrainingError
from pxcore.models.autoencoders import AUTOENCODERS
from pxcore.runs.unlabelled.plan import params_of
from pxcore.types import Dataset
from pxcore.types.unlabelled_ask import ClusterAsk, Covariance, PixelLimits


def refuse(ask: ClusterAsk, dataset: Dataset) -> None:
    """Raise the error for clusters, rankings or maps that these cells cannot have.

    Raises
    ------
    ClusteringError
        For numbers out of range, a single cluster, more clusters than the cells allow, too few
        cells, or a variant that cannot do what is asked.
    TrainingError
        For maps of volumes, or a weight or limits that make no sense.
    """
    _numbers(ask, dataset)
    _training(ask)
    _variant(ask)
    if (ask.maps or ask.check_masks) and not AUTOENCODERS[ask.model].last_map:
        message = (
            f"{ask.model} looks at volumes, of which no map of rows and columns can be drawn; "
            "leave the maps out, or take pictures in"
        )
        raise TrainingError(message)


def _numbers(ask: ClusterAsk, dataset: Dataset) -> None:
    params = params_of(ask)
    if ask.covariance not in get_args(Covariance):
        known = ", ".join(get_args(Covariance))
        message = f"the covariance is {ask.covariance!r}; expected one of {known}"
        raise ClusteringError(message)
    n, again = dataset.n_cells, drawn(dataset.n_cells)
    if again < LEAST:
        least = next(k for k in range(LEAST, 2 * LEAST) if drawn(k) >= LEAST)
        message = f"{n} cells are too few to cluster; expected at least {least}"
        raise ClusteringError(message)
    if params.n_clusters is not None:
        _given(params.n_clusters, n)
    elif params.max_clusters < LEAST_CLUSTERS:
        message = (
            f"at most {params.max_clusters} cluster is to be tried, so BIC has nothing to compare; "
            f"expected at least {LEAST_CLUSTERS}: give such a number, or leave it out for 10"
        )
        raise ClusteringError(message)


def _given(asked: int, n_cells: int) -> None:
    """Raise ClusteringError for a number of clusters that so many cells cannot have."""
    most = most_clusters(n_cells)
    if asked < LEAST_CLUSTERS:
        message = (
            f"{asked} cluster was asked for, which parts nothing; expected {LEAST_CLUSTERS} to "
            f"{most}: give such a number, or have it found (auto, by BIC)"
        )
        raise ClusteringError(message)
    if asked > most:
        why = (
            f"as whether clusters come again is asked of {SHARE:.0%} of the cells"
            if most < MOST_CLUSTERS
            else "as each is to be looked at"
        )
        message = (
            f"{asked} clusters were asked for and {n_cells} cells are given; expected at most "
            f"{most}, {why}: give fewer, or have the number found (auto, by BIC)"
        )
        raise ClusteringError(message)


def _training(ask: ClusterAsk) -> None:
    if ask.limits not in get_args(PixelLimits):
        known = " or ".join(get_args(PixelLimits))
        message = f"the limits of pixels are {ask.limits!r}; expected {known}"
        raise TrainingError(message)
    if not 0.0 <= ask.picture_weight <= 1.0:
        message = f"the weight of pictures is {ask.picture_weight:g}; give a number from 0 to 1"
        raise TrainingError(message)
    both = AUTOENCODERS[ask.model].takes == "both"
    if ask.picture_weight != ClusterAsk(dataset_id="").picture_weight and not both:
        message = (
            f"the weight of pictures is {ask.picture_weight:g}, but {ask.model} does not look at "
            "pictures and volumes together, so nothing is weighed: leave the weight out, or take "
            "dcae_fused"
        )
        raise TrainingError(message)


def _variant(ask: ClusterAsk) -> None:
    variant = VARIANTS[ask.variant]
    if ask.clusters is None and not variant.has_bic:
        message = (
            f"{variant.label} cannot say how many clusters there are; expected a number: ask for "
            "some, or let BIC choose with the variant whitened"
        )
        raise ClusteringError(message)
    if ask.variant == "umap" and importlib.util.find_spec("umap") is None:
        message = (
            "the variant umap needs the package umap-learn, which is not installed here; choose "
            "the variant whitened, or have it installed"
        )
        raise ClusteringError(message)
    if ask.variant == "umap" and ask.rank:
        message = (
            "a UMAP has no formula, so channels cannot be ranked on its clusters; choose the "
            "variant whitened, or leave the ranking out"
        )
        raise ClusteringError(message)
    if ask.refine and ask.variant not in ("whitened", "raw"):
        message = (
            f"clusters of the variant {ask.variant} have no centres to gather codes around; refine "
            "with the variant whitened or raw"
        )
        raise ClusteringError(message)
