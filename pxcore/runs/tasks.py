"""Tasks: small frozen values whose keys name their results.

A task holds what decides its numbers, no title, owner, channel name or run id: equal tasks of
different runs are computed once. Raise a stage's version when its code gives other numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from pxcore.models.model import ALWAYS
from pxcore.runs.unlabelled.tasks import UNLABELLED, UNLABELLED_VERSIONS, UnlabelledTask
from pxcore.store.keys import key_of
from pxcore.types import Averaging, MethodSpec, ModelSpec, Role, Split, TrainingParams

VERSIONS = {
    "train": 2,
    "explain": 4,
    "rank": 5,
    "joint": 2,
    "redundancy": 1,
    "gate": 4,
    "judge": 1,
    "screen": 2,
    **UNLABELLED_VERSIONS,
}
"""Of each stage's code."""
UPPER_ONLY = "zeros count for the lower limit"
"""Part of a training that skips zero pixels, since only its upper limit leaves them out: results
of before, when both did, are not taken for it."""
CellPart = Literal["test", "valid"]
"""Held-out cells that a model is asked about. A panel that is judged on test cells is chosen by a
ranking on validation cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoyTask:
    """One decoy channel and the real channels it is made from."""

    id: str
    stains: tuple[int, ...]
    """Positions in the data set's panel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainTask:
    """Train one fold from one random start, on these channels."""

    dataset_id: str
    channels: tuple[int, ...]
    """Positions in the data set's panel, never empty."""
    decoys: tuple[DecoyTask, ...] = ()
    """Made channels that follow the real ones."""
    model: ModelSpec
    training: TrainingParams
    n_folds: int
    fold: int
    """Counted from 0."""
    split: Split
    split_seed: int
    """Of the folds, and of the decoys' pixels."""
    seed: int

    @property
    def n_channels(self) -> int:
        """Channels the network sees."""
        return len(self.channels) + len(self.decoys)

    @property
    def decoy_positions(self) -> tuple[int, ...]:
        """Decoys, counted among the channels that the network sees."""
        return tuple(range(len(self.channels), self.n_channels))

    @property
    def usual_epochs(self) -> int:
        """Epochs to reckon with: a training that may stop early rarely uses them all."""
        return min(self.training.max_epochs, 2 * self.training.stop_patience)

    def without(self, missing: tuple[int, ...]) -> TrainTask:
        """Return the same training without some channels, counted among those it sees."""
        n_real = len(self.channels)
        return replace(
            self,
            channels=tuple(c for i, c in enumerate(self.channels) if i not in missing),
            decoys=tuple(d for i, d in enumerate(self.decoys, n_real) if i not in missing),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainTask:
    """Score the channels of one trained model on its held-out cells with one method."""

    train: TrainTask
    roles: tuple[Role, ...]
    """Of the channels where they decide something: in which to look for an outline that cells
    do not have. Else empty, so that an edited panel sheet makes no other key."""
    method: MethodSpec
    repeats: int | None
    max_repeats: int
    """0 when ``repeats`` are fixed or nothing is random: an unused limit makes no other key."""
    seed: int
    retrained: tuple[TrainTask, ...] = ()
    """For methods that train again: the training without each channel, in their order."""
    part: CellPart = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class RankTask:
    """Combine one method's scores over folds and seeds into a ranking with intervals."""

    explains: tuple[ExplainTask, ...]
    seed: int
    averaging: Averaging = "classes"


@dataclass(frozen=True, slots=True, kw_only=True)
class JointTask:
    """Spoil channels of one trained model together: pairs, and groups that go together."""

    alone: ExplainTask
    """``permute_cells`` of the same model: the same draws, so that differences vary less."""
    roles: tuple[Role, ...] = ()
    """As of an ExplainTask: where the cells' outlines must be found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedundancyTask:
    """Combine joint drops over folds: which channels say the same."""

    joints: tuple[JointTask, ...]
    costs: tuple[float, ...]
    """Of the channels, from the panel sheet: they order what to keep. Decoys cost 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateTask:
    """Sanity checks of one method on one trained model."""

    explain: ExplainTask


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeTask:
    """How well some trainings do: folds of another split, or without some channels."""

    trains: tuple[TrainTask, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenTask:
    """Score panels with one model trained with channels missing at random, without training."""

    train: TrainTask
    sets: tuple[tuple[int, ...], ...] = ()
    """Panels, as positions among the channels the network sees; empty for all that hold those
    never hidden."""

    @property
    def always(self) -> tuple[int, ...]:
        """Channels that the model never missed."""
        named = str(dict(self.train.model.options).get(ALWAYS, ""))
        return tuple(int(number) for number in named.split(",") if number)

    @property
    def n_sets(self) -> int:
        """Panels to look at."""
        return len(self.sets) or 2 ** (self.train.n_channels - len(self.always))


Task = (
    TrainTask
    | ExplainTask
    | RankTask
    | JointTask
    | RedundancyTask
    | GateTask
    | JudgeTask
    | ScreenTask
    | UnlabelledTask
)
KINDS: dict[str, type[Task]] = {
    "train": TrainTask,
    "explain": ExplainTask,
    "rank": RankTask,
    "joint": JointTask,
    "redundancy": RedundancyTask,
    "gate": GateTask,
    "judge": JudgeTask,
    "screen": ScreenTask,
    **UNLABELLED,
}


class Lane(StrEnum):
    """Which workers carry a task out: rank tasks do not wait behind a training."""

    HEAVY = "heavy"
    LIGHT = "light"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A task in its place in a run."""

    key: str
    kind: str
    label: str
    task: Task
    needs: tuple[str, ...]
    """Keys of the tasks whose results it reads."""
    lane: Lane
    parts: tuple[str, ...] = ()
    """What it is within its run, such as ``train/0/1``: a result is found by these words."""


def key(task: Task) -> str:
    """Return the key of a task's result."""
    stage = kind(task)
    return key_of(stage, VERSIONS[stage], *_parts(task))


def kind(task: Task) -> str:
    """Return the word for a kind of task."""
    return next(word for word, entry in KINDS.items() if isinstance(task, entry))


def _parts(task: Task) -> tuple[object, ...]:
    """Return all that decides a task's result, earlier tasks by their keys."""
    parts: tuple[object, ...]
    # What was added later is a part only where it differs: results made before stay found.
    match task:
        case TrainTask():
            model = replace(task.model, options=tuple(sorted(task.model.options)))
            if model.weights_sha256:  # the file's name does not matter, its content does
                model = replace(model, weights="file")
            limits = () if task.training.zero_pixels == "count" else (UPPER_ONLY,)
            parts = (replace(task, model=model), *limits)
        case ExplainTask():
            method = replace(task.method, options=tuple(sorted(task.method.options)))
            settings = (method, task.roles, task.repeats, task.max_repeats, task.seed)
            part = () if task.part == "test" else (task.part,)
            parts = (key(task.train), *settings, [key(train) for train in task.retrained], *part)
        case RankTask():
            other = () if task.averaging == "classes" else (task.averaging,)
            parts = ([key(explain) for explain in task.explains], task.seed, *other)
        case JointTask():
            parts = (key(task.alone), task.roles)
        case RedundancyTask():
            parts = ([key(joint) for joint in task.joints], task.costs)
        case GateTask():
            parts = (key(task.explain),)
        case JudgeTask():
            parts = ([key(train) for train in task.trains],)
        case ScreenTask():
            parts = (key(task.train), task.sets)
        case _:  # of cells without labels: what they read is named by its key
            parts = (task,)
    return parts
