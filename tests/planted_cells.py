"""Small cells whose answer is known, with a model that reads it, for tests of importance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from pxcore.data.normalise import Normaliser
from pxcore.data.source import ArrayCells
from pxcore.importance.masks import mask_reader
from pxcore.importance.method import ExplainRequest, Method
from pxcore.models.channel_dropout import ChannelDropout, present
from pxcore.models.embedding import Embedding
from pxcore.training.device import Layout
from pxcore.training.device_cells import DeviceCells
from pxcore.types import Array, MaskKind, Role

SIZE = 12
N_CLASSES = 3
PLANTED, DEAD = 2, 1
TRAIN_MEAN = (0.05, float(np.float32(7) * np.float32(1 / 4095)), 0.1, 0.5)
"""Of the normalised channels."""
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Planted:
    """Cells of three classes that differ in where channel 2 is bright inside the cell."""

    images: Array
    labels: Array
    groups: Array
    masks: Array

    def source(self, kind: MaskKind = MaskKind.CELL) -> ArrayCells:
        if kind is MaskKind.NONE:
            return ArrayCells(self.images)
        return ArrayCells(self.images, self.masks, kind)


def planted(n_cells: int = 120, seed: int = 0) -> Planted:
    """Channels: weak noise, constant, the planted place, strong noise. Discs of radius 5."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n_cells) % N_CLASSES)
    rows, columns = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    disc = rows**2 + columns**2 <= 25
    images = rng.integers(0, 400, (n_cells, 4, SIZE, SIZE))
    images[:, DEAD] = 7
    images[:, 3] = rng.integers(0, 4000, (n_cells, SIZE, SIZE))
    for cell, label in enumerate(labels):
        # Not every cell is clear-cut, so that F1 is below 1 and repeats differ.
        images[cell, PLANTED, 3 + 2 * label : 5 + 2 * label, 3:9] += int(rng.integers(300, 3000))
    masks = np.broadcast_to(disc, (n_cells, 1, SIZE, SIZE)).astype(np.uint8)
    groups = rng.integers(0, 4, n_cells)
    return Planted(images.astype(np.uint16), labels, groups, masks)


