"""What a trained network says about cells, with its modes put back afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import nn

from pxcore.errors import Cancelled, TrainingError
from pxcore.training.device_cells import DeviceCells
from pxcore.training.seeding import private_randomness
from pxcore.types import Array


@contextmanager
def evaluating(model: nn.Module) -> Iterator[nn.Module]:
    """Yield ``model`` in evaluation mode without gradients; afterwards every mode is as it was.

    In training mode BatchNorm would depend on which cells share a batch, and would be changed by
    them; dropout would be random.
    """
    modes = [(module, module.training) for module in model.modules()]
    try:
        model.eval()
        with torch.no_grad():
            yield model
    finally:
        for module, training in modes:
            module.training = training


def outputs(
    model: nn.Module,
    cells: DeviceCells,
    batch_size: int,
    stop: Callable[[], bool] | None = None,
) -> torch.Tensor:
    """Return what the network gives for every cell, (n, ...) float32 on the cells' device.

    ``stop`` is asked before each batch. Raises Cancelled when it says so.
    """
    rows = torch.arange(len(cells), device=cells.device)
    parts = []
    with evaluating(model):
        for positions in torch.split(rows, batch_size):
            if stop is not None and stop():
                message = "prediction was asked to stop"
                raise Cancelled(message)
            parts.append(model(cells.batch(positions)).float())  # (B, ...)
    return torch.cat(parts)


def predict(
    model: nn.Module,
    cells: DeviceCells,
    batch_size: int,
    stop: Callable[[], bool] | None = None,
) -> Array:
    """Return class probabilities (n, K) float32 in [0, 1], rows in the order of ``cells``."""
    return outputs(model, cells, batch_size, stop).softmax(dim=1).cpu().numpy()


def restore(
    build: Callable[[], nn.Module], weights: Mapping[str, Array], device: torch.device
) -> nn.Module:
    """Return the network that ``weights`` (a state dict as arrays) belong to, on ``device``.

    It is in evaluation mode and wants no gradients for its parameters.

    Raises
    ------
    TrainingError
        When the weights are those of another architecture or other channels or classes.
    """
    with private_randomness(torch.device("cpu"), 0):
        model = build()
    state = {name: torch.tensor(value) for name, value in weights.items()}
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        message = f"stored weights do not fit the network they should belong to: {error}"
        raise TrainingError(message) from error
    return model.to(device).eval().requires_grad_(requires_grad=False)
