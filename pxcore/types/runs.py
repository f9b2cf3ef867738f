"""What a user starts, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from pxcore.types.added import added
from pxcore.types.cells import MaskKind, Panel
from pxcore.types.panel import PanelQuestion
from pxcore.types.unlabelled_ask import ClusterAsk

Option = tuple[str, str | int | float | bool]
Split = Literal["donor", "cell"]
"""Folds keep donors apart, or deal cell by cell."""
Averaging = Literal["classes", "published"]
"""How classes become a channel's value in a fold. ``classes``: their mean, of those with at least
30 held-out cells. ``published``: attributions are means over cells, so classes weigh by their
cells; drops in F1 are means over classes; no class is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """Which architecture, from which weights."""

    id: str = "small_cnn"
    weights: str = "random"
    """``random``, ``imagenet`` or ``file:<name>`` (a file in the lab's weights folder)."""
    weights_sha256: str = ""
    """Of the file that was loaded, filled in at submission; empty for random weights."""
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingParams:
    """Settings of the one training loop. Training cells alone decide everything fitted."""

    max_epochs: int = 50
    batch_size: int = 128
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    schedule: Literal["plateau", "one_cycle"] = "plateau"
    plateau_patience: int = 5
    """Epochs without a better validation F1-macro before the learning rate is halved."""
    stop_patience: int = 50
    """Epochs without a validation F1-macro better by ``stop_delta`` before training ends."""
    stop_delta: float = 1e-4
    keep: Literal["best", "last"] = "best"
    """The epoch whose weights are kept: best validation F1-macro (of equal ones the lower loss),
    or the last one, where one cycle ends and no validation noise chooses."""
    balance: Literal["none", "oversample", "weights"] = "oversample"
    """Minority oversampling, or loss weights by the inverse root of class counts."""
    flips: bool = True
    noise: float = 0.01
    """Standard deviation of added Gaussian noise, in normalised units."""
    low_percentile: float = 1.0
    high_percentile: float = 99.0
    """Pixels of training cells at these percentiles become 0 and 1, per channel, clipped."""
    zero_pixels: Literal["count", "skip"] = added("count")
    """Whether pixels that are 0 take part in the upper percentile: ``skip`` leaves them out,
    channel by channel, as for imaging mass cytometry, where most pixels of a rare marker are 0."""
    valid_share: float = 0.2
    """Of the cells outside the test part."""
    optimiser: Literal["adamw", "adam_amsgrad"] = added("adamw")
    """``adam_amsgrad``: weight decay is part of the gradient, and steps never grow on their own."""
    plateau_factor: float = added(0.5)
    """What the learning rate is multiplied with on a plateau."""
    start_epochs: int = added(0)
    """Epochs at ``start_rate`` before the rest; the plateau is looked for after them."""
    start_rate: float = added(1e-5)
    """Learning rate of the starting epochs."""
    crop: int = added(0)
    """Largest random shift of a cell along rows and along columns, in pixels, all its channels
    together; 0 for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodSpec:
    """Which ranking method, with which settings."""

    id: str
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """One training and ranking run, frozen when submitted."""

    dataset_id: str
    panel: Panel
    """The names and roles at submission, so that later edits do not rewrite results."""
    mask_kind: MaskKind = MaskKind.NONE
    """Of the data set: with stored outlines no roles are needed to find them."""
    classes: tuple[str, ...]
    title: str = ""
    preset: str = "fast"
    channels: tuple[int, ...] = ()
    """Positions in the data set's panel; empty for all."""
    model: ModelSpec = field(default_factory=ModelSpec)
    training: TrainingParams = field(default_factory=TrainingParams)
    methods: tuple[MethodSpec, ...] = (MethodSpec(id="pxpermute"),)
    n_folds: int = 3
    split: Split = "donor"
    """``donor``: where donors are known, none is trained on and tested on. ``cell``: cells of one
    donor are on both sides and scores are too good."""
    seeds: int = 1
    """Trainings of each fold, from different random starts."""
    repeats: int | None = None
    """Of each permutation; None adapts (blocks of 5, at most ``max_repeats``)."""
    max_repeats: int = 100
    averaging: Averaging = "classes"
    decoys: tuple[str, ...] = ()
    """Ids of the decoy channels that are added to the cells before training."""
    redundancy: bool = False
    """Also exchange the pictures of channels two at a time, to find those that say the same."""
    gates: bool = False
    """Also run every method's sanity checks."""
    leakage: bool = False
    """Also train on folds dealt cell by cell, to show how much donors leak."""
    leave_out: tuple[tuple[int, ...], ...] = ()
    """Groups of channels (positions in the data set's panel) to train again without."""
    question: PanelQuestion | None = None
    """What is asked about smaller panels, if anything."""
    clusters: ClusterAsk | None = None
    """What is asked of cells without labels: the run then is that, and nothing else here counts."""
    seed: int = 0
    owner: str = ""
    priority: int = 0


class RunState(StrEnum):
    """Where a run stands. The last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """True when nothing more will happen to the run."""
        return self in (RunState.FINISHED, RunState.FAILED, RunState.CANCELLED)


class TaskState(StrEnum):
    """Where a task of a run stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """One step of a run as people see it."""

    key: str
    kind: str
    """``train``, ``explain``, ``rank``, ``joint``, ``redundancy``, ``gate``, ``judge`` or
    ``screen``; of cells without labels ``encode``, ``refine``, ``codes``, ``cluster``,
    ``rank_clusters``, ``explain_clusters`` or ``mask_check``."""
    label: str
    """Such as "Train fold 2 of 3"."""
    state: TaskState
    reused: bool = False
    """Its result was already there."""
    share: float = 0.0
    step: str = ""
    """Such as "epoch 12 of 30"."""
    seconds: float | None = None
    error: str = ""
    error_class: str = ""
    """``out of memory``, ``out of disk``, ``killed``, ``bad input``, ``defect`` or empty."""
    parts: tuple[str, ...] = ()
    """What it is within its run, such as ``train/0/1`` or ``rank/pxpermute``; see ``plan``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run in the list of runs."""

    id: str
    title: str
    dataset_id: str
    dataset_title: str
    preset: str
    model: str
    methods: tuple[str, ...]
    owner: str
    state: RunState
    share: float
    created: str
    finished: str = ""
    private: bool = False
    """True where only its owner and administrators see it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A run under way: its steps, the share done, the time left, the learning curve so far."""

    run: RunRow
    spec: RunSpec
    tasks: tuple[TaskRow, ...]
    share: float
    seconds_left: float | None
    """None while unknown."""
    seconds_spent: float
    curves: tuple[tuple[str, tuple[tuple[float, float, float], ...]], ...] = ()
    """Per training: label and (training loss, validation loss, validation F1-macro) an epoch."""
    log_tail: str = ""
    error: str = ""
    runner_alive: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a spec would cost before it is started."""

    tasks: int
    cached: int
    seconds: float
    notes: tuple[str, ...] = ()
    """Plain sentences, such as "ImageNet weights are not on this host: random weights"."""
    seconds_more: float = 0.0
    """At most so many on top, for tasks that results decide."""
