"""A run as a JSON that makes it anew, and the way back."""

from __future__ import annotations

import json
from dataclasses import replace

from pxcore import __version__
from pxcore.runs import ledger
from pxcore.store.home import Store
from pxcore.store.keys import encode

__all__ = ["recreate_run"]

FORM = "pxcore run"
"""What such a JSON says it is."""


def recreate_run(store: Store, run_id: str) -> str:
    """Return the JSON text that ``python -m pxcore run --from FILE`` reads; nobody's name is in it.

    Raises RunError for an unknown id.
    """
    record = ledger.record(store, run_id)
    dataset = record.dataset
    told = {
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
    return json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
