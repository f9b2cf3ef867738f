"""Images of many protein channels in which a few of them, known for each class, tell it.

Every image is a handful of circles, at the same places in all channels. In each channel a circle
is dim or bright; how many are bright is all that a class changes, and only in its own few channels.
By default the shares are kept in every image, as nearly as whole circles allow: which ones are
bright is drawn, not how many. At 48 pixels only that lets a network reach the accuracies that are
known of small versions; ``shares="drawn"`` draws every circle for itself.

Source: Abdel Magid et al., MICCAI 2020 (circles, two modes of brightness, frequencies 0.2 and 0.8,
30 channels, 3 classes, two informative channels a class). Where the paper is silent or its code
differs (share of bright circles elsewhere, spread, what lies between the modes), a setting of
`MultiplexParams` says so; ours draws every channel for itself and no seed twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pxcore.data.synthetic.multiplex_params import MultiplexParams
from pxcore.types import Array, frozen
from pxcore.types.cells import NOTHING

_PANEL, _ORDER, _IMAGE = 0, 1, 2
"""Second number of every seed: what is drawn from it."""


@dataclass(frozen=True, slots=True, eq=False)
class MultiplexPanel:
    """What is planted, the same in every part of a data set."""

    informative: tuple[tuple[int, ...], ...]
    """Of each class: its channels, ascending; no channel has two classes."""
    tilt: Array
    """(C,) float64: share of bright circles of an informative channel in its own class."""
    share: Array
    """(K, C) float64: share of bright circles; NaN where every image draws its own."""
    low: Array
    high: Array
    """(C,) float64: brightness of dim and bright circles; NaN where every image draws its own."""

    def __post_init__(self) -> None:
        frozen(self, "tilt", "share", "low", "high")


@dataclass(frozen=True, slots=True, eq=False)
class MultiplexImages:
    """Drawn images with their classes."""

    images: Array
    """(N, C, H, W) uint8"""
    labels: Array
    """(N,) int64 class numbers"""

    def __post_init__(self) -> None:
        frozen(self, "images", "labels")


def multiplex_circles(params: MultiplexParams) -> MultiplexImages:
    """Return all images of ``params`` in memory; `multiplex_images` gives one at a time."""
    size = params.size
    images = np.empty((params.n_images, params.channels, size, size), dtype=np.uint8)
    for i, image in enumerate(multiplex_images(params)):
        images[i] = image
    return MultiplexImages(images, multiplex_labels(params))


def multiplex_images(
    params: MultiplexParams, start: int = 0, stop: int | None = None
) -> Iterator[Array]:
    """Yield (C, H, W) uint8 images, each from a seed of its own: [seed, 2, part, number].

    ``start``, ``stop``: numbers of the images wanted, as of a range; by default all.
    """
    panel = multiplex_panel(params)
    labels = multiplex_labels(params)
    for number in range(*slice(start, stop).indices(params.n_images)):
        rng = np.random.default_rng([params.seed, _IMAGE, params.part, number])
        yield _image(params, panel, int(labels[number]), rng)


def multiplex_labels(params: MultiplexParams) -> Array:
    """Return (N,) int64 class numbers, as even as may be."""
    rng = np.random.default_rng([params.seed, _ORDER, params.part])
    return rng.permutation(params.n_images) % params.classes


def multiplex_panel(params: MultiplexParams) -> MultiplexPanel:
    """Return what is planted: which channels, how bright, drawn from the seed for all parts."""
    rng = np.random.default_rng([params.seed, _PANEL])
    c, k = params.channels, params.classes
    drawn = rng.permutation(c)[: k * params.per_class].reshape(k, params.per_class)
    informative = tuple(tuple(sorted(int(i) for i in row)) for row in drawn)
    bright = np.ones(c, dtype=bool)
    if params.polarity == "left":
        bright[:] = False
    elif params.polarity == "both":
        for channels in informative:
            bright[list(channels[::2])] = False
    tilt = np.where(bright, 1.0 - params.freq, params.freq)
    fixed = np.where(rng.random(c) < 0.5, params.freq, 1.0 - params.freq)
    fixed[drawn.ravel()] = 1.0 - tilt[drawn.ravel()]
    elsewhere = {"mid": np.full(c, 0.5), "fixed": fixed, "random": np.full(c, np.nan)}
    share = np.tile(elsewhere[params.background], (k, 1))
    for label, channels in enumerate(informative):
        share[label, list(channels)] = tilt[list(channels)]
    low, high = rng.uniform(*params.low, c), rng.uniform(*params.high, c)
    if params.modes == "per_image":
        low, high = np.full(c, np.nan), np.full(c, np.nan)
    return MultiplexPanel(informative, tilt, share, low, high)


def multiplex_truth(params: MultiplexParams) -> tuple[str, ...]:
    """Return what is planted in each channel, as sentences."""
    panel = multiplex_panel(params)
    usual = {
        "mid": "half of the circles are bright",
        "fixed": "the same share of the circles is bright",
        "random": "each image draws how many circles are bright",
    }[params.background]
    said = [f"{NOTHING} {usual} in every class"] * params.channels
    for label, channels in enumerate(panel.informative):
        for channel in channels:
            said[channel] = (
                f"amount: {panel.tilt[channel]:.0%} of the circles are bright in class "
                f"{params.class_names[label]}; in the others {usual}"
            )
    return tuple(said)


def _image(
    params: MultiplexParams, panel: MultiplexPanel, label: int, rng: np.random.Generator
) -> Array:
    """Return (C, H, W) uint8 of one image."""
    c = params.channels
    n = int(rng.integers(*params.n_circles, endpoint=True))
    top = _topmost(n, params, rng)  # (H, W)
    drawn = rng.choice([params.freq, 1.0 - params.freq], c)
    share = np.where(np.isnan(panel.share[label]), drawn, panel.share[label])
    low = np.where(np.isnan(panel.low), rng.uniform(*params.low, c), panel.low)
    high = np.where(np.isnan(panel.high), rng.uniform(*params.high, c), panel.high)
    if params.shares == "kept":
        bright = rng.permuted(np.arange(n)[None] < np.rint(share * n)[:, None], axis=1)  # (C, n)
    else:
        bright = rng.random((c, n)) < share[:, None]
    light = np.where(bright, high[:, None], low[:, None])  # (C, n)
    light += params.sigma * rng.standard_normal((c, n))
    if params.shared_background:
        others = np.delete(np.arange(c), list(panel.informative[label]))
        light[others] = light[others[0]]
    shown = np.zeros((c, n + 1), dtype=np.float32)  # the last one: no circle
    shown[:, :n] = light.clip(0.0, 1.0)
    image = shown[:, top]  # (C, H, W)
    image += np.float32(params.noise) * rng.standard_normal(image.shape, dtype=np.float32)
    return np.rint(image.clip(0.0, 1.0) * np.float32(255.0)).astype(np.uint8)


def _topmost(n: int, params: MultiplexParams, rng: np.random.Generator) -> Array:
    """Return (H, W) int64: which circle is seen at each pixel, ``n`` where there is none.

    Circles lie wholly in the image; later ones cover earlier ones.
    """
    size, radius = params.size, params.radius
    reach = np.arange(-radius, radius + 1)
    dy, dx = np.nonzero(reach[:, None] ** 2 + reach[None, :] ** 2 <= radius**2)
    centre = rng.integers(radius, size - radius, (2, n))
    y = centre[0][:, None] + reach[dy]  # (n, pixels of a circle)
    x = centre[1][:, None] + reach[dx]
    top = np.full((size, size), n, dtype=np.int64)
    for circle in range(n):
        top[y[circle], x[circle]] = circle
    return top
