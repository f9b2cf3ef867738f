"""From a run spec to tasks: small frozen values whose keys name their results.

A task holds all that decides its numbers and nothing else: no title, owner, channel name or
run id. So equal tasks of different runs have one key and are computed once. Raise a stage's
version when its code starts to give other numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from pxcore.errors import RunError
from pxcore.importance.methods import METHODS
from pxcore.store.keys import derive_seed, key_of
from pxcore.types import MaskKind, MethodSpec, ModelSpec, Role, RunSpec, Split, TrainingParams

VERSIONS = {"train": 1, "explain": 1, "rank": 2}
"""Of each stage's code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainTask:
    """Train one fold from one random start, on these channels."""

    dataset_id: str
    channels: tuple[int, ...]
    """Positions in the data set's panel, never empty."""
    model: ModelSpec
    training: TrainingParams
    n_folds: int
    fold: int
    """Counted from 0."""
    split: Split
    split_seed: int
    seed: int


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


@dataclass(frozen=True, slots=True, kw_only=True)
class RankTask:
    """Combine one method's scores over folds and seeds into a ranking with intervals."""

    explains: tuple[ExplainTask, ...]
    seed: int


Task = TrainTask | ExplainTask | RankTask
KINDS: dict[str, type[TrainTask] | type[ExplainTask] | type[RankTask]] = {
    "train": TrainTask,
    "explain": ExplainTask,
    "rank": RankTask,
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


def plan(spec: RunSpec) -> tuple[Step, ...]:
    """Return the steps of a run in the order in which they are best carried out.

    Raises MethodError for a method that this version does not have.
    """
    channels = spec.channels or tuple(range(len(spec.panel)))
    steps: list[Step] = []
    explains: dict[MethodSpec, list[Step]] = {method: [] for method in spec.methods}
    for fold in range(spec.n_folds):
        for seed_index in range(spec.seeds):
            train = _train(spec, channels, fold, seed_index)
            steps.append(train)
            for method in spec.methods:
                explain = _explain(spec, train, method, fold, seed_index)
                explains[method].append(explain)
                steps.append(explain)
    steps += [_rank(spec, method, explains[method]) for method in spec.methods]
    return tuple(steps)


def key(task: Task) -> str:
    """Return the key of a task's result."""
    match task:
        case TrainTask():
            model = replace(task.model, options=tuple(sorted(task.model.options)))
            if model.weights_sha256:  # the file's name does not matter, its content does
                model = replace(model, weights="file")
            return key_of("train", VERSIONS["train"], replace(task, model=model))
        case ExplainTask():
            method = replace(task.method, options=tuple(sorted(task.method.options)))
            settings = (method, task.roles, task.repeats, task.max_repeats, task.seed)
            return key_of("explain", VERSIONS["explain"], key(task.train), *settings)
        case RankTask():
            parts = [key(explain) for explain in task.explains]
            return key_of("rank", VERSIONS["rank"], parts, task.seed)


def usual_epochs(training: TrainingParams) -> int:
    """Return the epochs to reckon with: a training that may stop early rarely uses them all.

    >>> usual_epochs(TrainingParams(max_epochs=1000, stop_patience=50))
    100
    """
    return min(training.max_epochs, 2 * training.stop_patience)


def method_name(method: MethodSpec) -> str:
    """Return a method's name within a run: its id, with the settings that are not default.

    >>> method_name(MethodSpec(id="occlusion", options=(("fill", "mean"),)))
    'occlusion:fill=mean'
    """
    return ":".join([method.id, *(f"{name}={value}" for name, value in sorted(method.options))])


def parse_method(text: str) -> MethodSpec:
    """Return the method of a name such as ``occlusion:fill=mean``; ``method_name`` backwards.

    Raises RunError for a setting without a value.
    """
    name, *settings = text.split(":")
    options = []
    for setting in settings:
        key_, equals, value = setting.partition("=")
        if not (key_ and equals and value):
            message = f"{setting!r} of method {text!r} is not a setting; write name=value"
            raise RunError(message)
        options.append((key_, value))
    return MethodSpec(id=name.strip(), options=tuple(options))


def _train(spec: RunSpec, channels: tuple[int, ...], fold: int, seed_index: int) -> Step:
    task = TrainTask(
        dataset_id=spec.dataset_id,
        channels=channels,
        model=spec.model,
        training=spec.training,
        n_folds=spec.n_folds,
        fold=fold,
        split=spec.split,
        split_seed=spec.seed,
        seed=derive_seed("train", spec.seed, fold, seed_index),
    )
    label = f"Train {_place(spec, fold, seed_index)}"
    return Step(key=key(task), kind="train", label=label, task=task, needs=(), lane=Lane.HEAVY)


def _explain(spec: RunSpec, train: Step, method: MethodSpec, fold: int, seed_index: int) -> Step:
    assert isinstance(train.task, TrainTask)
    entry = METHODS[method.id]
    looking = entry.uses_roles and spec.mask_kind is not MaskKind.CELL
    channels = train.task.channels if looking else ()
    adaptive = entry.repeated and spec.repeats is None
    task = ExplainTask(
        train=train.task,
        roles=tuple(spec.panel.channels[position].role for position in channels),
        method=method,
        repeats=spec.repeats if entry.repeated else None,
        max_repeats=spec.max_repeats if adaptive else 0,
        seed=derive_seed("explain", spec.seed, fold, seed_index, method.id),
    )
    return Step(
        key=key(task),
        kind="explain",
        label=f"Rank channels with {method_name(method)}, {_place(spec, fold, seed_index)}",
        task=task,
        needs=(train.key,),
        lane=Lane.HEAVY,
    )


def _rank(spec: RunSpec, method: MethodSpec, explains: list[Step]) -> Step:
    tasks = tuple(step.task for step in explains if isinstance(step.task, ExplainTask))
    task = RankTask(explains=tasks, seed=derive_seed("rank", spec.seed, method.id))
    return Step(
        key=key(task),
        kind="rank",
        label=f"Combine folds of {method_name(method)}",
        task=task,
        needs=tuple(need for step in explains for need in (*step.needs, step.key)),
        lane=Lane.LIGHT,
    )


def _place(spec: RunSpec, fold: int, seed_index: int) -> str:
    """Return which training it is, in words."""
    place = f"fold {fold + 1} of {spec.n_folds}"
    return place if spec.seeds == 1 else f"{place}, start {seed_index + 1} of {spec.seeds}"
