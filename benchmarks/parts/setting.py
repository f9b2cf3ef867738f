"""A trained ResNet18 and held-out cells for the engine's benchmark: 12 channels of 64 x 64."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from pxcore.data.normalise import Normaliser
from pxcore.data.source import ArrayCells
from pxcore.data.synthetic.ifc_cells import IfcParams, SyntheticCells, ifc_cells
from pxcore.importance.method import ExplainRequest
from pxcore.models import BuildRequest
from pxcore.models.build import build_network
from pxcore.training.device import Layout
from pxcore.training.device_cells import DeviceCells
from pxcore.training.fit import Control, TrainingData, fit
from pxcore.types import Fold, TrainedModel, TrainingParams

MODEL, SIZE, N_NOISE = "resnet18", 64, 3
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Setting:
    """A trained model and held-out cells."""

    drawn: SyntheticCells
    fold: Fold
    trained: TrainedModel
    model: nn.Module

    @property
    def n_channels(self) -> int:
        """All of them are ranked."""
        return len(self.drawn.panel)

    def cells(self, n: int, device: torch.device) -> DeviceCells:
        """The first ``n`` held-out cells on a device."""
        limits = Normaliser(self.trained.low, self.trained.high)
        return DeviceCells(ArrayCells(self.drawn.images), self.fold.test[:n], limits, device)

    def request(self, n: int, device: torch.device = CPU) -> ExplainRequest:
        """The question to a method about the first ``n`` held-out cells."""
        return ExplainRequest(
            model=self.model,
            cells=self.cells(n, device),
            labels=self.drawn.labels[self.fold.test[:n]],
            n_classes=len(self.drawn.classes),
            seed=1,
            layout=Layout(batch_size=128),
        )


def prepare(n_train: int, n_test: int, epochs: int, device: torch.device) -> Setting:
    drawn = ifc_cells(IfcParams(n_cells=n_train + n_test, size=SIZE, n_noise=N_NOISE, seed=3))
    order = np.random.default_rng(0).permutation(n_train + n_test)
    train, valid, test = np.split(order, [int(0.85 * n_train), n_train])
    fold = Fold(np.sort(train), np.sort(valid), np.sort(test))
    request = BuildRequest(
        n_channels=len(drawn.panel), n_classes=len(drawn.classes), image_size=(SIZE, SIZE)
    )
    trained = fit(
        TrainingData(
            source=ArrayCells(drawn.images),
            labels=drawn.labels,
            n_classes=len(drawn.classes),
            fold=fold,
        ),
        TrainingParams(max_epochs=epochs, batch_size=32, schedule="one_cycle"),
        lambda: build_network(MODEL, request),
        Control(seed=0, device=device),
    )
    model = build_network(MODEL, request)
    model.load_state_dict({k: torch.tensor(v) for k, v in trained.weights.items()})
    right = (trained.test_probability.argmax(axis=1) == trained.test_labels).mean()
    print(f"trained in {trained.seconds:.0f} s, held-out accuracy {right:.2f}")
    return Setting(drawn, fold, trained, model.eval())
