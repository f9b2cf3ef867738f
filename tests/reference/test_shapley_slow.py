"""Shapley values from their definition: all orders of the channels, in float64, one by one."""

from __future__ import annotations

import copy
import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score
from torch import nn

from pxcore.importance.method import ExplainRequest
from pxcore.importance.methods import METHODS
from pxcore.importance.shapley_values import Sampled
from pxcore.importance.subsets import show_sets
from pxcore.models import BuildRequest
from pxcore.models.build import build_network
from pxcore.models.channel_dropout import dropout_of
from pxcore.training.seeding import private_randomness
from pxcore.types import Array
from tests.planted_cells import CPU, SIZE, TRAIN_MEAN, Reader, planted, request

CELLS = planted(60, seed=4)


def small_network() -> nn.Module:
    """Return a network with a first convolution, trained a little."""
    options = (("channel_dropout", True), ("width", 4), ("dropout", 0.0))
    asked = BuildRequest(n_channels=4, n_classes=3, image_size=(SIZE, SIZE), options=options)
    with private_randomness(CPU, 1):
        model = build_network("small_cnn", asked)
        layer = dropout_of(model)
        assert layer is not None
        layer.fill.copy_(torch.tensor(TRAIN_MEAN))
        optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
        pixels, labels = torch.from_numpy(normalised()).float(), torch.from_numpy(CELLS.labels)
        for _ in range(40):
            optimiser.zero_grad()
            nn.functional.cross_entropy(model(pixels), labels).backward()
            optimiser.step()
        optimiser.zero_grad()
    return model


def blurred_reader() -> nn.Module:
    model = Reader()
    with torch.no_grad():
        # Channel 3, noise, misleads this model: without it, it is better.
        model.linear.weight.view(3, 4, -1)[:, 3] *= 15
    return model


@pytest.fixture(params=[blurred_reader, small_network], scope="module")
def asked(request: pytest.FixtureRequest) -> ExplainRequest:
    return replace(made(), model=request.param())


def made() -> ExplainRequest:
    return request(CELLS)


def normalised() -> Array:
    return np.clip(CELLS.images / 4095.0, 0, 1)


def worth(asked: ExplainRequest) -> tuple[dict[frozenset[int], Array], dict[frozenset[int], Array]]:
    """Return F1 (K,) and every cell's own probability (n,) of each set of channels."""
    model, f1, own = copy.deepcopy(asked.model).double().eval(), {}, {}
    for size in range(5):
        for members in itertools.combinations(range(4), size):
            images = normalised()
            for channel in set(range(4)) - set(members):
                images[:, channel] = float(np.float32(TRAIN_MEAN[channel]))
            with torch.no_grad():
                probability = model(torch.from_numpy(images)).softmax(1).numpy()
            called = probability.argmax(1)
            f1[frozenset(members)] = f1_score(CELLS.labels, called, average=None, zero_division=0)
            own[frozenset(members)] = probability[np.arange(60), CELLS.labels]
    return f1, own


def by_definition(value: dict[frozenset[int], Array]) -> Array:
    """Return the mean over all 24 orders of what each channel adds when it comes."""
    total = np.zeros((4, *value[frozenset()].shape))
    orders = list(itertools.permutations(range(4)))
    for order in orders:
        there: frozenset[int] = frozenset()
        for channel in order:
            total[channel] += value[there | {channel}] - value[there]
            there |= {channel}
    return total / len(orders)


def test_equals_the_definition(asked: ExplainRequest) -> None:
    f1, own = worth(asked)
    found = METHODS["shapley"].explain(asked)
    np.testing.assert_allclose(found.scores[0], by_definition(f1), atol=1e-11)
    # float32 against float64 through the network.
    np.testing.assert_allclose(found.cell_drop, by_definition(own), atol=2e-5)
    means = [by_definition(own)[:, CELLS.labels == k].mean(axis=1) for k in range(3)]
    np.testing.assert_allclose(found.probability_drop[0], np.transpose(means), atol=1e-5)
    assert np.ptp(found.scores) > 0.2


def test_sampled_orders_approach_the_definition(asked: ExplainRequest) -> None:
    f1, own = worth(asked)
    way, cells = Sampled.drawn(4, 7, n_pairs=400), np.zeros((4, 60))

    def block(here: slice, probability: Array) -> None:
        cells[:, here] = way.of(probability)

    counts = show_sets(asked, way.sets, block).counts
    values = 2 * counts.diagonal(0, 1, 2) / (counts.sum(1) + counts.sum(2))
    away = np.abs(way.of(values) - by_definition(f1))
    assert (away <= 4 * way.error(values) + 1e-11).all()
    assert way.error(values).max() < 0.02
    np.testing.assert_allclose(cells, by_definition(own), atol=0.05)
