"""What a clustering run brings back, as its page shows it."""

from __future__ import annotations

from dataclasses import dataclass, field

from pxcore.types.arrays import Array, frozen
from pxcore.types.cells import Dataset, Panel
from pxcore.types.results import Epoch
from pxcore.types.runs import RunRow, Split
from pxcore.types.unlabelled import Planes
from pxcore.types.unlabelled_ask import ClusterAsk


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Redrawn:
    """A few validation cells before and after they went through their code."""

    epoch: int
    positions: Array
    """(n,) int64 in the data set."""
    before: Array
    """(n, P, H, W) float32 in [0, 1], as the encoder sees them."""
    after: Array
    """(n, P, H, W) float32, as drawn again."""

    def __post_init__(self) -> None:
        frozen(self, "positions", "before", "after")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EncoderLive:
    """An autoencoder under training, or trained."""

    epochs: int
    """Asked for."""
    losses: tuple[tuple[float, float], ...]
    """(training, validation) loss of each epoch so far."""
    redrawn: Redrawn | None
    """None before the first epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterTrust:
    """How far clusters can be trusted, and why."""

    verdict: str
    """``chance``, ``nuisance``, ``unstable`` or ``stable``."""
    said: tuple[str, ...]
    """Plain sentences, the one that decides first, then warnings."""
    agreement: float
    """Of seeds, mean adjusted Rand index; 1 = always the same clusters."""
    by_chance: float
    """The most that codes drawn without clusters gave, of one Gaussian or as skewed as these."""
    per_cluster: tuple[float, ...]
    """(K,): how well seeds find each cluster again, 0 to 1."""
    nuisance: tuple[tuple[str, float], ...] = ()
    """(row, column, size or brightness, balanced accuracy with which it alone tells clusters)."""
    nuisance_together: float | None = None
    """Of place and size together."""
    guess: float = 0.0
    """What guessing gives there."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClassMatch:
    """Clusters beside classes that are known; each goes with the class that suits it best."""

    classes: tuple[str, ...]
    counterpart: tuple[int, ...]
    """(clusters,): the class of each cluster, -1 for a cluster too many."""
    confusion: Array
    """(classes, clusters) int64 cells."""
    balanced_accuracy: float
    ari: float
    f1: float
    """Macro."""
    precision_per_class: tuple[float, ...]
    recall_per_class: tuple[float, ...]
    f1_per_class: tuple[float, ...]
    """NaN for a class without cells."""
    n_cells: int

    def __post_init__(self) -> None:
        frozen(self, "confusion")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterRanking:
    """Channels ranked on clusters: a channel is spoilt, cells are encoded and asked again."""

    method: str
    """``permute_cells`` or ``permute_pixels``."""
    label: str
    channels: tuple[str, ...]
    """A volume is one channel."""
    value: tuple[float, ...]
    """(C,): 1 - macro F1 of the clusters found again; larger = more important."""
    low: tuple[float, ...]
    high: tuple[float, ...]
    """95 % interval over resampled cells: of this encoder and these clusters, not of others."""
    rank: tuple[int, ...]
    rank_low: tuple[int, ...]
    rank_high: tuple[int, ...]
    posterior_drop: tuple[float, ...]
    """(C,): drop in the probability of a cell's cluster."""
    per_cluster: tuple[tuple[float, ...], ...]
    """(C, K); NaN for a cluster without cells."""
    n_cells: int
    repeats: int
    warning: str = ""
    """Where a stain-free channel leads or rules; empty otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealing:
    """How cells were dealt into those that are learned from and those that are asked."""

    by: Split = "cell"
    """``donor``: no donor is on both sides. ``cell``: cell by cell; of known donors cells are then
    on both sides, and scores may be too good."""
    why: str = ""
    """Why cells of known donors were dealt cell by cell all the same; empty otherwise."""
    n_folds: int = 5
    left_out: int = 0
    """Cells of unknown donors, which are on neither side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterCalls:
    """How well the classifier behind the maps calls the clusters of cells it never saw."""

    balanced_accuracy: float
    """Mean of ``recall`` over the clusters that have such cells; 1 = always right."""
    f1: float
    """Macro, over the same clusters."""
    recall: tuple[float, ...]
    """(K,); NaN for a cluster without such cells."""
    guess: float
    """What guessing gives: 1 / clusters that have such cells."""
    n_cells: int
    """Cells that were asked: a part that training and its choices never saw."""
    dealing: Dealing = field(default_factory=Dealing)
    notes: tuple[str, ...] = ()
    """That memory asked for smaller batches; empty otherwise."""
    said: str = ""
    """All of it in plain words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskFold:
    """One fold of the mask check."""

    balanced_accuracy: float
    precision: float
    recall: float
    f1: float
    auc: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClusterResult:
    """Everything a finished clustering run's page shows."""

    run: RunRow
    ask: ClusterAsk
    dataset: Dataset
    panel: Panel
    """Of the planes that took part."""
    planes: Planes
    centred: bool
    """Cells were moved to the middle of their frames by their masks."""
    cells: Array
    """(N,) int64 positions in the data set; rows of all that follows."""
    cluster: Array
    """(N,) int64, numbered from 0 by size, the largest first."""
    posterior: Array
    """(N,) float32: how likely a cell's cluster is; 1 with BIRCH, which has none."""
    sizes: tuple[int, ...]
    places: Array
    """(M, 2) float32 t-SNE of at most 10,000 cells."""
    place_rows: Array
    """(M,) int64 rows (of ``cells``) that were placed."""
    brightness: Array
    """(N, P) float32: mean of each plane, in stored units, to colour by channel."""
    labels: Array
    """(N,) int64 known class, -1 for none; names in ``dataset.classes``."""
    groups: Array
    """(N,) int64 donor; names in ``dataset.groups``."""
    bic: tuple[tuple[int, float], ...]
    """(number of clusters, BIC); empty where a number was asked for."""
    galleries: tuple[tuple[int, ...], ...]
    """For each cluster positions in the data set, the nearest to its centre first, at most 24."""
    trust: ClusterTrust
    against: ClassMatch | None
    """None without known classes."""
    live: EncoderLive
    """Losses and pictures drawn again of the encoder."""
    history: tuple[Epoch, ...]
    rankings: tuple[ClusterRanking, ...]
    has_maps: bool
    calls: ClusterCalls | None = None
    """Of the classifier whose maps are drawn; None without maps, and of runs before it was kept."""
    mask_folds: tuple[MaskFold, ...] = ()
    mask_control: tuple[MaskFold, ...] = ()
    """The same with clusters dealt at random."""
    mask_dealt: str = ""
    """How cells were dealt for the mask check, in plain words; empty without one."""
    counterpart: tuple[int, ...] = ()
    """With ``encoder_of``: the cluster of that run most cells of each would be in, -1 for none."""
    details: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        arrays = ("cells", "cluster", "posterior", "places", "place_rows", "brightness")
        frozen(self, *arrays, "labels", "groups")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClusterMaps:
    """Where the classifier of clusters looked, in some cells."""

    positions: Array
    """(n,) int64 in the data set."""
    images: Array
    """(n, P, H, W) as stored, centred where the run centred cells."""
    maps: Array
    """(n, H, W) float32 in [0, 1]: Grad-CAM of the called cluster."""
    masks: Array
    """(n, H, W) bool: at least 0.15 of the map's maximum."""
    called: Array
    """(n,) int64: the cluster that the classifier calls."""
    cluster: Array
    """(n,) int64: the cluster of the run."""

    def __post_init__(self) -> None:
        frozen(self, "positions", "images", "maps", "masks", "called", "cluster")
