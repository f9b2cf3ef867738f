"""What an architecture is to the rest: a name, a way to build it, and where its last map is.

Modules of this package name torch only inside ``build``: the web process lists the models
without loading it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pxcore.errors import MethodError, TrainingError

if TYPE_CHECKING:
    from torch import nn

Option = tuple[str, str | int | float | bool]

CHANNEL_DROPOUT = "channel_dropout"
"""The option that every architecture has: see :mod:`pxcore.models.channel_dropout`."""
ALWAYS = "always"
"""Beside it: channels that are never hidden, as positions among those the network sees ("0,3")."""
NETWORK = "network"
"""Name of the architecture within a network that begins with channel dropout."""
Channels = Literal["together", "alone", "depth"]
"""How a network sees channels. ``together``: its first convolution mixes them. ``alone``: each as a
picture of its own, of one channel. ``depth``: as the slices of a stack, neighbours mixed."""


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
class ModelOption:
    """A setting that is a word: one of its choices, the first of which is the default."""

    name: str
    choices: tuple[str, ...]
    summary: str


def as_it_is(model: Model, _options: tuple[Option, ...]) -> Model:
    """Return that the settings change nothing of what is told about an architecture."""
    return model


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
    """Name of its last convolutional part within the architecture. Its maps are those of a cell
    where channels are seen ``together``, and of one channel where each is seen ``alone``."""
    stages: tuple[str, ...] = ()
    """Names of earlier parts that Guided Grad-CAM can be asked to look at."""
    options: tuple[Option, ...] = ()
    """Known settings with their defaults."""
    words: tuple[ModelOption, ...] = ()
    """Known settings that are one of some words."""
    width: str = ""
    """Which of them says how many channels the first layer has; empty where it is fixed."""
    on_processor: tuple[Option, ...] = ()
    """Settings with which it trains in hours, not days, where no graphics card computes."""
    channels: Channels = "together"
    embedding: bool = False
    """True when it makes one number of each channel, from which alone it tells the class."""
    imagenet: WeightsFile | None = None
    """Its published ImageNet weights, if there are any."""
    smallest: int = 1
    """Pixels that a cell has at least in every row and column."""
    megabytes: int = 4
    """About what a training of it at the usual width leaves in the store."""
    variant: Callable[[Model, tuple[Option, ...]], Model] = as_it_is
    """What is told about it once its settings are known."""

    @property
    def defaults(self) -> dict[str, str | int | float | bool]:
        """Every setting by name with its default."""
        return dict(self.options) | {one.name: one.choices[0] for one in self.words}

    def as_built(self, options: tuple[Option, ...]) -> Model:
        """Return what is told about the network that these settings make."""
        return self.variant(self, options)

    def check(self, given: tuple[Option, ...]) -> None:
        """Raise TrainingError for a setting that it does not have, or that is out of place."""
        _, others = words_of(self, given)
        numbers = settings_of(self.id, self.options, others, tuple(w.name for w in self.words))
        width = numbers.get(self.width, 1.0)
        if width < 1 or width != int(width):
            message = (
                f"setting {self.width!r} of model {self.id!r} is {width:g}; expected 1 or more"
            )
            raise TrainingError(message)

    def last_convolution(self, network: nn.Module) -> nn.Module:
        """Return the last convolutional part of a built network: what Grad-CAM looks at.

        Raises MethodError where no part of it has maps of rows and columns.
        """
        if not self.last_map:
            message = (
                f"{self.label} has no last convolution whose maps lie over the picture; expected "
                "rows and columns. Choose integrated_gradients or a permutation"
            )
            raise MethodError(message)
        inner = dict(network.named_children()).get(NETWORK, network)
        return inner.get_submodule(self.last_map)


def settings_of(
    model_id: str,
    defaults: tuple[Option, ...],
    given: tuple[Option, ...],
    others: tuple[str, ...] = (),
) -> Numbers:
    """Return the numeric settings by name, ``given`` over ``defaults``.

    ``others``: further settings that the model has, for the sentence that lists them.

    Raises
    ------
    TrainingError
        For a setting this model does not have, or one that is not a number.
    """
    values = dict(defaults)
    for name, value in given:
        if name not in values:
            known = ", ".join([*values, *others, CHANNEL_DROPOUT])
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


def words_of(model: Model, given: tuple[Option, ...]) -> tuple[dict[str, str], tuple[Option, ...]]:
    """Return the settings that are words by name, and those given that are not.

    Raises TrainingError for a word that is not among a setting's choices.
    """
    chosen = {one.name: one.choices[0] for one in model.words}
    offered = {one.name: one.choices for one in model.words}
    for name, value in given:
        if name in offered and value not in offered[name]:
            message = (
                f"setting {name!r} of model {model.id!r} is {value!r}; expected one of "
                f"{', '.join(offered[name])}"
            )
            raise TrainingError(message)
        if name in offered:
            chosen[name] = str(value)
    return chosen, tuple(one for one in given if one[0] not in offered)


def published_width(model: Model, options: tuple[Option, ...]) -> Model:
    """Return a model whose published weights fit only the network of the published width."""
    width = dict(options).get(model.width, model.defaults[model.width])
    return model if width == model.defaults[model.width] else replace(model, imagenet=None)


def check_size(model: Model, image_size: tuple[int, int]) -> None:
    """Raise TrainingError for cells (H, W) that are too small for a model."""
    height, width = image_size
    if min(height, width) < model.smallest:
        message = (
            f"cells of {height} x {width} pixels are too small for {model.id}; "
            f"expected at least {model.smallest} x {model.smallest}"
        )
        raise TrainingError(message)


Numbers = dict[str, float]
"""Settings by name."""
