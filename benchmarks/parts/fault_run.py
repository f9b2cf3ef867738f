"""The small, complete run of the fault campaign: an import, every kind of step, a growing question.

What came out of it is compared as digests: one a file of every result, times and machines left out.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from pxcore.runs import drafts, ledger
from pxcore.runs.panels import growing
from pxcore.runs.presets import spec_from
from pxcore.store.home import Store
from pxcore.store.manifests import MANIFEST
from pxcore.types import Dataset, ImportRequest, MethodSpec, ModelSpec, Role, RunSpec
from pxcore.types.panel import PanelQuestion

REQUEST = ImportRequest(
    path="demo",
    title="fault campaign",
    owner="campaign",
    options=(("n_cells", "300"), ("size", "16"), ("classes", "3"), ("donors", "4")),
)
METHODS = ("pxpermute", "permute_cells", "pxpermute_mask", "leave_one_out", "integrated_gradients")
CHANNELS = 5
EPOCHS = 6
TIMES = {"seconds", "device", "versions"}
"""Of a training's story: differs between two undisturbed runs as well."""


def frozen(store: Store, dataset: Dataset) -> RunSpec:
    """Return the run: two folds, five methods, a decoy, sanity checks, every panel searched."""
    stain_free = [n for n, c in enumerate(dataset.panel.channels) if c.role is not Role.STAIN]
    stains = [n for n, c in enumerate(dataset.panel.channels) if c.role is Role.STAIN]
    always = tuple(stain_free[:1])
    spec = spec_from("fast", dataset, owner="campaign")
    wanted = replace(
        spec,
        model=ModelSpec(id="small_cnn", options=(("width", 4),)),
        training=replace(spec.training, max_epochs=EPOCHS, batch_size=32),
        methods=tuple(MethodSpec(id=name) for name in METHODS),
        channels=tuple(sorted((*always, *stains[: CHANNELS - 1]))),
        n_folds=2,
        repeats=1,
        decoys=("decoy_empty",),
        gates=True,
        leakage=True,
        question=PanelQuestion(always=always, finalists=1, compare=(("pxpermute", 1),)),
    )
    return drafts.frozen_spec(store, wanted)


def digests(store: Store, run_id: str) -> dict[str, str]:
    """Return a digest of every file of every result of a run, by step and file name."""
    found: dict[str, str] = {}
    for step in growing.planned(store, ledger.record(store, run_id).spec).steps:
        folder = store.artifacts.folder(step.key)
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.name != MANIFEST:
                name = f"{step.kind} {step.key[:16]} {path.relative_to(folder)}"
                found[name] = _digest(path)
    return found


def _digest(path: Path) -> str:
    """Return a digest of a file's numbers: arrays by name, JSON without times."""
    digest = hashlib.sha256()
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as arrays:
            for name in sorted(arrays.files):
                values = np.ascontiguousarray(arrays[name])
                digest.update(f"{name} {values.dtype} {values.shape}".encode())
                digest.update(values.tobytes())
    elif path.suffix == ".json":
        told = _without_times(json.loads(path.read_text("utf-8")))
        digest.update(json.dumps(told, sort_keys=True).encode())
    else:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _without_times(value: object) -> object:
    if isinstance(value, dict):
        return {k: _without_times(v) for k, v in value.items() if k not in TIMES}
    if isinstance(value, list):
        return [_without_times(one) for one in value]
    return value
