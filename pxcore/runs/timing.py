"""How long tasks take: seconds of past ones of the same kind, scaled by a measure of work."""

from __future__ import annotations

from dataclasses import replace
from statistics import median

from sqlalchemy import insert, select

from pxcore.importance.attribution.settings import STEPS
from pxcore.importance.methods import METHODS
from pxcore.importance.shapley_values import expected_sets
from pxcore.models import MODELS
from pxcore.runs import tasks
from pxcore.runs.tasks import (
    ExplainTask,
    GateTask,
    JointTask,
    JudgeTask,
    RankTask,
    RedundancyTask,
    ScreenTask,
    Step,
    Task,
    TrainTask,
)
from pxcore.runs.unlabelled import work as unlabelled
from pxcore.runs.unlabelled.tasks import UnlabelledTask
from pxcore.store.database import next_ordinal
from pxcore.store.home import Store
from pxcore.store.tables import timings
from pxcore.types import Dataset, ModelSpec

RECENT = 20
JOINT_REPEATS = 5
"""Of joint drops."""
USUAL_REPEATS = 15
"""An adaptive ranking mostly stops after about so many."""
GATE_SHARE, GATE_FEWEST, GATE_MOST = 5, 64, 256
"""A sanity check looks at one held-out cell in five, at least 64 and at most 256, ..."""
GATE_REPEATS = 2
"""... with so many repeats, as ``importance.gates`` has it, ..."""
GATE_LOOKS = 5
"""... so often with the method it checks: this network, three without its weights, and one channel
held constant."""
GRADIENT = 3
"""Passes forward that one forward and back takes."""
EXCHANGED = "explain-exchanged"
"""Kind of ranking by exchanging embeddings: nearly all of it is the one look at the cells."""
EXCHANGES = "permute_cells"
"""The method that, where each channel is looked at alone, exchanges what was made of it."""
MOST_PAIRS = 120
"""Of channels that are spoilt together, as the evaluation of redundancy has it (loading that
takes the web process long)."""
PASSES = {"integrated_gradients": STEPS}
"""Passes forward and back a cell, where it is not one or two."""

FIRST_GUESS = {
    ("train", "small_cnn"): 6e-8,
    ("train", "resnet18"): 9e-7,
    ("train", "channel_embedding"): 5e-6,
    ("explain", "channel_embedding"): 2e-6,
    ("train", "bsn"): 5e-6,
    ("explain", "bsn"): 2e-6,
    ("train", "resnet50"): 2e-6,
    ("train", "r3d_18"): 2e-5,
    ("explain", "r3d_18"): 5e-6,
    ("explain", "small_cnn"): 2.5e-8,
    ("explain", "resnet18"): 3e-7,
    ("rank", ""): 2e-6,
    **unlabelled.GUESSES,
}
"""Seconds a unit of work on two CPU cores, until this host has timings of its own."""


def kind_of(task: Task, device: str) -> str:
    """Return the kind of work, such as ``train:small_cnn:cpu``."""
    if isinstance(task, UnlabelledTask):
        return unlabelled.kind_of(task, device)
    return _kind_of(task, device)


def _kind_of(task: Task, device: str) -> str:
    """Return the kind of work of a run that ranks."""
    match task:
        case TrainTask():
            model = task.model.id
        case ExplainTask():
            repeated = METHODS[task.method.id].repeated
            stage = "explain" if repeated else f"explain-{task.method.id}"
            if task.method.id == EXCHANGES and _alone(task.train.model):
                stage = EXCHANGED
            return f"{stage}:{task.train.model.id}:{device}"
        case JointTask():
            model = task.alone.train.model.id
            if _alone(task.alone.train.model):  # as ranking by exchanged embeddings
                return f"joint-exchanged:{model}:{device}"
        case GateTask():
            # Not "gate": times kept under that name belong to another measure of work.
            method = task.explain.method.id
            stage = "check" if METHODS[method].repeated else f"check-{method}"
            return f"{stage}:{task.explain.train.model.id}:{device}"
        case ScreenTask():
            return f"explain-shapley:{task.train.model.id}:{device}"
        case _:
            return f"{tasks.kind(task)}::cpu"
    return f"{tasks.kind(task)}:{model}:{device}"


