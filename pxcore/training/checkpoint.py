"""The state of a training between two epochs, in one file that is whole or not there."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes

from pxcore.types import Epoch

State = dict[str, torch.Tensor]

FILE = "checkpoint.safetensors"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Checkpoint:
    """Everything the next epoch depends on (its random numbers come from seed and number)."""

    history: tuple[Epoch, ...]
    model: State
    best: State
    """The model after the best epoch so far."""
    optimiser: State
    """Named ``<parameter number>.<quantity>``."""


def save(folder: Path, checkpoint: Checkpoint, training: str) -> None:
    """Put ``checkpoint`` of the training with this fingerprint into ``folder``.

    One safetensors file, history in its header, written beside the old one, flushed to disk and
    renamed over it: a kill at any moment leaves the old or the new one. Raises OSError when the
    disk is full; the old one stays then too.
    """
    tensors = {
        f"{part}/{name}": value.detach().contiguous()
        for part, state in _parts(checkpoint).items()
        for name, value in state.items()
    }
    header = {
        "training": training,
        "history": json.dumps([asdict(epoch) for epoch in checkpoint.history], allow_nan=False),
    }
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f"{FILE}.new"
    try:
        with fresh.open("wb") as stream:
            stream.write(to_bytes(tensors, metadata=header))
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(folder / FILE)
    finally:
        fresh.unlink(missing_ok=True)  # half a file would keep a full disk full


def load(folder: Path, training: str, device: torch.device) -> Checkpoint | None:
    """Return the checkpoint in ``folder``, or None.

    None also when the file is damaged, or of a training with another fingerprint (other
    settings, cells or seed, such as a smaller batch after the memory ran out): then the training
    starts anew, which costs time and never gives other numbers.
    """
    file = folder / FILE
    if not file.is_file():
        return None
    try:
        with safe_open(file, framework="pt", device=str(device)) as opened:
            header = opened.metadata() or {}
            if header.get("training") != training:
                return None
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except SafetensorError:
        return None
    history = tuple(Epoch(**epoch) for epoch in json.loads(header["history"]))
    return Checkpoint(
        history=history,
        model=_part(tensors, "model"),
        best=_part(tensors, "best"),
        optimiser=_part(tensors, "optimiser"),
    )


def optimiser_state(optimiser: torch.optim.Optimizer) -> State:
    """Return the running quantities of every parameter by name."""
    states = optimiser.state_dict()["state"]
    return {f"{i}.{name}": value for i, state in states.items() for name, value in state.items()}


def restore_optimiser(optimiser: torch.optim.Optimizer, state: Mapping[str, torch.Tensor]) -> None:
    """Put the quantities of :func:`optimiser_state` into a new optimiser."""
    by_parameter: dict[int, State] = {}
    for key, value in state.items():
        number, name = key.split(".", 1)
        by_parameter.setdefault(int(number), {})[name] = value
    groups = optimiser.state_dict()["param_groups"]
    optimiser.load_state_dict({"state": by_parameter, "param_groups": groups})


def _parts(checkpoint: Checkpoint) -> dict[str, State]:
    return {
        "model": checkpoint.model,
        "best": checkpoint.best,
        "optimiser": checkpoint.optimiser,
    }


def _part(tensors: Mapping[str, torch.Tensor], part: str) -> State:
    """Return the tensors whose name starts with ``part/``, without it."""
    start = f"{part}/"
    return {name[len(start) :]: t for name, t in tensors.items() if name.startswith(start)}
