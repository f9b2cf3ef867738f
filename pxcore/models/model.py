"""What an architecture is to the rest: a name, a way to build it, and where its last map is.

Modules of this package name torch only inside ``build``: the web process lists the models
without loading it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pxcore.errors import TrainingError

if TYPE_CHECKING:
    from torch import nn

Option = tuple[str, str | int | float | bool]

CHANNEL_DROPOUT = "channel_dropout"
"""The option that every architecture has: see :mod:`pxcore.models.channel_dropout`."""
ALWAYS = "always"
"""Beside it: channels that are never hidden, as positions among those the network sees ("0,3")."""
NETWORK = "network"
"""Name of the architecture within a network that begins with channel dropout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRequest:
    """What a network is built for."""

    n_channels: int
    n_classes: int
    image_size: tuple[int, int]
    """(H, W) of a cell in pixels."""
    weights: Path | None = None
    """A file that exists and was checked (:mod:`pxcore.models.weights`); None for random."""
    options: tuple[Option, ...] = ()
    """Settings of this architecture by name; each model lists its own."""
    always: tuple[int, ...] = ()
    """Positions of channels that channel dropout never hides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsFile:
    """Published weights."""

    name: str
    url: str
    sha256_start: str
    """First hexadecimal digits of the file's sha256, as its publisher gives them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One architecture."""

    id: str
    label: str
    summary: str
    """One or two sentences for a person who must choose."""
    build: Callable[[BuildRequest], nn.Module]
    """A network (B, C, H, W) float32 -> (B, K) logits, freshly initialised from torch's own
    generator, or from ``BuildRequest.weights``."""
    last_map: str
    """Name of its last convolutional part within the architecture."""
    stages: tuple[str, ...] = ()
    """Names of earlier parts that Guided Grad-CAM can be asked to look at."""
    options: tuple[Option, ...] = ()
    """Known settings with their defaults."""
    width: str = ""
    """Which of them says how many channels the first layer has; empty where it is fixed."""
    imagenet: WeightsFile | None = None
    """Its published ImageNet weights, if there are any."""

    def last_convolution(self, network: nn.Module) -> nn.Module:
        """Return the last convolutional part of a built network: what Grad-CAM looks at."""
        inner = dict(network.named_children()).get(NETWORK, network)
        return inner.get_submodule(self.last_map)


def settings_of(model_id: str, defaults: tuple[Option, ...], given: tuple[Option, ...]) -> Numbers:
    """Return the numeric settings by name, ``given`` over ``defaults``.

    Raises
    ------
    TrainingError
        For a setting this model does not have, or one that is not a number.
    """
    values = dict(defaults)
    for name, value in given:
        if name not in values:
            known = ", ".join([*values, CHANNEL_DROPOUT])
            message = f"model {model_id!r} has no setting {name!r}; it has {known}"
            raise TrainingError(message)
        values[name] = value
    numbers = {}
    for name, value in values.items():
        if isinstance(value, str | bool):
            message = f"setting {name!r} of model {model_id!r} is {value!r}; expected a number"
            raise TrainingError(message)
        numbers[name] = float(value)
    return numbers


Numbers = dict[str, float]
"""Settings by name."""
