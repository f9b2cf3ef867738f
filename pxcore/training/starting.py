"""What every training begins and ends with, whatever it aims at."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import nn

from pxcore.training.checkpoint import State
from pxcore.training.loop import Control
from pxcore.training.seeding import private_randomness
from pxcore.types import Array

_START = 0
"""Purpose of random numbers: the network's first weights."""


def fresh(build: Callable[[], nn.Module], control: Control) -> nn.Module:
    """Return a new network on the training's device, made from the training's seed."""
    with private_randomness(torch.device("cpu"), control.seed, _START):
        return build().to(control.device)


def fingerprint(told: Mapping[str, object], arrays: Sequence[Array]) -> str:
    """Return a hash of settings and whole numbers that tells trainings in one folder apart."""
    found = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    for numbers in arrays:
        found.update(np.ascontiguousarray(numbers, dtype=np.int64).tobytes())
    return found.hexdigest()


def as_arrays(weights: State) -> dict[str, Array]:
    """Return a state dict as arrays in main memory."""
    return {name: value.cpu().numpy() for name, value in weights.items()}