def work_of(task: Task, dataset: Dataset) -> float:
    """Return a measure of a task's work: pixels that go through the network.

    All of it times how many times as wide as usual the network is.
    Training: labelled cells outside the test part x epochs x channels x height x width.
    Ranking: test cells x (channels x repeats + 1) x the same pixels; attributions and sets of
    channels by the passes they take. Combining: predictions.
    """
    if isinstance(task, UnlabelledTask):
        return unlabelled.work_of(task, dataset)
    _, height, width = dataset.image_shape
    tile = height * width
    match task:
        case TrainTask():
            cells = dataset.n_labelled * (1 - 1 / task.n_folds)
            work = cells * task.usual_epochs * task.n_channels * tile * _width(task.model)
        case ExplainTask():
            work = _looks(task, dataset) * _passes(task) * tile * _width(task.train.model)
        case JointTask():
            model = task.alone.train.model
            work = _looks(task.alone, dataset) * _joint_passes(task) * tile * _width(model)
        case GateTask():
            held_out = max(1.0, dataset.n_labelled / task.explain.train.n_folds)
            cells = max(GATE_FEWEST, min(GATE_MOST, held_out / GATE_SHARE))
            share = min(1.0, cells / held_out)
            passes = GATE_LOOKS * _passes(replace(task.explain, repeats=GATE_REPEATS))
            work = _looks(task.explain, dataset) * share * passes * tile
            work *= _width(task.explain.train.model)
        case RankTask():
            first = task.explains[0]
            work = dataset.n_labelled * first.train.n_channels * _repeats(first)
        case RedundancyTask():
            work = dataset.n_labelled * task.joints[0].alone.train.n_channels
        case ScreenTask():
            share = 1 / task.train.n_folds + task.train.training.valid_share
            looks = dataset.n_labelled * share * task.n_sets
            work = looks * task.train.n_channels * tile * _width(task.train.model)
        case JudgeTask():
            work = dataset.n_labelled
    return float(work)


def note(store: Store, step: Step, dataset: Dataset, device: str, seconds: float) -> None:
    """Keep what a task took."""
    with store.database.writing() as connection:
        if connection.scalar(select(timings.c.key).where(timings.c.key == step.key)):
            return
        connection.execute(
            insert(timings).values(
                key=step.key,
                kind=kind_of(step.task, device),
                work=work_of(step.task, dataset),
                seconds=seconds,
                ordinal=next_ordinal(connection, timings),
            )
        )


class Speeds:
    """Seconds a unit of work by kind, read once from the store's past tasks."""

    def __init__(self, store: Store, device: str) -> None:
        self._device = device or "cpu"
        self._rates: dict[str, float] = {}
        self._store = store

    def seconds(self, task: Task, dataset: Dataset) -> float:
        """Return the expected seconds of a task."""
        kind = kind_of(task, self._device)
        if kind not in self._rates:
            self._rates[kind] = self._rate(kind)
        return max(0.2, self._rates[kind] * work_of(task, dataset))

    def _rate(self, kind: str) -> float:
        past = self._past(kind)
        stage, model, device = kind.split(":")
        if stage == "joint-exchanged":
            past = past or self._past(f"{EXCHANGED}:{model}:{device}")
        alike = "explain" if stage.startswith(("explain", "joint", "check")) else stage
        for other in (stage.replace("check", "explain"), alike):  # this host's own rates, if any
            past = past or self._past(f"{other}:{model}:{device}")
        if past:
            return float(median(past))
        guess = FIRST_GUESS.get((alike, model), FIRST_GUESS.get((alike, "resnet18"), 2e-6))
        return guess / (30 if device == "cuda" else 1)

    def _past(self, kind: str) -> list[float]:
        """Return the seconds a unit of work of recent tasks of a kind."""
        wanted = select(timings.c.seconds, timings.c.work).where(timings.c.kind == kind)
        with self._store.database.reading() as connection:
            recent = wanted.order_by(timings.c.ordinal.desc()).limit(RECENT)
            return [row.seconds / row.work for row in connection.execute(recent) if row.work > 0]


def _width(model: ModelSpec) -> float:
    """Return how many times as wide as usual a network is."""
    entry = MODELS[model.id]
    if not entry.width:
        return 1.0
    usual = dict(entry.options)
    chosen = usual | dict(model.options)
    return float(chosen[entry.width]) / float(usual[entry.width])


def _looks(task: ExplainTask, dataset: Dataset) -> float:
    """Return how many channel planes one look at the held-out cells takes."""
    return dataset.n_labelled / task.train.n_folds * task.train.n_channels


def _passes(task: ExplainTask) -> float:
    """Return how many times the held-out cells pass the network."""
    channels, method = task.train.n_channels, METHODS[task.method.id]
    match method.kind:
        case "attribution":
            return float(GRADIENT * PASSES.get(method.id, 2))
        case "subsets":
            return float(expected_sets(channels))
        case "retraining":
            return 1.0
    if _alone(task.train.model):  # only what is spoilt passes
        return 1.0 if method.id == EXCHANGES else float(_repeats(task) + 1)
    return float(channels * _repeats(task) + 1)


def _joint_passes(task: JointTask) -> float:
    """Return how many times the held-out cells pass the network for joint drops."""
    if _alone(task.alone.train.model):
        return 1.0
    real = len(task.alone.train.channels)  # decoys are in no pair
    return float(min(real * (real - 1) // 2, MOST_PAIRS) * JOINT_REPEATS)


def _alone(model: ModelSpec) -> bool:
    """Return whether a network looks at each channel alone."""
    return MODELS[model.id].as_built(model.options).channels == "alone"


def _repeats(task: ExplainTask) -> int:
    return task.repeats or max(1, min(USUAL_REPEATS, task.max_repeats))
