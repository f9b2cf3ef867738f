"""What stands below a clustering's figures, on its page and in its report."""

from __future__ import annotations

from pxcore.plots.numbers import count
from pxcore.types.unlabelled_views import ClusterRanking, ClusterResult

DISTANCES = (
    "Dots that lie close have similar codes; distances between far groups, and the axes, mean "
    "nothing (t-SNE)."
)
KNOWN = (
    "Rows add up to 100 %. Each cluster is held against the class that suits it best (Hungarian "
    "method), which flatters with few cells. The classes play no part in finding clusters."
)
BIC = (
    "Where the curve bends matters more than its lowest point: codes are never wholly Gaussian, "
    "so BIC tends to take more clusters than there are kinds."
)
MAPS = (
    "Grad-CAM of a classifier of the clusters on the frozen encoder, for the cluster it calls: "
    "vermilion is where it looked. The edge is that of at least 15 % of the map's maximum. The "
    "last layer has a few pixels only, so its maps are coarse; one map stands for all channels."
)


def nearest(result: ClusterResult) -> str:
    """Return which cells of a cluster are shown."""
    slices = " Of volumes the middle slice." if result.planes.volumes else ""
    return f"The nearest to its middle first.{slices}"


def placed(result: ClusterResult) -> str:
    """Return how many cells the map has, where it has not all; empty otherwise."""
    drawn, n = len(result.place_rows), len(result.cells)
    return f"{drawn:,} of {n:,} cells are drawn." if drawn < n else ""


def given(result: ClusterResult) -> str:
    """Return that a number of clusters was asked for."""
    return f"{count(len(result.sizes), 'cluster')}, as asked for: no other number was tried."


def redrawn(epoch: int) -> str:
    """Return what cells drawn again from their codes show."""
    return (
        f"Cells that were not trained on, after epoch {epoch}. What is missing in the second row "
        "of a cell is not in its code: clusters cannot rest on it."
    )


def spoilt(ranking: ClusterRanking) -> str:
    """Return how channels were ranked on clusters, and how far the intervals go."""
    return (
        "A channel is spoilt, the cells are encoded and asked for their cluster again: no labels, "
        "no classifier. 0 = the same clusters. Lines: 95 % over the "
        f"{count(ranking.n_cells, 'cell')} asked, which were clustered themselves, for this "
        f"encoder and these clusters only ({count(ranking.repeats, 'repeat')})."
    )
