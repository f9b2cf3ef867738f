"""A small training with a known answer: one channel tells the class, the other is noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from pxcore.data.folds import split
from pxcore.data.source import ArrayCells
from pxcore.models import MODELS, BuildRequest
from pxcore.training.fit import Control, TrainingData
from pxcore.types import Epoch, TrainingParams

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Case:
    """A training ready to start."""

    data: TrainingData
    params: TrainingParams

    def build(self) -> nn.Module:
        """Return a network of 4 to 16 features, so that tests are quick."""
        channels = self.data.channels or (0, 1)
        return MODELS["small_cnn"].build(
            BuildRequest(
                n_channels=len(channels),
                n_classes=3,
                image_size=(16, 16),
                options=(("width", 4),),
            )
        )

    def control(
        self,
        folder: Path | None = None,
        tell: Callable[[Epoch], None] = lambda _epoch: None,
        stop: Callable[[], bool] = lambda: False,
        seed: int = 7,
    ) -> Control:
        """Return a control on the processor."""
        return Control(seed=seed, device=CPU, folder=folder, tell=tell, stop=stop)


def make_case(n: int = 240, **changes: object) -> Case:
    """Return three unbalanced classes: a bright patch left, a bright patch in the middle, none."""
    generator = np.random.default_rng(11)
    labels = generator.choice(3, n, p=[0.6, 0.3, 0.1])
    images = generator.normal(500, 50, (n, 2, 16, 16))
    for cell, label in enumerate(labels):
        if label < 2:
            left = (1, 7)[label]
            images[cell, 0, 6:10, left : left + 3] += 800
    source = ArrayCells(images.clip(0, 65535).astype(np.uint16))
    settings: dict[str, object] = {
        "max_epochs": 6,
        "batch_size": 32,
        "learning_rate": 1e-2,
        "stop_patience": 50,
    }
    params = TrainingParams(**(settings | changes))  # type: ignore[arg-type]
    fold = split(labels, None, 3, 0, params.valid_share)[0]
    return Case(TrainingData(source=source, labels=labels, n_classes=3, fold=fold), params)
