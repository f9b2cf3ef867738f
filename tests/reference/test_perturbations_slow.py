"""Every perturbation rewritten slower and simpler: straight from its paper, in float64.

Numbers are drawn as documented (one generator a repeat, one cell after the other), so the two
must agree in every score and not only on average.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score

from pxcore.importance.methods import METHODS, ExplainRequest
from pxcore.types import Array
from tests.planted_cells import CPU, planted, request

CELLS = planted(60, seed=4)
N_REPEATS = 7  # more than one block of repeats
# float32 against float64 through one linear layer.
TOLERANCE = 2e-6

Spoil = Callable[[Array, int, int], Array]
"""All cells (n, C, H, W), channel, repeat -> all cells with that channel spoilt."""


@pytest.fixture(scope="module")
def asked() -> ExplainRequest:
    made = replace(request(CELLS), repeats=N_REPEATS, groups=CELLS.groups)
    with torch.no_grad():
        # Channel 3, noise, misleads this model: without it, it is better.
        made.model.linear.weight.view(3, 4, -1)[:, 3] *= 15
    return made


def normalised() -> Array:
    return np.clip(CELLS.images / 4095.0, 0, 1)


def slow(asked: ExplainRequest, spoil: Spoil, n_repeats: int) -> tuple[Array, Array]:
    """Drop in F1 and in the true class's probability, (R, C, K), as the paper words it."""
    model = copy.deepcopy(asked.model).double().eval()

    def predict(images: Array) -> Array:
        with torch.no_grad():
            return model(torch.from_numpy(images)).softmax(dim=1).numpy()

    def scores(probability: Array) -> tuple[Array, Array]:
        f1 = f1_score(CELLS.labels, probability.argmax(axis=1), average=None)
        own = probability[np.arange(60), CELLS.labels]
        return f1, np.array([own[CELLS.labels == k].mean() for k in range(3)])

    images = normalised()
    base_f1, base_p = scores(predict(images))
    f1_drop, p_drop = np.empty((n_repeats, 4, 3)), np.empty((n_repeats, 4, 3))
    for repeat in range(n_repeats):
        for channel in range(4):
            f1, p = scores(predict(spoil(images.copy(), channel, repeat)))
            f1_drop[repeat, channel], p_drop[repeat, channel] = base_f1 - f1, base_p - p
    return f1_drop, p_drop


def agree(asked: ExplainRequest, method: str, spoil: Spoil, n_repeats: int = N_REPEATS) -> None:
    found = METHODS[method].explain(asked)
    f1_drop, p_drop = slow(asked, spoil, n_repeats)
    np.testing.assert_allclose(found.scores, f1_drop, atol=1e-12)
    np.testing.assert_allclose(found.probability_drop, p_drop, atol=TOLERANCE)
    assert f1_drop.max() > 0.1
    assert f1_drop.min() < 0  # signed: spoiling a channel may help


def generator(seed: int, repeat: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence((seed, repeat)))


def test_pxpermute(asked: ExplainRequest) -> None:
    def spoil(images: Array, channel: int, repeat: int) -> Array:
        own = generator(asked.seed, repeat)
        for image in images:
            order = own.permuted(np.arange(144))
            image[channel] = image[channel].ravel()[order].reshape(12, 12)
        return images

    agree(asked, "pxpermute", spoil)


def test_pxpermute_mask(asked: ExplainRequest) -> None:
    def spoil(images: Array, channel: int, repeat: int) -> Array:
        own = generator(asked.seed, repeat)
        for image, mask in zip(images, CELLS.masks[:, 0].reshape(60, 144), strict=True):
            order = [pixel for pixel in own.permuted(np.arange(144)) if mask[pixel]]
            pixels = image[channel].ravel().copy()
            inside = [pixel for pixel in range(144) if mask[pixel]]
            for place, taken in zip(inside, order, strict=True):
                pixels[place] = image[channel].ravel()[taken]
            image[channel] = pixels.reshape(12, 12)
        return images

    agree(asked, "pxpermute_mask", spoil)


@pytest.mark.parametrize("donors", [True, False])
def test_permute_cells(asked: ExplainRequest, donors: bool) -> None:
    def spoil(images: Array, channel: int, repeat: int) -> Array:
        own = generator(asked.seed, repeat)
        before = images.copy()
        for donor in sorted(set(CELLS.groups)) if donors else [None]:
            members = [i for i in range(60) if donor is None or CELLS.groups[i] == donor]
            ring = list(own.permutation(members))
            for place, cell in enumerate(ring):
                images[cell, channel] = before[ring[(place + 1) % len(ring)], channel]
        return images

    agree(asked if donors else replace(asked, groups=None), "permute_cells", spoil)


@pytest.mark.parametrize("fill", ["zero", "mean"])
def test_occlusion(asked: ExplainRequest, fill: str) -> None:
    def spoil(images: Array, channel: int, repeat: int) -> Array:
        images[:, channel] = 0.0 if fill == "zero" else asked.train_mean[channel]
        return images

    agree(replace(asked, options=(("fill", fill),)), "occlusion", spoil, n_repeats=1)


def test_on_the_cpu() -> None:
    """The documented way of drawing is the CPU's; accelerators draw from keys."""
    assert request(CELLS).cells.device == CPU
