"""The figures of a finished clustering, by the names of their files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pxcore.plots import unlabelled_figures as figures
from pxcore.plots import unlabelled_pictures as pictures
from pxcore.plots.gallery import Limits, fitting
from pxcore.plots.rows import MOST_SHOWN
from pxcore.plots.style import LIGHT
from pxcore.plots.text import one_line
from pxcore.plots.unlabelled_codes import CLUSTER, codes_map, middle_planes, names_of, unit_names
from pxcore.types import CellImages
from pxcore.types.unlabelled_views import ClusterMaps, ClusterResult

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = [
    "LARGEST", "MOST_DOTS", "NEAREST", "Pictured", "behind", "clustering_figures", "thinned",
]  # fmt: skip

LARGEST, NEAREST = 12, 3
"""Clusters whose cells are pictured, and cells of each."""
MOST_DOTS = 3000
"""Of the map of codes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pictured:
    """Cells of a clustering that a report shows, as its page would."""

    cells: CellImages
    """The nearest ones of the largest clusters, cluster after cluster."""
    limits: Limits
    """Lowest and highest shown value of each channel of the data set."""
    maps: ClusterMaps | None = None
    """Of the nearest cell of each of these; None where maps were not asked for."""
    behind: str = ""
    """Name of the channel behind the maps."""
    no_maps: str = ""
    """Why there are none, where they were asked for; a sentence."""


def clustering_figures(found: ClusterResult, pictured: Pictured) -> Iterator[tuple[str, go.Figure]]:
    """Yield every figure of a clustering, names of files without their ending."""
    names, few = names_of(found), thinned(found)
    on_the_map = codes_map(few, CLUSTER, LIGHT)
    on_the_map.update_layout(dragmode=False)
    yield "codes", on_the_map
    shown = pictured.cells, pictured.limits, LIGHT
    yield "cells", pictures.nearest_sheet(found, *shown, across=NEAREST)
    if pictured.maps is not None:
        unit = _leading(found)
        n, _, _, width = pictured.maps.images.shape
        yield (
            "maps",
            pictures.maps_sheet(
                pictured.maps,
                middle_planes(found)[unit],
                pictured.limits[pictures.middle_of(found, unit)],
                LIGHT,
                fitting(n, width),
            ),
        )
    if found.against is not None:
        yield "classes", figures.against_classes(found.against, names, LIGHT)
    for ranking in found.rankings:
        yield f"ranking_{ranking.method}", figures.ranking_dots(found, ranking, LIGHT)
    if found.bic:
        yield "bic", figures.bic_curve(found.bic, len(found.sizes), LIGHT)
    if found.live.losses:
        yield "loss", figures.loss_curve(found.live, LIGHT)
    if (redrawn := found.live.redrawn) is not None:
        planes = middle_planes(found)[:MOST_SHOWN]
        called = unit_names(found.panel, found.planes)[:MOST_SHOWN]
        yield "redrawn", pictures.redrawn_sheet(redrawn, planes, called, LIGHT)


def behind(found: ClusterResult) -> str:
    """Return the name of the channel behind the maps."""
    return one_line(unit_names(found.panel, found.planes)[_leading(found)], 40)


def thinned(found: ClusterResult) -> ClusterResult:
    """Return the clustering with at most ``MOST_DOTS`` cells on its map, evenly spaced."""
    step = -(-len(found.place_rows) // MOST_DOTS) or 1
    places, rows = found.places[::step], found.place_rows[::step]
    return replace(found, places=places, place_rows=rows)


def _leading(found: ClusterResult) -> int:
    """Return the channel behind the maps: the first of the first ranking, else the first one."""
    if not found.rankings:
        return 0
    ranks = found.rankings[0].rank
    return ranks.index(min(ranks))
