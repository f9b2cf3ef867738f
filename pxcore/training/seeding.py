"""Random numbers that belong to one task and leave the rest of the process alone.

Whatever is drawn comes from a generator made of (seed, purpose): the order of cells in epoch 7
does not depend on what was drawn in epoch 6, so a training that was killed needs no stored
generator state to go on bit for bit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def derive(seed: int, *parts: int) -> int:
    """Return a seed of 63 bits for one purpose: the start of sha256 of ``seed`` and ``parts``.

    >>> derive(1, 2) == derive(1, 2), derive(1, 2) == derive(2, 1)
    (True, False)
    """
    text = ",".join(str(part) for part in (seed, *parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(device: torch.device, seed: int, *parts: int) -> torch.Generator:
    """Return a generator on ``device`` for one purpose."""
    made = torch.Generator(device=device)
    made.manual_seed(derive(seed, *parts))
    return made


@contextmanager
def private_randomness(device: torch.device, seed: int, *parts: int) -> Iterator[None]:
    """Run a block whose draws from torch's own generators depend on the seed alone.

    Initialisation of modules and dropout take no generator, they draw from torch's. The state of
    those is put back at the end, so nothing outside is moved. Torch keeps one such state for all
    threads: the block repeats only while no other thread of the process draws from it.
    """
    gpus = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=gpus):
        # Inside the fork this is not a global seed: the fork restores what was there.
        torch.default_generator.manual_seed(derive(seed, *parts))
        if gpus:
            torch.cuda.manual_seed(derive(seed, *parts))
        yield
