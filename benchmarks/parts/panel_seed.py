"""The advice on one seed's planted cells, and what many fresh cells say of it.

Everything goes through the science packages, in the order in which a run does it: no store, no
runner. The recommended panel and the full one are then trained on all cells of the run and tested
on many further cells from the same source that had no part in anything.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from pxcore.data.folds import split
from pxcore.data.normalise import Normaliser
from pxcore.data.source import ArrayCells
from pxcore.data.synthetic import IfcParams, SyntheticCells, ifc_cells
from pxcore.evaluation.values import Sizes
from pxcore.importance.method import ExplainRequest
from pxcore.importance.subsets import show_sets
from pxcore.models import MODELS, BuildRequest
from pxcore.models.build import build_network
from pxcore.panel.constraints import stain_free, stains_of
from pxcore.panel.noninferiority import non_inferior
from pxcore.panel.search import candidate_sets, finalists, nested_choice
from pxcore.runs.panels.tasks import patient, roomy
from pxcore.training import metrics
from pxcore.training.device import Layout
from pxcore.training.device_cells import DeviceCells
from pxcore.training.fit import Control, TrainingData, fit
from pxcore.types import Array, Fold, MaskKind, ModelSpec, TrainedModel, TrainingParams
from pxcore.types.panel import Constraints, Members, PanelTrial, Screen

CPU = torch.device("cpu")
MODEL = ModelSpec(id="small_cnn")
Record = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The size of one simulated question."""

    n_cells: int = 1000
    n_fresh: int = 10_000
    """Further cells that nothing is trained on."""
    size: int = 16
    n_folds: int = 5
    epochs: int = 20
    restarts: int = 2
    """Of each panel trained on all cells."""
    margin: float = 0.02


class Planted:
    """Cells of one seed, and trainings on them."""

    def __init__(self, shape: Shape, seed: int) -> None:
        self.shape, self.seed = shape, seed
        total = shape.n_cells + shape.n_fresh
        self.drawn: SyntheticCells = ifc_cells(IfcParams(n_cells=total, size=shape.size, seed=seed))
        self.labels: Array = self.drawn.labels.astype(np.int64)
        inside = np.where(np.arange(total) < shape.n_cells, self.labels, -1)
        self.folds = split(inside, None, shape.n_folds, seed, 0.2)
        self.n_classes = len(self.drawn.classes)
        self.params = TrainingParams(
            max_epochs=shape.epochs,
            learning_rate=3e-3,
            batch_size=64,
            schedule="one_cycle",
            balance="weights",
            keep="last",
            low_percentile=0.05,
            high_percentile=99.95,
        )
        self.trainings = 0

    @property
    def everything(self) -> Members:
        """All channels."""
        return tuple(range(len(self.drawn.panel)))

    def builder(self, model: ModelSpec, n_channels: int) -> Callable[[], nn.Module]:
        """Return what builds a network for so many channels."""
        request = BuildRequest(
            n_channels=n_channels,
            n_classes=self.n_classes,
            image_size=(self.shape.size, self.shape.size),
            options=model.options,
        )
        return lambda: build_network(model.id, request)

    def train(
        self, members: Members, fold: Fold, start: int, *, dropout: ModelSpec | None = None
    ) -> TrainedModel:
        """Return a model of some channels; ``dropout`` is the network that learns all panels."""
        self.trainings += 1
        data = TrainingData(
            source=self.source,
            labels=self.labels,
            n_classes=self.n_classes,
            fold=fold,
            channels=members,
        )
        params = self.params if dropout is None else patient(self.params)
        build = self.builder(dropout or MODEL, len(members))
        return fit(data, params, build, Control(seed=1000 * self.seed + start, device=CPU))

    @property
    def source(self) -> ArrayCells:
        """All cells, fresh ones too."""
        return ArrayCells(self.drawn.images, self.drawn.masks, MaskKind.CELL)


def measure_seed(shape: Shape, seed: int) -> Record:
    """Return what was found on one seed's cells, as numbers for a line of JSON.

    The advice itself is read from it afterwards (:mod:`benchmarks.parts.panel_told`), so that it
    can be asked with another margin.
    """
    started = time.process_time()
    run = Planted(shape, seed)
    screen = screened(run)
    trials, nested = _retrained(run, screen)
    spent, trainings = time.process_time() - started, run.trainings
    return {
        "seed": seed,
        "n_train": [len(fold.train) for fold in run.folds],
        "n_test": [len(fold.test) for fold in run.folds],
        "trials": [_plain(trial) for trial in trials],
        "nested": [_plain(trial) for trial in nested],
        "screen_valid": np.round(screen.valid_f1, 4).tolist(),
        "screen_test": np.round(screen.test_f1, 4).tolist(),
        "fresh": _fresh(run, trials),
        "trainings": trainings,
        "seconds": spent,
        "seconds_fresh": time.process_time() - started - spent,
    }


