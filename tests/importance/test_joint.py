"""Several channels spoilt together: against a slow reference, and paired with single drops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from pxcore.errors import Cancelled, MethodError
from pxcore.importance import joint
from pxcore.importance.engine import measure
from pxcore.importance.fold import f1_of_present
from pxcore.importance.masks import cell_masks
from pxcore.importance.methods import METHODS, ExplainRequest
from pxcore.importance.orders import order_of_cells, repeat_sequence
from pxcore.importance.perturbations import PERTURBATIONS, Context
from pxcore.types import Array
from tests.planted_cells import DEAD, PLANTED, Reader, planted, request, with_layout

CELLS = planted()
UNITS = ((0, PLANTED), (PLANTED,), (0, DEAD, 3))


@pytest.fixture
def asked() -> ExplainRequest:
    return request(CELLS)


def slow(asked: ExplainRequest, unit: tuple[int, ...], repeat: int, groups: Array | None) -> Array:
    """One cell after the other, in double precision: p (n, K) with the unit of its partner."""
    generator = np.random.default_rng(repeat_sequence(asked.seed, repeat))
    partners = order_of_cells(generator, groups, len(CELLS.labels))
    model = asked.model.eval().double()
    found = []
    for cell, partner in enumerate(partners):
        picture = CELLS.images[cell].astype(np.float64)
        for channel in unit:
            picture[channel] = CELLS.images[partner, channel]
        with torch.no_grad():
            found.append(model(torch.from_numpy(picture[None] / 4095))[0].softmax(0).numpy())
    model.float()
    return np.stack(found)


@pytest.mark.parametrize("by_donor", [False, True])
def test_units_take_all_channels_from_one_other_cell(
    asked: ExplainRequest, *, by_donor: bool
) -> None:
    groups = CELLS.groups if by_donor else None
    found = joint.measure_joint(replace(asked, groups=groups, repeats=2), UNITS)
    everyone = np.arange(len(CELLS.labels))
    base = slow(asked, (), 0, groups)[everyone, CELLS.labels]
    for row, unit in enumerate(UNITS):
        lost = np.zeros(len(everyone))
        for repeat in range(2):
            said = slow(asked, unit, repeat, groups)
            np.testing.assert_array_equal(found.predictions[row, repeat], said.argmax(1))
            f1 = f1_of_present(CELLS.labels, said.argmax(1), 3)
            np.testing.assert_allclose(found.scores[repeat, row], found.base_score - f1)
            lost += (base - said[everyone, CELLS.labels]) / 2
        np.testing.assert_allclose(found.cell_drop[row], lost, atol=2e-6)


def test_same_draws_as_each_channel_alone(asked: ExplainRequest) -> None:
    """The first repeats of the single ranking, bit for bit: interactions are paired."""
    alone = METHODS["permute_cells"].explain(replace(asked, repeats=9))
    found = joint.measure_joint(asked, [(c,) for c in range(4)])
    assert found.n_repeats == joint.REPEATS
    np.testing.assert_array_equal(found.scores, alone.scores[: joint.REPEATS])
    np.testing.assert_array_equal(found.predictions, alone.predictions[:, : joint.REPEATS])
    assert joint.measure_joint(replace(asked, repeats=2), [(0,)]).n_repeats == 2
    assert joint.measure_joint(replace(asked, repeats=None), [(0,)]).n_repeats == joint.REPEATS


@pytest.mark.parametrize("name", ["permute_pixels", "permute_pixels_in_mask", "permute_cells"])
def test_no_units_is_each_channel(asked: ExplainRequest, name: str) -> None:
    """Every perturbation draws once a repeat, whatever the units are."""
    context = Context(cells=asked.cells, seed=3)
    if name == "permute_pixels_in_mask":
        own = cell_masks(asked.cells, asked.mask_kind, asked.read_masks, asked.roles)
        context = replace(context, masks=own)
    plain = measure("any", PERTURBATIONS[name], asked, context)
    named = measure("any", PERTURBATIONS[name], asked, context, units=[(3,), (2,), (0,), (1,)])
    np.testing.assert_array_equal(named.scores, plain.scores[:, [3, 2, 0, 1]])


def test_batches_do_not_show(asked: ExplainRequest) -> None:
    expected = joint.measure_joint(asked, UNITS, [(0, PLANTED)])
    found = joint.measure_joint(with_layout(asked, 13), UNITS, [(0, PLANTED)])
    np.testing.assert_array_equal(found.predictions, expected.predictions)


def test_cells_are_left_as_they_were(asked: ExplainRequest) -> None:
    before = asked.cells.batch(torch.arange(120))
    joint.measure_joint(asked, UNITS)
    assert torch.equal(asked.cells.batch(torch.arange(120)), before)


@pytest.mark.parametrize("unit", [(), (0, 0), (4,), (-1, 0)])
def test_units_must_be_channels(asked: ExplainRequest, unit: tuple[int, ...]) -> None:
    with pytest.raises(MethodError, match="cannot be changed together; expected different numbers"):
        joint.measure_joint(asked, [unit])


def test_broken_sets_and_stops_are_told(asked: ExplainRequest) -> None:
    class SeesChannelsThatDiffer(Reader):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            differ = (images[:, 0] != images[:, 3]).any(2).any(1)
            return super().forward(images).masked_fill(differ[:, None], torch.nan)

    images = CELLS.images.copy()
    images[:, 3] = images[:, 0]
    twins = replace(request(replace(CELLS, images=images)), model=SeesChannelsThatDiffer())
    joint.measure_joint(twins, [(0, 3)])
    with pytest.raises(MethodError, match="once channels 1 and 3 are changed"):
        joint.measure_joint(twins, [(0, 3), (0, PLANTED)])
    with pytest.raises(Cancelled):
        joint.measure_joint(replace(asked, stop=lambda: True), UNITS)


def amounts() -> ExplainRequest:
    """Channels 0 and 2 are even and tell the class by how bright they are, like each other."""
    rng = np.random.default_rng(4)
    light = 500 + 1000 * CELLS.labels + rng.integers(-200, 200, 120)
    images = CELLS.images.copy()
    images[:, 0] = images[:, PLANTED] = light[:, None, None] * CELLS.masks[:, 0]

    class Levels(torch.nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            light = (images[:, 0] + images[:, PLANTED]).mean((1, 2)) / 2 / 0.611
            wanted = torch.tensor([500.0, 1500.0, 2500.0]) / 4095
            return -200 * (light[:, None] - wanted) ** 2

    return replace(request(replace(CELLS, images=images)), model=Levels(), repeats=5)


def test_what_copies_show_beyond_each_other_is_nothing() -> None:
    """Alone a copy costs much, since the model is confused; among cells alike it costs nothing."""
    found = joint.measure_joint(amounts(), [(0,), (PLANTED,), (0, PLANTED)], [(0, PLANTED)])
    drops = found.scores.mean(axis=(0, 2))
    assert found.scores.shape == (5, 5, 3)
    assert found.predictions.shape[0] == found.cell_drop.shape[0] == 5
    assert drops[:2].min() > 0.2
    assert drops[2] > 0.5
    assert np.abs(drops[3:]).max() < 0.06


def test_what_a_channel_shows_beyond_a_stranger_is_all() -> None:
    """Strata of a channel that is not alike change nothing: the whole drop is left."""
    asked = request(CELLS)
    found = joint.measure_joint(asked, [(PLANTED,)], [(PLANTED, 3)])
    alone, beyond, _ = found.scores.mean(axis=(0, 2))
    assert alone > 0.3
    assert beyond > 0.75 * alone


def test_strata_hold_neighbours_of_one_donor() -> None:
    rng = np.random.default_rng(0)
    light, donors = rng.permutation(200), np.repeat([0, 1, 2], [153, 44, 3])
    features = rng.normal(size=(200, 3, 3))
    features[:, 0, 1], features[:, 2, 1] = light, light
    strata = joint._strata(features, 0, (0, 1, 2), donors)
    for stratum in np.unique(strata):
        own = np.flatnonzero(strata == stratum)
        assert len(set(donors[own])) == 1
        donor = np.sort(light[donors == donors[own[0]]])
        reached = np.searchsorted(donor, [light[own].min(), light[own].max()])
        assert reached[1] - reached[0] == len(own) - 1
        assert len(own) >= (3 if donors[own[0]] == 2 else joint.ALIKE)
    assert len(np.unique(strata)) == 30 + 8 + 1
