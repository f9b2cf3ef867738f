"""The methods paragraph of a clustering, for a paper: from its settings, not from memory."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature

from pxcore import __version__
from pxcore.clustering.chance import DRAWS, chance
from pxcore.clustering.params import SHARE, ClusterParams
from pxcore.clustering.stability import stability
from pxcore.clustering.verdict import ABOVE
from pxcore.plots.numbers import count
from pxcore.plots.text import one_line
from pxcore.reports import citations
from pxcore.reports.methods_text import cited
from pxcore.types.unlabelled_views import ClusterResult

__all__ = ["clustering_methods"]

_SHAPES = {"tied": "one shape for all clusters", "diag": "a shape along the axes for each cluster",
           "full": "a shape of its own for each cluster"}  # fmt: skip
_PLACED = {
    "whitened": "standardised, turned to their {components} main directions at most and whitened",
    "raw": "taken as they are",
    "umap": "mapped to two dimensions by UMAP",
    "birch": "taken as they are",
}


def clustering_methods(found: ClusterResult) -> str:
    """Return what was done, with settings, seed, the data's fingerprint and citations."""
    told = dict(found.details)
    parts = (
        _cells(found),
        _encoder(found),
        _codes(found),
        _trust(found),
        _beside(found),
        f"Random seed: {found.ask.seed}. Device: {told.get('Device', 'not noted')}.",
        cited(_sources(found)),
    )
    return " ".join(part for part in parts if part)


def _cells(found: ClusterResult) -> str:
    dataset, planes = found.dataset, found.planes
    _, height, width = dataset.image_shape
    kinds = [
        count(planes.pictures, "channel") if planes.pictures else "",
        f"{count(planes.volumes, 'volume')} of {planes.depth} slices" if planes.volumes else "",
    ]
    centred = " Each cell was moved to the middle of its frame by its outline."
    return (
        f"The {count(dataset.n_cells, 'cell')} of the data set {one_line(dataset.title)} "
        f"(fingerprint of pixels and labels {dataset.id}; "
        f"{' and '.join(filter(None, kinds))}, {height} x {width} pixels) were clustered without "
        f"labels with pxcore {__version__}.{centred if found.centred else ''}"
    )


def _encoder(found: ClusterResult) -> str:
    told = dict(found.details)
    network = told.get("Autoencoder", found.ask.model)
    if "Encoder" in told:
        return f"Codes are of the encoder {told['Encoder']} ({network})."
    refined = (
        " A second training gathered the codes around the clusters found first (clustering loss; "
        f"{told.get('Refinement', 'settings not noted')})."
    )
    return (
        f"Codes are of the autoencoder {network}, trained to draw cells again "
        f"({told.get('Training', 'settings not noted')}); one in five cells was kept from training "
        f"to choose its epoch.{refined if found.ask.refine else ''}"
    )


def _codes(found: ClusterResult) -> str:
    ask = found.ask
    placed = _PLACED.get(ask.variant, ask.variant).format(components=ask.components)
    k = len(found.sizes)
    if ask.variant == "birch":
        return f"Codes were {placed} and given to BIRCH ({count(k, 'cluster')}, as asked for)."
    many = f"{k} as asked for"
    if found.bic:
        first, last = found.bic[0][0], found.bic[-1][0]
        many = f"{k} by the smallest BIC of {first} to {last}"
    return (
        f"Codes were {placed} and given to a Gaussian mixture with {_SHAPES[ask.covariance]} "
        f"({ClusterParams().n_init} starts; number of clusters: {many})."
    )


def _trust(found: ClusterResult) -> str:
    nuisance = (
        " Place and size of cells were asked for the clusters by a classifier, on cells left out."
    )
    mapped = " and mapped anew" if found.ask.variant == "umap" else ""
    return (
        f"The clustering was repeated with {_seeds(stability)} seeds, each on {SHARE:.0%} of the "
        "cells; agreement is the mean adjusted Rand index of all pairs. The same was done, with "
        f"{_seeds(chance)} seeds, on as many points drawn without clusters{mapped}: "
        f"{count(DRAWS, 'draw')} of one Gaussian with the mean and covariance of those clustered, "
        f"and {count(DRAWS, 'draw')} of independent directions (turned to be least Gaussian) with "
        "one hump each (moved lognormals), as skewed as theirs. Clusters are called chance unless "
        f"their agreement is at least the largest of these {2 * DRAWS} plus {ABOVE:.0%} of what "
        f"that lacks to 1.{nuisance if found.trust.nuisance_together is not None else ''}"
    )


def _seeds(procedure: Callable[..., object]) -> int:
    """Return how many seeds a procedure takes where it is not told."""
    return len(signature(procedure).parameters["seeds"].default)


def _beside(found: ClusterResult) -> str:
    told = []
    if found.rankings:
        how = {
            "permute_cells": "the channel of another cell",
            "permute_pixels": "its own pixels permuted",
        }
        ways = " or ".join(how.get(one.method, one.label) for one in found.rankings)
        told.append(
            f"Channels were ranked on the clusters by giving each cell {ways}, encoding it again "
            "and asking for its cluster: 1 - F1 (macro) against the clusters before, with 95 % "
            "bootstrap intervals over cells."
        )
    if found.has_maps:
        told.append(
            "A classifier of the clusters was trained on the frozen encoder; where it looked is "
            "Grad-CAM at the encoder's last convolution."
        )
    if found.mask_folds:
        told.append(
            f"Masks of such maps were classified in {len(found.mask_folds)}-fold "
            "cross-validation, and once more with clusters dealt at random."
        )
    if found.against is not None:
        told.append("Known classes were held against the clusters afterwards (Hungarian matching).")
    return " ".join(told)


def _sources(found: ClusterResult) -> tuple[str, ...]:
    """Return what to cite for what was done."""
    return tuple(
        source
        for source, done in (
            (citations.CLUSTERS, True),
            (citations.REFINED, found.ask.refine),
            (citations.BIC, bool(found.bic)),
            (citations.ADJUSTED_RAND, True),
            (citations.SKEWED, True),
            (citations.INDEPENDENT, True),
            (citations.METHODS["permute_cells"], bool(found.rankings)),
            (citations.PXPERMUTE, any(r.method == "permute_pixels" for r in found.rankings)),
            (citations.GRADCAM, found.has_maps),
            (citations.TSNE, True),
        )
        if done
    )
