"""Pixel attributions of a few held-out cells, drawn by a child process and then kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pxcore.errors import DatasetError, MethodError, RunError
from pxcore.importance.methods import METHODS
from pxcore.runs import spec_tasks
from pxcore.runs.child import run_child
from pxcore.runs.ledger import RunRecord
from pxcore.runs.method_names import method_name
from pxcore.runs.parts import Parts
from pxcore.runs.result import finished
from pxcore.runs.saved.model import load_tested
from pxcore.runs.tasks import TrainTask
from pxcore.store.home import Store
from pxcore.store.keys import encode, key_of
from pxcore.types import AttributionMaps, Dataset, MethodSpec

VERSION = 2
MOST_CELLS = 64
SECONDS = 300
FILE = "maps.npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class MapsOrder:
    """What the child process is asked."""

    home: str
    dataset: Dataset
    train: TrainTask
    model_key: str
    """Of the trained model's artifact."""
    positions: tuple[int, ...]
    methods: tuple[MethodSpec, ...]
    """Those with pixel maps."""


def attribution_maps(
    store: Store, run_id: str, fold: int, positions: Sequence[int], methods: Sequence[str]
) -> AttributionMaps:
    """Return where each method sees the reason for the true class, in some held-out cells.

    Drawn by the fold's own trained model (of its first start), computed once, then kept. Methods
    without pixel maps are left out.

    Parameters
    ----------
    fold
        Counted from 0.
    positions
        In the data set, of cells in the fold's test part, at most 64.
    methods
        Names of methods of the run.

    Raises
    ------
    RunError
        For an unknown or unfinished run, or a fold it does not have.
    MethodError
        For methods that the run does not have, or when none of them has pixel maps.
    DatasetError
        For cells outside the fold's test part, or too many.
    """
    record = finished(store, run_id)
    wanted = _with_maps(record, methods)
    train, model_key = _training(store, record, fold)
    cells = tuple(int(position) for position in positions)
    _check_cells(store, model_key, cells, fold)
    key = key_of("maps", VERSION, model_key, list(cells), [encode(one) for one in wanted])
    if not store.artifacts.has(key):
        order = MapsOrder(
            home=str(store.home),
            dataset=record.dataset,
            train=train,
            model_key=model_key,
            positions=cells,
            methods=wanted,
        )
        with store.artifacts.write(key) as folder:
            what = "the attribution pictures"
            run_child("pxcore.runs.maps_child", (str(folder),), encode(order), what, SECONDS)
        store.note_artifacts({"maps": key})
    with np.load(store.artifacts.folder(key) / FILE, allow_pickle=False) as arrays:
        return AttributionMaps(
            positions=np.asarray(cells, dtype=np.int64),
            images=arrays["images"],
            maps={method_name(one): arrays[f"map_{i}"] for i, one in enumerate(wanted)},
            true=arrays["true"],
            predicted=arrays["predicted"],
        )


def _with_maps(record: RunRecord, names: Sequence[str]) -> tuple[MethodSpec, ...]:
    """Return the methods of these names that have pixel maps."""
    known = {method_name(method): method for method in record.spec.methods}
    unknown = [name for name in names if name not in known]
    if unknown:
        message = f"run {record.id!r} has no method {unknown[0]!r}; it has {', '.join(known)}"
        raise MethodError(message)
    chosen = [known[name] for name in dict.fromkeys(names)]
    drawn = tuple(method for method in chosen if METHODS[method.id].maps is not None)
    if not drawn:
        possible = ", ".join(entry.id for entry in METHODS.values() if entry.maps is not None)
        message = (
            f"{', '.join(names) or 'no method'} gives no number a pixel, so there is nothing to "
            f"draw; pixel maps come from {possible}"
        )
        raise MethodError(message)
    return drawn


def _training(store: Store, record: RunRecord, fold: int) -> tuple[TrainTask, str]:
    spec = record.spec
    if not 0 <= fold < spec.n_folds:
        message = f"fold {fold + 1} is not there; run {record.id!r} has folds 1 to {spec.n_folds}"
        raise RunError(message)
    parts = Parts(store, record)
    own = parts.row(f"train/{fold}/0")
    if own is None:
        message = f"the training of fold {fold + 1} cannot be found in the store; start it again"
        raise RunError(message)
    parts.kept(own)
    return spec_tasks.trains(spec)[fold * spec.seeds], own.key


def _check_cells(store: Store, model_key: str, cells: tuple[int, ...], fold: int) -> None:
    if not 1 <= len(cells) <= MOST_CELLS:
        message = f"{len(cells)} cells were asked for; expected 1 to {MOST_CELLS}"
        raise DatasetError(message)
    test = load_tested(store.artifacts.folder(model_key)).test
    strange = np.setdiff1d(np.asarray(cells), test)
    if len(strange):
        message = (
            f"cell {int(strange[0])} is not among the {len(test)} held-out cells of fold "
            f"{fold + 1}; its model was trained on it or never saw its kind of cell"
        )
        raise DatasetError(message)
