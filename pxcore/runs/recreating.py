"""A run as a JSON that makes it anew, and the way back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pxcore import __version__
from pxcore.errors import DatasetError, PanelError, RunError
from pxcore.runs import datasets, ledger
from pxcore.store.home import Store
from pxcore.store.keys import decode, encode
from pxcore.types import RunSpec

__all__ = ["read_recreate", "recreate_all", "recreate_run"]

FORM = "pxcore run"
"""What such a JSON says it is."""


def recreate_run(store: Store, run_id: str) -> str:
    """Return the JSON text that ``python -m pxcore run --from FILE`` reads; nobody's name is in it.

    Raises RunError for an unknown id.
    """
    return _text(_told(store, run_id))


def recreate_all(store: Store, form: str, run_ids: Sequence[str], **more: object) -> str:
    """Return one JSON text of several runs, each as `recreate_run` has it, under ``runs``."""
    runs = [_told(store, run_id) for run_id in dict.fromkeys(run_ids)]
    return _text({"form": form, "pxcore": __version__, **more, "runs": runs})


def read_recreate(store: Store, text: str, dataset_id: str = "") -> RunSpec:
    """Return the spec of a run that is made anew, to be submitted.

    Parameters
    ----------
    text
        What `recreate_run` gave.
    dataset_id
        Other cells to make it on, with the same channels; empty for those that it was made on.

    Raises
    ------
    RunError
        For a text that is no such JSON, and when its cells are not here.
    PanelError
        When the other cells have other channels.
    """
    told = _read(text)
    owner = store.settings.owner
    spec = replace(decode(RunSpec, json.dumps(told["spec"])), owner=owner)
    if spec.clusters is not None:
        ask = replace(spec.clusters, owner=owner, dataset_id=dataset_id or spec.dataset_id)
        spec = replace(spec, clusters=ask)
    if not dataset_id:
        _require_cells(store, spec, told)
        return spec
    dataset = datasets.one(store, dataset_id)
    if dataset.panel.names != spec.panel.names:
        message = (
            f"the run was made on the channels {', '.join(spec.panel.names)}; data set "
            f"{dataset.title!r} has {', '.join(dataset.panel.names)}: give cells with the same "
            "channels in the same order"
        )
        raise PanelError(message)
    return replace(spec, dataset_id=dataset.id, panel=dataset.panel, mask_kind=dataset.mask_kind)


def _read(text: str) -> dict[str, object]:
    """Return the JSON of one run. Raises RunError for anything else."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"this is no recreate.json: {error}; take it from a report's archive"
        raise RunError(message) from error
    form = told.get("form") if isinstance(told, dict) else None
    if form == FORM and isinstance(told.get("spec"), dict):
        return dict(told)
    found = (
        f"it is a {form!r}, which holds several runs; take one from runs/ of its archive"
        if form
        else "it is none"
    )
    message = f"a recreate.json of one run is expected (form {FORM!r}), but {found}"
    raise RunError(message)


def _require_cells(store: Store, spec: RunSpec, told: Mapping[str, object]) -> None:
    """Raise RunError unless the very cells of a run are here."""
    try:
        datasets.one(store, spec.dataset_id)
    except DatasetError as error:
        named = told.get("dataset")
        title = named.get("title", "") if isinstance(named, dict) else ""
        message = (
            f"the cells of this run are not here: data set {title!r} with the fingerprint "
            f"{spec.dataset_id!r}. Import them (the same cells and labels get the same "
            "fingerprint), or name other cells: `python -m pxcore run DATASET --from FILE`"
        )
        raise RunError(message) from error


def _told(store: Store, run_id: str) -> dict[str, object]:
    record = ledger.record(store, run_id)
    dataset = record.dataset
    return {
        "form": FORM,
        "pxcore": __version__,
        "run_id": run_id,
        "dataset": {
            "id": dataset.id,
            "title": dataset.title,
            "cells": dataset.n_cells,
            "channels": list(record.spec.panel.names),
            "classes": list(dataset.classes),
        },
        "spec": json.loads(encode(_nameless(record.spec))),
    }


def _nameless(spec: RunSpec) -> RunSpec:
    """Return a spec without the name of whoever asked."""
    ask = spec.clusters and replace(spec.clusters, owner="")
    return replace(spec, owner="", priority=0, clusters=ask)


def _text(told: Mapping[str, object]) -> str:
    return json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
