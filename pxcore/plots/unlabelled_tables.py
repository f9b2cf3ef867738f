"""The tables of a clustering, whole: behind its page's figures and in its report's archive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import pandas as pd

from pxcore.plots import unlabelled_figures as figures
from pxcore.plots.unlabelled_codes import codes_table, names_of
from pxcore.types.unlabelled_views import ClusterResult

Table = tuple[str, Callable[[], pd.DataFrame]]
"""What a table is called, and what makes it."""


def cluster_tables(result: ClusterResult) -> Mapping[str, Table]:
    """Return every table there is, by the name of its file.

    ``clusters`` and ``codes`` (a row a cell) always; the others where they were asked for.
    """
    names, match = names_of(result), result.against
    found: dict[str, Table] = {
        "clusters": ("Clusters", partial(sizes_table, result)),
        "codes": ("Every cell and its cluster", partial(codes_table, result)),
        "loss": ("Training loss", partial(figures.loss_table, result.live)),
    }
    if result.bic:
        found["bic"] = ("BIC", partial(figures.bic_table, result.bic))
    if match is not None:
        found["classes"] = ("Against known classes", partial(figures.class_table, match, names))
    for one in result.rankings:
        label = f"Ranking, {one.label}"
        found[f"ranking_{one.method}"] = (label, partial(figures.ranking_table, one, names))
    if result.mask_folds:
        table = partial(figures.mask_table, result.mask_folds, result.mask_control)
        found["masks"] = ("Mask check", table)
    return found


def sizes_table(result: ClusterResult) -> pd.DataFrame:
    """Return a row a cluster: cells, share, how well seeds find it again, the class it suits."""
    k = len(result.sizes)
    frame = pd.DataFrame({"cluster": range(1, k + 1), "cells": result.sizes})
    frame["share"] = [size / max(len(result.cells), 1) for size in result.sizes]
    if len(result.trust.per_cluster) == k:
        frame["found again by seeds"] = result.trust.per_cluster
    if (match := result.against) is not None:
        named = (match.classes[c] if c >= 0 else "none" for c in match.counterpart)
        frame["known class it suits best"] = list(named)
    if result.counterpart:
        theirs = [str(other + 1) if other >= 0 else "none" for other in result.counterpart]
        frame["cluster of the encoder's run"] = theirs
    return frame
