"""Tasks of a run on cells without labels. What they read is named by its key.

Codes depend on pixels alone, so tasks name the pixels and not the data set: the same cells with
and without labels share their autoencoder.
"""

from __future__ import annotations

from dataclasses import dataclass

from pxcore.clustering.params import ClusterParams
from pxcore.types.added import added
from pxcore.types.unlabelled import AutoencoderSpec, Planes


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Which planes of which cells are looked at, and how."""

    pixels: str
    """Key of the stored pixels."""
    channels: tuple[int, ...]
    """Planes, positions in the data set's panel."""
    planes: Planes
    centre: bool
    """Cells are moved to the middle of their frame by their masks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodeTask:
    """Train an autoencoder on all cells; a part of them is validated on."""

    taken: Taken
    spec: AutoencoderSpec
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefineTask:
    """Train an autoencoder on, its codes gathering around the clusters that were found."""

    taken: Taken
    encoder: str
    clusters: str
    spec: AutoencoderSpec
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CodesTask:
    """Codes of all cells by a trained autoencoder, with where each lies and how bright it is."""

    taken: Taken
    encoder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterTask:
    """Clusters of codes, with all that says how far to trust them."""

    codes: str
    params: ClusterParams
    first: str = ""
    """Clusters of the data set that the encoder was trained on, where that is another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankClustersTask:
    """Channels ranked on clusters by one perturbation, without a classifier."""

    taken: Taken
    encoder: str
    clusters: str
    perturbation: str
    seed: int
    most_cells: int = 2000
    max_repeats: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainClustersTask:
    """A classifier of clusters on the frozen encoder, whose maps explain them."""

    taken: Taken
    encoder: str
    clusters: str
    seed: int
    epochs: int = 20
    donors: str = added("")
    """Key of the annotation whose donors deal the cells; empty where none are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskCheckTask:
    """Whether masks of such maps tell clusters apart, by cross-validation."""

    taken: Taken
    encoder: str
    clusters: str
    seed: int
    epochs: int = 20
    donors: str = added("")
    """As above."""


UnlabelledTask = (
    EncodeTask
    | RefineTask
    | CodesTask
    | ClusterTask
    | RankClustersTask
    | ExplainClustersTask
    | MaskCheckTask
)
UNLABELLED: dict[str, type[UnlabelledTask]] = {
    "encode": EncodeTask,
    "refine": RefineTask,
    "codes": CodesTask,
    "cluster": ClusterTask,
    "rank_clusters": RankClustersTask,
    "explain_clusters": ExplainClustersTask,
    "mask_check": MaskCheckTask,
}
"""By the word that is stored with a task."""
UNLABELLED_VERSIONS = dict.fromkeys(UNLABELLED, 1) | {
    "cluster": 2,
    "explain_clusters": 3,
    "mask_check": 2,
}
"""Of each stage's code. ``cluster`` 2 judges by a stricter chance; ``explain_clusters`` 2 keeps
what held-out cells said, 3 asks the part that holds most clusters; ``mask_check`` 2 deals permuted
clusters as it deals the found ones."""
