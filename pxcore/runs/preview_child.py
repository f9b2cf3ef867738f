"""The child process of ``preview``: runs a method on a model that keeps what it is shown."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from pxcore.data.normalise import Normaliser
from pxcore.data.source import ArrayCells
from pxcore.importance.masks import mask_reader
from pxcore.importance.methods import METHODS, ExplainRequest
from pxcore.runs.preview import FILE
from pxcore.store.keys import decode
from pxcore.training.device_cells import DeviceCells
from pxcore.types import Array, MaskKind, MethodSpec, Role


class Witness(nn.Module):
    """A model that keeps every picture of the first cell it is shown and knows nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.seen: list[Array] = []

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return equal logits (B, 2) for images (B, C, H, W)."""
        self.seen.append(images[0].detach().cpu().numpy().copy())  # (C, H, W)
        return torch.zeros(len(images), 2, device=images.device) + self.weight


def main(folder: Path, mask_kind: MaskKind) -> None:
    """Read ``cells.npz`` and the request on stdin, write the example."""
    request = json.load(sys.stdin)
    channel = int(request["channel"])
    with np.load(folder / "cells.npz", allow_pickle=False) as arrays:
        images, groups = arrays["images"], arrays["groups"]
        masks = arrays.get("masks")
    low, high = _limits(images)
    source = ArrayCells(images, masks, mask_kind)
    rows = np.arange(len(images))
    cells = DeviceCells(source, rows, Normaliser(low, high), torch.device("cpu"))
    method = decode(MethodSpec, request["method"])
    witness = Witness()
    scores = METHODS[method.id].explain(
        ExplainRequest(
            model=witness,
            cells=cells,
            labels=rows % 2,
            n_classes=2,
            groups=groups if groups.min() >= 0 else None,
            read_masks=mask_reader(source, rows),
            mask_kind=mask_kind,
            roles=tuple(Role(role) for role in request["roles"]),
            train_mean=_means(images, low, high),
            options=method.options,
            repeats=1,
            max_repeats=1,
        )
    )
    before, after = _changed(witness.seen, channel)
    scale = float(high[channel] - low[channel])
    example = {"before": images[0, channel], "after": after * scale + float(low[channel])}
    if np.issubdtype(images.dtype, np.integer):
        example["after"] = np.rint(example["after"]).astype(images.dtype)
    if masks is not None and method.id.endswith("mask"):
        example["mask"] = masks[0, channel % masks.shape[1]]
    note = " ".join(scores.notes) if before is not after else "The channel is constant here."
    np.savez_compressed(folder / FILE, allow_pickle=False, note=np.array(note), **example)


def _changed(seen: list[Array], channel: int) -> tuple[Array, Array]:
    """Return the channel as first shown, and as in the first picture where it differs."""
    before = seen[0][channel]
    for picture in seen[1:]:
        if not np.array_equal(picture[channel], before):
            return before, picture[channel]
    return before, before


def _limits(images: Array) -> tuple[Array, Array]:
    """Return each channel's smallest and largest pixel: nothing is clipped."""
    low = images.min(axis=(0, 2, 3)).astype(np.float32)
    high = images.max(axis=(0, 2, 3)).astype(np.float32)
    return low, np.where(high > low, high, low + 1)


def _means(images: Array, low: Array, high: Array) -> Array:
    means: Array = (images.mean(axis=(0, 2, 3)) - low) / (high - low)
    return means


if __name__ == "__main__":
    main(Path(sys.argv[1]), MaskKind(sys.argv[2]))