class Reader(nn.Module):
    """Sees the planted places, and a little of everything else; BatchNorm and dropout inside.

    It can leave channels out, as methods that show sets of channels ask; the others see no
    difference.
    """

    def __init__(self, channels: tuple[int, ...] = (0, 1, 2, 3)) -> None:
        super().__init__()
        self.missing = ChannelDropout(4)
        self.missing.fill.copy_(torch.tensor(TRAIN_MEAN)[list(channels)])
        self.norm = nn.BatchNorm2d(4)
        self.dropout = nn.Dropout(0.5)
        self.linear = nn.Linear(4 * SIZE * SIZE, N_CLASSES)
        # Where channel 0, 1, ... of the original order stands in what comes in.
        self.where = [channels.index(channel) for channel in range(4)]
        weights = torch.from_numpy(np.random.default_rng(5).normal(0, 0.02, (3, 4, SIZE, SIZE)))
        for label in range(N_CLASSES):
            weights[label, PLANTED, 3 + 2 * label : 5 + 2 * label, 3:9] += 0.7
        with torch.no_grad():
            self.linear.weight.copy_(weights.flatten(1))
            self.linear.bias.zero_()
            self.norm.running_mean.fill_(0.1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        images = self.norm(self.missing(images)[:, self.where])
        return self.linear(self.dropout(images.flatten(1)))


class PictureReader(Reader):
    """The same behind a convolution and an activation, as attribution methods know them."""

    def __init__(self, channels: tuple[int, ...] = (0, 1, 2, 3)) -> None:
        super().__init__(channels)
        self.layer1 = nn.Conv2d(4, 4, 1, bias=False)
        del self.norm  # so that it comes after the convolution
        self.norm = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        with torch.no_grad():
            self.layer1.weight.copy_(torch.eye(4)[:, :, None, None])
            self.norm.running_mean.fill_(0.1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = self.norm(self.layer1(self.missing(images)[:, self.where]))
        return self.linear(self.dropout(self.relu(maps).flatten(1)))


class Places(nn.Module):
    """Maps of a plane (N, 1, H, W): what is bright in each class's place, and elsewhere nothing."""

    def __init__(self) -> None:
        super().__init__()
        places = torch.zeros(N_CLASSES, SIZE, SIZE)
        for label in range(N_CLASSES):
            places[label, 3 + 2 * label : 5 + 2 * label, 3:9] = 1
        self.register_buffer("places", places)

    def forward(self, planes: torch.Tensor) -> torch.Tensor:
        return planes * self.places


class NumberReader(Embedding):
    """Makes one number of each channel: how much brighter its last place is than its first.

    The planted channel's number tells the class, with a slope that is the same for all; the others
    say a little.
    """

    weights = (0.2, 0.1, 10.0, 0.4)

    def __init__(self, channels: tuple[int, ...] = (0, 1, 2, 3)) -> None:
        super().__init__(4)
        self.layer1, self.norm, self.dropout = Places(), nn.BatchNorm1d(4), nn.Dropout(0.5)
        self.linear = nn.Linear(1, N_CLASSES)
        self.slopes = nn.Parameter(torch.tensor(self.weights))
        with torch.no_grad():
            self.linear.weight.zero_()
            self.linear.bias.copy_(torch.tensor([0.0, 1.2, 0.0]))
        self.where = [channels.index(channel) for channel in range(4)]

    def look(self, planes: torch.Tensor, channels: Sequence[int]) -> torch.Tensor:
        maps = self.layer1(planes.flatten(0, 1).unsqueeze(1))
        amounts = maps.mean(dim=(2, 3)).unflatten(0, (-1, len(channels))) * 6  # (B, C', 3)
        return (amounts[..., 2] - amounts[..., 0]) / (amounts.sum(dim=2) + 0.05)

    def conclude(self, embedding: torch.Tensor) -> torch.Tensor:
        r = self.dropout(self.norm(embedding[:, self.where]))
        little = r[:, 0] * self.slopes[0] + r[:, 1] * self.slopes[1] + r[:, 3] * self.slopes[3]
        told = r[:, PLANTED] * self.slopes[PLANTED]
        middle = 5 - torch.relu(told) - torch.relu(-told) - little
        heights = torch.stack([little - told, middle, told + little], dim=1)
        return heights + self.linear(r[:, :1])


class PlaneReader(NumberReader):
    """Says of each channel by itself how bright every class's place is; the planted one counts."""

    weights = (0.5, 0.5, 30.0, 0.5)

    def look(self, planes: torch.Tensor, channels: Sequence[int]) -> torch.Tensor:
        maps = self.layer1(planes.flatten(0, 1).unsqueeze(1))
        return maps.mean(dim=(2, 3)).unflatten(0, (-1, len(channels)))  # (B, C', 3)

    def conclude(self, embedding: torch.Tensor) -> torch.Tensor:
        said = (embedding[:, self.where] * self.slopes[:, None]).sum(dim=1)
        return said + self.linear(said[:, :1])


class ChannelMeans(nn.Module):
    """Sees nothing but each channel's mean: double precision, so that order cannot round."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        means = images.double().mean(dim=(2, 3))  # (B, 4)
        amounts = torch.tensor([500.0, 1500.0, 2500.0]).double() / 4095
        return -60 * (means[:, PLANTED, None] - amounts) ** 2 + means[:, [0, 3, 3]]


def in_amounts(cells: Planted) -> Planted:
    """The same cells, their class told by how bright channel 2 is on the whole, noise beside."""
    images = cells.images.astype(np.int64)
    noise = np.random.default_rng(8).integers(-400, 400, images[:, PLANTED].shape)
    images[:, PLANTED] = 500 + 1000 * cells.labels[:, None, None] + noise
    return replace(cells, images=images.astype(np.uint16))


def device_cells(
    cells: Planted,
    channels: tuple[int, ...] = (0, 1, 2, 3),
    positions: Array | None = None,
    budget_bytes: int | None = None,
) -> DeviceCells:
    """The cells on the CPU, scaled so that 4095 is 1."""
    limits = Normaliser(np.zeros(4, np.float32), np.full(4, 4095, np.float32)).take(channels)
    wanted = np.arange(len(cells.labels)) if positions is None else positions
    return DeviceCells(cells.source(), wanted, limits, CPU, channels, budget_bytes)


def request(cells: Planted, channels: tuple[int, ...] = (0, 1, 2, 3)) -> ExplainRequest:
    """Everything any method may need."""
    roles = (Role.STAIN, Role.DARKFIELD, Role.STAIN, Role.STAIN)
    return ExplainRequest(
        model=Reader(channels),
        cells=device_cells(cells, channels),
        labels=cells.labels,
        n_classes=N_CLASSES,
        read_masks=mask_reader(cells.source(), np.arange(len(cells.labels))),
        mask_kind=MaskKind.CELL,
        roles=tuple(roles[c] for c in channels),
        train_mean=np.array(TRAIN_MEAN)[list(channels)],
        retrained=retrained(cells, channels),
        seed=11,
        repeats=6,
        layout=Layout(batch_size=50),
    )


def request_for(
    method: Method, cells: Planted, channels: tuple[int, ...] = (0, 1, 2, 3)
) -> ExplainRequest:
    """The same with a model that this method knows what to do with."""
    made = request(cells, channels)
    if method.kind != "attribution":
        return made
    kinds = {"channel_embedding": NumberReader, "gradcam_channel": PlaneReader}
    model = kinds.get(method.id, PictureReader)(channels)
    return replace(made, model=model, last_convolution=lambda model: model.layer1)


def retrained(cells: Planted, channels: tuple[int, ...] = (0, 1, 2, 3)) -> tuple[Array, ...]:
    """What readers that never had a channel say, in the batches of ``request``: (n, K) each."""
    held, reader, found = device_cells(cells, channels), Reader(channels).eval(), []
    for missing in range(4):
        shown = torch.arange(4) != missing
        with torch.no_grad(), present(reader, shown):
            parts = torch.split(torch.arange(len(held)), 50)
            found.append(torch.cat([reader(held.batch(part)).softmax(1) for part in parts]).numpy())
    return tuple(found)


def with_layout(request: ExplainRequest, batch_size: int) -> ExplainRequest:
    """The same, with so many cells a forward pass."""
    return replace(request, layout=replace(request.layout, batch_size=batch_size))