def screened(run: Planted) -> Screen:
    """Return what one model a fold, trained with channels missing, says of every panel."""
    everything, panel = run.everything, run.drawn.panel
    always = stain_free(panel)
    model = roomy(MODEL, always)
    sets = candidate_sets(len(everything), stains_of(panel, everything), always)
    valid, test = [], []
    for number, fold in enumerate(run.folds):
        trained = run.train(everything, fold, number, dropout=model)
        network = run.builder(model, len(everything))()
        network.load_state_dict({k: torch.tensor(v) for k, v in trained.weights.items()})
        for cells, scores in ((fold.valid, valid), (fold.test, test)):
            limits = Normaliser(trained.low, trained.high)
            request = question(run, network.eval(), limits, cells, everything)
            scores.append(metrics.f1_macro(show_sets(request, sets, lambda _at, _p: None).counts))
    return Screen(sets=sets, valid_f1=np.stack(valid), test_f1=np.stack(test), complete=True)


def question(
    run: Planted, network: nn.Module, limits: Normaliser, cells: Array, channels: Members
) -> ExplainRequest:
    """Return the question how well a network does on some cells, whichever channels it sees."""
    return ExplainRequest(
        model=network,
        cells=DeviceCells(run.source, cells, limits, CPU, channels),
        labels=run.labels[cells],
        n_classes=run.n_classes,
        read_masks=lambda _cells: np.ones(0, dtype=bool),  # nobody asks
        mask_kind=MaskKind.CELL,
        roles=tuple(run.drawn.panel.channels[c].role for c in channels),
        train_mean=np.zeros(len(channels)),
        seed=0,
        last_convolution=MODELS[MODEL.id].last_convolution,
        repeats=1,
        layout=Layout(batch_size=256),
    )


def _retrained(run: Planted, screen: Screen) -> tuple[list[PanelTrial], list[PanelTrial]]:
    """Return trials of the full panel and of the best of each size, and each fold's own choices.

    From the largest panel down, until one is surely worse by more than the margin: no smaller one
    can be recommended. Of each size the one panel that decides is trained, not its rivals.
    """
    panel, everything, folds = run.drawn.panel, run.everything, run.folds
    asked = Constraints(margin=run.shape.margin)
    sizes = Sizes(
        n_train=tuple(len(fold.train) for fold in folds),
        n_test=tuple(len(fold.test) for fold in folds),
    )
    counts: dict[tuple[Members, int], Array] = {}

    def judged(chosen: Sequence[Members]) -> PanelTrial:
        for number, members in enumerate(chosen):
            if (members, number) not in counts:
                counts[members, number] = _confusion(run, members, folds[number], number)
        often = max(chosen, key=lambda one: (list(chosen).count(one), one))
        return _trial(often, [counts[one, n] for n, one in enumerate(chosen)], sizes)

    full = judged([everything] * len(folds))
    trials, nested = [full], []
    for members in finalists(screen, panel, asked, 1):
        if members == everything:
            continue
        trials.append(judged([members] * len(folds)))
        if non_inferior(full, trials[-1], sizes, asked.margin, 1.0).surely_worse:
            break
        chosen = nested_choice(screen, panel, asked, len(stains_of(panel, members)))
        nested.append(replace(judged(chosen), nested=True, chosen=chosen))
    return trials, nested


def _confusion(run: Planted, members: Members, fold: Fold, start: int) -> Array:
    """Return the (K, K) confusion on a fold's test cells."""
    trained = run.train(members, fold, start)
    called = trained.test_probability.argmax(1)
    return np.asarray(metrics.confusion(trained.test_labels, called, run.n_classes))


def _trial(members: Members, counts: Sequence[Array], sizes: Sizes) -> PanelTrial:
    stacked = np.stack(counts)  # (J, K, K)
    by_class = metrics.f1_per_class(stacked)  # (J, K)
    return PanelTrial(
        members=members,
        f1_macro=sizes.interval(metrics.f1_macro(stacked), bounds=(0, 1)),
        f1_micro=sizes.interval(metrics.accuracy(stacked), bounds=(0, 1)),
        f1_per_class=tuple(sizes.interval(column, bounds=(0, 1)) for column in by_class.T),
    )


def _fresh(run: Planted, trials: Sequence[PanelTrial]) -> list[Record]:
    """Return F1 on fresh cells of all panels but the last, trained on all other cells.

    The last is surely worse, so it is recommended to nobody. Validation decides nothing here (the
    last epoch is kept), so it gets the fewest cells.
    """
    shape = run.shape
    inside = np.arange(shape.n_cells)
    kept = np.sort(np.random.default_rng(run.seed).permutation(inside)[run.n_classes :])
    fold = Fold(
        train=kept,
        valid=np.setdiff1d(inside, kept),
        test=np.arange(shape.n_cells, shape.n_cells + shape.n_fresh),
    )
    found: list[Record] = []
    for trial in trials[:-1]:
        starts = [
            _confusion(run, trial.members, fold, 500 + start) for start in range(shape.restarts)
        ]
        counts = np.stack(starts)  # (R, K, K)
        found.append(
            {
                "members": list(trial.members),
                "f1": metrics.f1_macro(counts).tolist(),
                "classes": metrics.f1_per_class(counts).tolist(),
            }
        )
    return found


def _plain(trial: PanelTrial) -> Record:
    return {
        "members": list(trial.members),
        "chosen": [list(members) for members in trial.chosen],
        "f1": list(trial.f1_macro.folds),
        "classes": [list(one.folds) for one in trial.f1_per_class],
    }
