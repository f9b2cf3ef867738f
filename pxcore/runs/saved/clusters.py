"""Codes, and the clusters of codes: ``codes.npz``; ``clustering.npz``, ``cells.npz``, JSON."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pxcore.clustering.clusters import Clustering
from pxcore.runs.saved.text import from_file, to_text
from pxcore.types import Array, frozen
from pxcore.types.unlabelled import Nuisance
from pxcore.types.unlabelled_views import ClusterTrust

CODES, CLUSTERING, CELLS, FOUND = "codes.npz", "clustering.npz", "cells.npz", "found.json"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StoredCodes:
    """Codes of all cells with what a clustering is held against."""

    codes: Array
    """(N, L) float32"""
    brightness: Array
    """(N, P) float32: mean of each plane, in stored units."""
    nuisance: Nuisance
    """Where each cell lies in its frame as stored, and how large and bright it is."""

    may_centre: bool = False
    """The cells have outlines, and were left where they lie."""

    def __post_init__(self) -> None:
        frozen(self, "codes", "brightness")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterStory:
    """What was found, in numbers and words."""

    sizes: tuple[int, ...]
    bic: tuple[tuple[int, float], ...]
    trust: ClusterTrust
    galleries: tuple[tuple[int, ...], ...]
    counterpart: tuple[int, ...]
    """Clusters of the encoder's own data set; empty where it is this one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClusteredCells:
    """What was found for each cell."""

    cluster: Array
    """(N,) int64"""
    posterior: Array
    """(N,) float32"""
    places: Array
    """(M, 2) float32"""
    place_rows: Array
    """(M,) int64"""

    def __post_init__(self) -> None:
        frozen(self, "cluster", "posterior", "places", "place_rows")


def save_codes(folder: Path, stored: StoredCodes) -> None:
    """Write codes."""
    np.savez(
        folder / CODES,
        codes=stored.codes,
        brightness=stored.brightness,
        nuisance=stored.nuisance.values,
        names=np.array(stored.nuisance.names, dtype=np.str_),
        may_centre=np.asarray(stored.may_centre),
    )


def load_codes(folder: Path) -> StoredCodes:
    """Return codes."""
    with np.load(folder / CODES, allow_pickle=False) as arrays:
        names = tuple(str(name) for name in arrays["names"])
        return StoredCodes(
            codes=arrays["codes"],
            brightness=arrays["brightness"],
            nuisance=Nuisance(names=names, values=arrays["nuisance"]),
            may_centre=bool(arrays["may_centre"]) if "may_centre" in arrays else False,
        )


def load_brightness(folder: Path) -> Array:
    """Return (N, P) float32 without reading the codes."""
    with np.load(folder / CODES, allow_pickle=False) as arrays:
        brightness: Array = arrays["brightness"]
        return brightness


def save_clusters(
    folder: Path, clustering: Clustering, cells: ClusteredCells, story: ClusterStory
) -> None:
    """Write a clustering with what it says of each cell."""
    np.savez(folder / CLUSTERING, allow_pickle=False, **clustering.to_arrays())
    np.savez_compressed(
        folder / CELLS,
        cluster=cells.cluster,
        posterior=cells.posterior,
        places=cells.places,
        place_rows=cells.place_rows,
    )
    (folder / FOUND).write_text(to_text(story), encoding="utf-8")


def load_clustering(folder: Path) -> Clustering:
    """Return what gives codes to clusters. Raises ClusteringError for another version's."""
    with np.load(folder / CLUSTERING, allow_pickle=False) as arrays:
        return Clustering.from_arrays(dict(arrays))


def load_clustered(folder: Path) -> ClusteredCells:
    """Return what was found for each cell."""
    with np.load(folder / CELLS, allow_pickle=False) as arrays:
        return ClusteredCells(
            cluster=arrays["cluster"],
            posterior=arrays["posterior"],
            places=arrays["places"],
            place_rows=arrays["place_rows"],
        )


def load_cluster_story(folder: Path) -> ClusterStory:
    """Return what was found, in numbers and words."""
    return from_file(ClusterStory, folder / FOUND)
