"""What every importance method keeps on real networks: each entry of METHODS on each of MODELS."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from pxcore.importance.fold import FoldImportance
from pxcore.importance.methods import METHODS, ExplainRequest, Method
from pxcore.models import MODELS
from pxcore.training.metrics import confusion, f1_macro
from pxcore.types import Array
from tests.trained_networks import (
    DEAD,
    N_CLASSES,
    PLANTED,
    Networks,
    in_passes,
    networks,
    question,
)

ORDER = (2, 0, 1)
CUT = {("gradcam_channel", "channel_embedding")}
"""Where the method's own ReLU may cut what is known as its fault to 0."""
MISLED = {
    ("input_gradient", "r3d_18"): "neighbours are mixed, and so are their gradients",
    (
        "input_gradient",
        "resnet18",
    ): "gradients of single pixels of a deep network are noise of much the same size everywhere",
}
"""Methods that do not find the planted channel on an architecture, and why."""


@dataclass(frozen=True)
class Explained:
    """One method's answer on one network, with what was asked and what it looked like before."""

    method: Method
    networks: Networks
    asked: ExplainRequest
    images: torch.Tensor
    state: dict[str, torch.Tensor]
    found: FoldImportance


@pytest.fixture(scope="module", params=[name for name in MODELS if name != "resnet50"])
def trained_networks(request: pytest.FixtureRequest) -> Networks:
    """ResNet50 is ResNet18 with other blocks, and too deep to learn anything in so few steps."""
    return networks(request.param)


@pytest.fixture(scope="module", params=METHODS.values(), ids=list(METHODS))
def explained(request: pytest.FixtureRequest, trained_networks: Networks) -> Explained:
    if reason := request.param.refusal(MODELS[trained_networks.model], ()):
        pytest.skip(reason)
    if not trained_networks.answer(request.param):
        pytest.skip("it asks nothing of the architecture: the first two answer for all")
    asked = question(request.param, trained_networks)
    images = asked.cells.batch(torch.arange(len(asked.cells))).clone()
    state = copy.deepcopy(asked.model.state_dict())
    found = request.param.explain(asked)
    return Explained(request.param, trained_networks, asked, images, state, found)


def values(found: FoldImportance) -> Array:
    return np.nanmean(found.scores, axis=(0, 2))


def alike(one: FoldImportance, other: FoldImportance) -> None:
    """The same but for the order in which sums were taken: float32 rounding."""
    size = float(np.abs(one.scores).max())
    np.testing.assert_allclose(other.scores, one.scores, atol=1e-4 * size)
    np.testing.assert_allclose(other.probability_drop, one.probability_drop, atol=1e-5)
    np.testing.assert_allclose(other.cell_drop, one.cell_drop, atol=1e-4 * max(size, 0.1))


def test_the_networks_have_learned(trained_networks: Networks) -> None:
    """Else nothing below says anything: all but the one that never saw the stripes."""
    without = trained_networks.without
    knowing = [trained_networks.plain]
    if trained_networks.with_dropout is not None:
        knowing.append(trained_networks.with_dropout)
    for one in [*knowing, *(other for c, other in enumerate(without) if c != PLANTED)]:
        counts = confusion(one.test_labels, one.test_probability.argmax(1), N_CLASSES)
        assert f1_macro(counts) > 0.7


def test_deterministic_for_a_seed(explained: Explained) -> None:
    again = explained.method.explain(question(explained.method, explained.networks))
    np.testing.assert_array_equal(again.scores, explained.found.scores)
    np.testing.assert_array_equal(again.probability_drop, explained.found.probability_drop)
    np.testing.assert_array_equal(again.cell_drop, explained.found.cell_drop)


def test_block_size_does_not_show(explained: Explained) -> None:
    alike(explained.found, explained.method.explain(in_passes(explained.asked, 9)))


def test_follows_the_order_of_channels(explained: Explained) -> None:
    if MODELS[explained.networks.model].channels == "depth":
        pytest.skip("neighbours are mixed: another order is another network")
    other = explained.method.explain(question(explained.method, explained.networks, ORDER))
    back = np.argsort(ORDER)
    assert not np.allclose(other.cell_drop, explained.found.cell_drop)
    np.testing.assert_allclose(
        other.scores[:, back], explained.found.scores,
        atol=1e-4 * float(np.abs(explained.found.scores).max()),
    )  # fmt: skip
    np.testing.assert_allclose(
        other.probability_drop[:, back], explained.found.probability_drop, atol=1e-5
    )


def test_cells_and_model_are_left_as_they_were(explained: Explained) -> None:
    after = explained.asked.cells.batch(torch.arange(len(explained.asked.cells)))
    assert torch.equal(after, explained.images)
    for name, value in explained.asked.model.state_dict().items():
        assert torch.equal(value, explained.state[name]), name
    assert not explained.asked.model.training
    assert all(weight.grad is None for weight in explained.asked.model.parameters())


def test_dead_channel_scores_zero(explained: Explained) -> None:
    """Or the method's entry says why it does not."""
    dead = np.abs(explained.found.cell_drop[DEAD]).max()
    if explained.method.lacks("dead_channel"):
        pair = (explained.method.id, explained.networks.model)
        assert dead > 1e-6 or pair in CUT  # nothing is declared that does not happen
        return
    np.testing.assert_array_equal(explained.found.scores[:, DEAD], 0)
    assert dead <= 1e-6


def test_planted_channel_comes_first(explained: Explained) -> None:
    if reason := MISLED.get((explained.method.id, explained.networks.model)):
        pytest.skip(reason)
    found = values(explained.found)
    others = np.delete(found, PLANTED)
    if explained.method.kind == "attribution":  # its unit is not F1
        assert found[PLANTED] > 1.2 * others.max()
        return
    assert found[PLANTED] > others.max() + 0.15
