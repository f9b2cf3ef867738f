"""The child process of ``maps``: pixel attributions of some held-out cells by a trained model."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch

from pxcore.data.normalise import Normaliser
from pxcore.importance.method import MapRequest
from pxcore.importance.methods import METHODS
from pxcore.models import MODELS
from pxcore.runs.execute.cells import seen
from pxcore.runs.execute.trained import network_of
from pxcore.runs.maps import FILE, MapsOrder
from pxcore.runs.saved.model import load_model
from pxcore.settings import Settings
from pxcore.store.artifacts import Artifacts
from pxcore.store.keys import decode
from pxcore.training.device import choose_device
from pxcore.training.device_cells import DeviceCells
from pxcore.types import Array

BATCH = 16


def main(folder: Path, order: MapsOrder) -> None:
    """Write the pictures and every method's maps into ``folder``."""
    device, artifacts = choose_device(Settings().device), Artifacts(Path(order.home))
    trained, fold, means = load_model(artifacts.folder(order.model_key))
    cells = np.asarray(order.positions, dtype=np.int64)
    with seen(artifacts, order.dataset, order.train, fold) as found:
        images = found.source.images(cells, found.channels)
        limits = Normaliser(trained.low, trained.high)
        shown = DeviceCells(found.source, cells, limits, device, found.channels)
        pixels = shown.batch(torch.arange(len(cells), device=device))  # (n, C, H, W)
    built = MODELS[order.train.model.id].as_built(order.train.model.options)
    row = {int(position): i for i, position in enumerate(fold.test)}
    rows = [row[int(cell)] for cell in cells]
    true = trained.test_labels[rows].astype(np.int64)
    network = network_of(order.train, order.dataset, trained).to(device)
    arrays: dict[str, Array] = {
        "images": images,
        "true": true,
        "predicted": trained.test_probability[rows].argmax(1).astype(np.int64),
    }
    for number, method in enumerate(order.methods):
        draw = METHODS[method.id].maps
        if draw is None:
            continue
        maps = draw(
            MapRequest(
                model=network,
                images=pixels,
                targets=torch.as_tensor(true, device=device),
                train_mean=means,
                options=method.options,
                last_convolution=built.last_convolution,
                batch_size=BATCH,
            )
        )
        arrays[f"map_{number}"] = maps.detach().cpu().numpy().astype(np.float32)
    np.savez_compressed(folder / FILE, allow_pickle=False, **arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]), decode(MapsOrder, sys.stdin.read()))
