"""Every setting of the drawn multiplexed images, checked once, and as texts that are stored."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, get_args

from pxcore.data.synthetic.planted import class_names
from pxcore.errors import DatasetError

Background = Literal["mid", "random", "fixed"]
Polarity = Literal["right", "left", "both"]
Modes = Literal["per_image", "per_channel"]
Shares = Literal["kept", "drawn"]
Settings = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiplexParams:
    """What to draw. The defaults are ours at the published size; see `suited` for others.

    Raises DatasetError for numbers that make no images.
    """

    n_images: int = 1200
    size: int = 224
    """Height and width, pixels."""
    channels: int = 30
    classes: int = 3
    per_class: int = 2
    """Informative channels of each class; no two classes share one."""
    radius: int = 5
    """Of every circle, pixels."""
    n_circles: tuple[int, int] = (20, 149)
    """Fewest and most circles of an image."""
    low: tuple[float, float] = (0.1, 0.3)
    high: tuple[float, float] = (0.7, 0.9)
    """Where the brightness of dim and of bright circles lies; 0 black, 1 white."""
    freq: float = 0.2
    """Share of the rarer sort of circle in an informative channel, in images of its class."""
    background: Background = "mid"
    """Bright circles of all other channels: half of them, ``freq`` or the rest drawn for each
    image, or the same drawn once for each channel (informative ones then turn to the other side
    in their class)."""
    shares: Shares = "kept"
    """Every image has just its share of bright circles, or each circle is drawn for itself, so
    that shares vary among images and the classes are harder to tell."""
    sigma: float = 0.3
    """Standard deviation of a circle's brightness about its mode, before it is cut to 0 and 1."""
    noise: float = 0.04
    """Standard deviation of the noise of every pixel."""
    polarity: Polarity = "right"
    """Informative channels are mostly bright, mostly dim, or half of each class's each."""
    modes: Modes = "per_image"
    """The two brightnesses are drawn for every image and channel, or once for each channel."""
    shared_background: bool = False
    """Channels that are not informative for an image's class are the same picture but for noise,
    as the published code draws them by accident."""
    seed: int = 0
    """Decides which channels are informative, and all images."""
    part: int = 0
    """Of one seed: images of other parts are drawn independently, with the same channels planted
    (0 training, 1 validation, 2 test)."""

    def __post_init__(self) -> None:
        for name, (value, low, high) in self._allowed().items():
            if not low <= value <= high:
                message = (
                    f"multiplexed circles: {name} is {value}; give a number from {low} to {high}"
                )
                raise DatasetError(message)
        for name, (first, last, most) in {
            "n_circles": (*self.n_circles, 5000.0),
            "low": (*self.low, 1.0),
            "high": (*self.high, 1.0),
        }.items():
            if not 0 <= first <= last <= most or (name == "n_circles" and first < 1):
                message = (
                    f"multiplexed circles: {name} is {first:g} to {last:g}; give two numbers up to "
                    f"{most:g}, the lower one first"
                )
                raise DatasetError(message)
        for name, words in _WORDS.items():
            if getattr(self, name) not in words:
                message = (
                    f"multiplexed circles: {name} is {getattr(self, name)!r}; expected one of "
                    f"{', '.join(words)}"
                )
                raise DatasetError(message)

    def _allowed(self) -> dict[str, tuple[float, float, float]]:
        """Return each plain number with the least and the most it may be."""
        return {
            "classes": (self.classes, 2, 26),
            "n_images": (self.n_images, self.classes, 1_000_000),
            "size": (self.size, 8, 1024),
            "per_class": (self.per_class, 1, 100),
            "channels": (self.channels, self.classes * self.per_class, 256),
            "radius": (self.radius, 1, (self.size - 1) // 2),
            "freq": (self.freq, 0.0, 0.5),
            "sigma": (self.sigma, 0.0, 1.0),
            "noise": (self.noise, 0.0, 1.0),
            "seed": (self.seed, 0, 2**63 - 1),
            "part": (self.part, 0, 1000),
        }

    @property
    def class_names(self) -> tuple[str, ...]:
        """``("A", "B", ...)``."""
        return class_names(self.classes)

    @property
    def channel_names(self) -> tuple[str, ...]:
        """``("P01", "P02", ...)``, of one length."""
        digits = max(2, len(str(self.channels)))
        return tuple(f"P{number:0{digits}d}" for number in range(1, self.channels + 1))

    @property
    def texts(self) -> Settings:
        """Every setting as text, in this order, with ``seed`` and ``part`` last."""
        return tuple((field.name, _text(getattr(self, field.name))) for field in fields(self))


_WORDS: dict[str, tuple[str, ...]] = {
    "background": get_args(Background),
    "polarity": get_args(Polarity),
    "modes": get_args(Modes),
    "shares": get_args(Shares),
}


def suited(size: int) -> tuple[int, tuple[int, int]]:
    """Return the radius and the fewest and most circles that suit images of this side.

    Below 100 pixels circles have radius 3 and are 12 to 30; from there on as published.
    """
    return (5, (20, 149)) if size >= 100 else (min(3, max(1, (size - 1) // 2)), (12, 30))


def _text(value: object) -> str:
    """Return a setting as `pxcore.data.importers.multiplex_circles` reads it."""
    if isinstance(value, tuple):
        return "-".join(f"{number:g}" for number in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
