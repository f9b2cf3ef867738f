"""What cells without labels bring: how pictures and volumes lie in a cell, encoders, nuisance."""

from __future__ import annotations

from dataclasses import dataclass, field

from pxcore.errors import DatasetError
from pxcore.types.arrays import Array, frozen
from pxcore.types.cells import Dataset
from pxcore.types.results import Epoch
from pxcore.types.runs import TrainingParams
from pxcore.types.unlabelled_ask import Option, PixelLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Planes:
    """How the planes of a cell are pictures and slices: pictures first, then volume by volume.

    A cell with a volume is stored like any other, as (P, H, W): a volume (D, H, W) is D planes in
    the order of its slices. So containers, batches and perturbations need to know nothing of it.

    >>> Planes(pictures=2, volumes=1, depth=3).units
    ((0,), (1,), (2, 3, 4))

    Raises DatasetError for numbers that make no cell.
    """

    pictures: int = 0
    """Planes that are channels of their own."""
    volumes: int = 0
    """Channels that were taken as a stack of slices."""
    depth: int = 0
    """Slices of each volume; 0 without volumes."""

    def __post_init__(self) -> None:
        right = self.depth >= 1 if self.volumes else self.depth == 0
        if min(self.pictures, self.volumes) < 0 or not self.pictures + self.volumes or not right:
            message = (
                f"a cell of {self.pictures} pictures and {self.volumes} volumes of {self.depth} "
                "slices does not exist; give at least one picture or volume, and as many slices "
                "as each volume has (0 without volumes)"
            )
            raise DatasetError(message)

    @property
    def count(self) -> int:
        """P, the planes of a cell."""
        return self.pictures + self.volumes * self.depth

    @property
    def units(self) -> tuple[tuple[int, ...], ...]:
        """The planes of each channel: pictures, then volumes."""
        starts = range(self.pictures, self.count, max(self.depth, 1))
        return (
            *((plane,) for plane in range(self.pictures)),
            *(tuple(range(start, start + self.depth)) for start in starts),
        )


def planes_of(dataset: Dataset) -> Planes:
    """Return what the planes of a data set's cells are."""
    slices = dataset.volumes * dataset.depth
    pictures = dataset.image_shape[0] - slices
    return Planes(pictures=pictures, volumes=dataset.volumes, depth=dataset.depth)


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoencoderSpec:
    """Which autoencoder, how it is trained, and what its loss weighs."""

    id: str = "dcae_2d"
    options: tuple[Option, ...] = ()
    training: TrainingParams = field(
        default_factory=lambda: TrainingParams(
            max_epochs=150,
            batch_size=32,
            weight_decay=0.0,
            stop_delta=0.0,
            stop_patience=15,
            flips=False,
            noise=0.0,
        )
    )
    """``balance`` plays no part; ``valid_share`` is that of all cells given."""
    picture_weight: float = 0.99
    """w1 of the fused loss: w1 · MSE of the pictures + (1 - w1) · MSE of the volumes."""
    limits: PixelLimits = "percentiles"
    """Pixel values that become 0 and 1: percentiles of training cells, a volume's slices together,
    or 0 and the largest value of the stored type, as published (raw / 65535)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainedAutoencoder:
    """A fitted autoencoder as arrays."""

    weights: dict[str, Array]
    """State dict by name: ``encoder.…`` and ``decoder.…``."""
    low: Array
    high: Array
    """(P,) float32: pixel values that become 0 and 1, the same for all slices of a volume."""
    planes: Planes
    history: tuple[Epoch, ...]
    """``valid_f1`` is minus the validation loss: larger is better, as everywhere."""
    best_epoch: int
    seconds: float
    device: str

    def __post_init__(self) -> None:
        frozen(self, "low", "high")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Nuisance:
    """What of each cell is chance: where it lies in its frame and how large and bright it is."""

    names: tuple[str, ...]
    values: Array
    """(n, len(names)) float64"""

    def __post_init__(self) -> None:
        frozen(self, "values")
