"""Small values the pages draw: pictures of a few cells, folders, choices, predictions."""

from __future__ import annotations

from dataclasses import dataclass

from pxcore.types.arrays import Array, frozen


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CellImages:
    """A few cells for a gallery, in the order they were asked for."""

    positions: Array
    """(n,) int64: positions in the data set."""
    images: Array
    """(n, C, H, W) in the stored dtype."""
    masks: Array | None
    """(n, M, H, W) uint8, above 0 inside the cell; M is 1 or C; None without masks."""
    labels: Array
    """(n,) int32: number of the class, -1 without one."""
    groups: Array
    """(n,) int32: number of the donor, sample or file, -1 when unknown."""
    object_numbers: Array
    """(n,) int64: the instrument's own numbers."""

    def __post_init__(self) -> None:
        frozen(self, "positions", "images", "labels", "groups", "object_numbers")
        if self.masks is not None:
            frozen(self, "masks")


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderEntry:
    """A file or folder that may be registered."""

    name: str
    inside: str
    """Path below the allowed folder, as ``browse`` and ``ImportRequest`` take it."""
    path: str
    """The whole real path, for ``ImportRequest.path``."""
    is_folder: bool
    size: int
    """Bytes; 0 for a folder."""
    format: str = ""
    """What it seems to be, in words; for a folder the files it holds; empty for unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A named set of run settings, with what it is good for and what it costs."""

    id: str
    label: str
    summary: str
    cost: str
    """In words, such as "minutes on a CPU"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One entry of a table (model, method, importer) as a page offers it."""

    kind: str
    """``model``, ``method``, ``decoy`` or ``format``."""
    id: str
    label: str
    summary: str
    unit: str = ""
    options: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Name and allowed values of each setting, the default first; a number has that one only."""
    begins: tuple[tuple[str, str | int | float | bool], ...] = ()
    """Settings that it begins with on this host, where they are not the defaults."""
    way: str = ""
    """How a method works: ``perturbation``, ``attribution``, ``subsets`` or ``retraining``."""
    needs_dropout: bool = False
    """A method that asks an extra model, trained with channels missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsChoice:
    """Weights a model may start from."""

    word: str
    """``random``, ``imagenet`` or ``file:<name>``, as a model's spec has it."""
    label: str
    note: str
    """Where they are, or which file is expected where."""
    here: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FoldPredictions:
    """What one trained model said about the cells it never saw."""

    fold: int
    """Counted from 0."""
    seed_index: int
    positions: Array
    """(n,) int64: positions in the data set."""
    true: Array
    """(n,) int64: number of the class."""
    predicted: Array
    """(n,) int64"""
    probability: Array
    """(n,) float32: of the predicted class."""

    def __post_init__(self) -> None:
        frozen(self, "positions", "true", "predicted", "probability")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PermutedExample:
    """One channel of one cell before and after a method's perturbation."""

    before: Array
    """(H, W) in the stored dtype."""
    after: Array
    """(H, W), the same unit."""
    mask: Array | None
    """(H, W) uint8 where a mask took part, else None."""
    note: str = ""

    def __post_init__(self) -> None:
        frozen(self, "before", "after")
        if self.mask is not None:
            frozen(self, "mask")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AttributionMaps:
    """Where in some held-out cells each method sees the reason for the true class."""

    positions: Array
    """(n,) int64: positions in the data set."""
    images: Array
    """(n, C, H, W) in the stored dtype, of the channels that took part."""
    maps: dict[str, Array]
    """By a method's name in the run: (n, C, H, W) float32, signed, in the method's own unit."""
    true: Array
    """(n,) int64: number of the class."""
    predicted: Array
    """(n,) int64: what the fold's model says."""

    def __post_init__(self) -> None:
        frozen(self, "positions", "images", "true", "predicted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whether the lab is as it should be, for those who watch over it."""

    database: bool = False
    runner: bool = False
    workers: int = 0
    disk: bool = False
    """Writable, with its reserve free."""

    @property
    def well(self) -> bool:
        """True when runs are carried out."""
        return self.database and self.runner and self.workers > 0 and self.disk


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerStatus:
    """The runner beside the web process."""

    alive: bool
    seconds_since_heartbeat: float | None = None
    workers: int = 0
    device: str = ""
    running: int = 0
    queued: int = 0
    problem: str = ""
    """What people should know of its workers; empty for nothing."""
    host: str = ""
    version: str = ""
    """Of pxcore, in the runner."""
