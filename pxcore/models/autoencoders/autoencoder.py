"""What an autoencoder is to the rest: a name, what cells it takes, and a way to build it.

Entries name torch only inside ``build``: the web process lists them without loading it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pxcore.errors import TrainingError
from pxcore.models.autoencoders.sizes import check_sizes
from pxcore.models.model import Numbers
from pxcore.types.unlabelled import Planes
from pxcore.types.unlabelled_ask import Option

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoencoderRequest:
    """What an autoencoder is built for."""

    planes: Planes
    image_size: tuple[int, int]
    """(H, W) of every plane, in pixels."""
    options: tuple[Option, ...] = ()
    """Settings by name; each autoencoder lists its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Autoencoder:
    """One autoencoder."""

    id: str
    label: str
    summary: str
    """One or two sentences for a person who must choose."""
    takes: Literal["pictures", "volumes", "both"]
    build: Callable[[AutoencoderRequest], nn.Module]
    """A network (B, P, H, W) float32 in [0, 1] -> the same, with the parts ``encoder``
    (B, P, H, W) -> codes (B, L) and ``decoder`` codes -> (B, P, H, W)."""
    options: tuple[tuple[str, int], ...]
    """Known settings with their defaults, the published ones."""
    last_map: str = ""
    """Name of the last convolution of pictures, before its ReLU, within the network; empty where
    there is none over pictures alone."""
    stages: tuple[str, ...] = ()
    """Names of earlier ones: finer maps for Grad-CAM, the finest first."""

    def settings(self, request: AutoencoderRequest) -> Numbers:
        """Return the settings by name, those given over the defaults.

        Raises
        ------
        TrainingError
            For cells of the wrong kind or too small, a setting it does not have or one out of
            range.
        """
        self._check_kind(request.planes)
        check_sizes(self.id, request.planes, request.image_size)
        values: dict[str, str | int | float | bool] = dict(self.options)
        for name, value in request.options:
            if name not in values:
                known = ", ".join(values)
                message = f"autoencoder {self.id!r} has no setting {name!r}; it has {known}"
                raise TrainingError(message)
            values[name] = value
        numbers = {}
        for name, value in values.items():
            if isinstance(value, str | bool) or value < 1 or value != int(value):
                message = (
                    f"setting {name!r} of autoencoder {self.id!r} is {value!r}; expected a whole "
                    "number of at least 1"
                )
                raise TrainingError(message)
            numbers[name] = float(value)
        return numbers

    def _check_kind(self, planes: Planes) -> None:
        """Refuse cells that lack what it takes, or have what it would leave out."""
        wrong = {
            "pictures": planes.volumes > 0 or not planes.pictures,
            "volumes": planes.pictures > 0 or not planes.volumes,
            "both": not (planes.pictures and planes.volumes),
        }[self.takes]
        if wrong:
            expected = {
                "pictures": "pictures only",
                "volumes": "volumes only",
                "both": "pictures and volumes",
            }[self.takes]
            message = (
                f"the cells have {planes.pictures} pictures and {planes.volumes} volumes; "
                f"{self.id} takes {expected}: choose another autoencoder or other channels"
            )
            raise TrainingError(message)
