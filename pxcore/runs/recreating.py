"""A run as a JSON that makes it anew, and the way back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pxcore import __version__
from pxcore.runs import ledger
from pxcore.store.home import Store
from pxcore.store.keys import encode

__all__ = ["recreate_all", "recreate_run"]

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
        "spec": json.loads(encode(replace(record.spec, owner="", priority=0))),
    }


def _text(told: Mapping[str, object]) -> str:
    return json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
