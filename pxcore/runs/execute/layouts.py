"""How forward passes run on this device: measured once for a kind of work, then remembered.

The layout changes results by rounding at most, but a prediction near a tie may follow it. So the
first measurement stays in the store: a task that is done again gives the same numbers.
"""

from __future__ import annotations

import os
import platform
import uuid
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from pxcore.models.embedding import embedding_of
from pxcore.runs.tasks import ExplainTask
from pxcore.store.keys import decode, encode, key_of
from pxcore.training.device import Layout, trial
from pxcore.training.device_cells import DeviceCells

WORTH_MEASURING = 50_000
"""Cells that will pass the network, for each of its channels; below, a trial costs too much."""
SAMPLE = 512
MOST_PIXELS = 2**27
"""Of all channels in one batch: 0.5 GB as they come in. 30 channels of 224 x 224: 89 cells."""
SMALLEST = 8


def layout_of(root: Path, task: ExplainTask, network: nn.Module, cells: DeviceCells) -> Layout:
    """Return the layout for explaining this kind of model on this device.

    Batches hold ``MOST_PIXELS`` at most. Nothing is measured of networks that look at each
    channel alone: how many planes pass at once is theirs to say.
    """
    channels, usual = len(cells.channels), replace(Layout(), batch_size=usual_batch(cells))
    if len(cells) * channels < WORTH_MEASURING or embedding_of(network) is not None:
        return usual
    chip = platform.processor() or platform.machine()
    device = torch.cuda.get_device_name(cells.device) if cells.device.type == "cuda" else chip
    kind = key_of(
        *(device, torch.__version__, torch.get_num_threads()),
        *(task.train.model.id, task.train.model.options, channels, list(cells.image_size)),
    )
    kept = root / "layouts" / f"{kind}.json"
    if not kept.is_file():
        sample = torch.arange(min(SAMPLE, len(cells), _most(cells)), device=cells.device)
        try:
            found, _ = trial(network, cells.batch(sample))
        except torch.OutOfMemoryError:  # other work on the card: nothing is measured this time
            return usual
        _keep_first(kept, encode(found))
    found = decode(Layout, kept.read_text("utf-8"))
    return replace(found, batch_size=min(found.batch_size, _most(cells)))


def usual_batch(cells: DeviceCells) -> int:
    """Return how many cells pass at once where nothing was measured."""
    return min(Layout().batch_size, _most(cells))


def _most(cells: DeviceCells) -> int:
    """Return the most cells that may lie in one batch."""
    height, width = cells.image_size
    return max(SMALLEST, MOST_PIXELS // (len(cells.channels) * height * width))


def _keep_first(path: Path, text: str) -> None:
    """Write a file whole, unless another worker was first."""
    path.parent.mkdir(exist_ok=True)
    aside = path.with_name(f".{uuid.uuid4().hex}")
    try:
        aside.write_text(text, encoding="utf-8")
        with suppress(FileExistsError):
            os.link(aside, path)
    finally:
        aside.unlink(missing_ok=True)
