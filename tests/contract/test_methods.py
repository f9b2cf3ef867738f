"""What every importance method keeps, whatever it does: one test for each entry of METHODS."""

from __future__ import annotations

import copy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pxcore.errors import Cancelled, MethodError
from pxcore.importance.fold import FoldImportance, combine
from pxcore.importance.methods import METHODS, ExplainRequest, Method
from pxcore.importance.rank_ranges import Draws
from pxcore.importance.ranking import rank
from pxcore.importance.stability import stability
from pxcore.types import Array
from tests.planted_cells import DEAD, PLANTED, device_cells, planted, request_for, with_layout

CELLS = planted()
ROOT = Path(__file__).parents[2]
ORDER = (3, 0, 2, 1)


@pytest.fixture(params=METHODS.values(), ids=list(METHODS))
def method(request: pytest.FixtureRequest) -> Method:
    return request.param


@pytest.fixture
def asked(method: Method) -> ExplainRequest:
    return request_for(method, CELLS)


def values(found: FoldImportance) -> Array:
    return np.nanmean(found.scores, axis=(0, 2))


def same(one: FoldImportance, other: FoldImportance) -> None:
    np.testing.assert_array_equal(one.scores, other.scores)
    np.testing.assert_array_equal(one.probability_drop, other.probability_drop)
    if one.predictions is not None:
        np.testing.assert_array_equal(one.predictions, other.predictions)


def test_explained(method: Method) -> None:
    assert method.label != method.id
    assert method.summary.endswith(".")
    assert method.unit
    for option in method.options:
        assert option.choices
        assert option.summary


def test_listing_the_methods_does_not_load_torch() -> None:
    code = "import sys, pxcore.importance.methods; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_shapes_agree(method: Method, asked: ExplainRequest) -> None:
    found = method.explain(asked)
    n_repeats = 6 if method.repeated else 1
    assert found.method == method.id
    assert found.unit == method.unit
    assert found.scores.shape == found.probability_drop.shape == (n_repeats, 4, 3)
    assert found.cell_drop is not None
    assert found.cell_drop.shape == (4, 120)
    if method.kind == "perturbation":
        assert found.predictions is not None
        assert found.predictions.shape == (4, n_repeats, 120)
        assert found.predictions.dtype == np.uint8
    assert np.isfinite(found.scores).all()


def test_deterministic_for_a_seed(method: Method, asked: ExplainRequest) -> None:
    same(method.explain(asked), method.explain(asked))


def test_another_seed_differs(method: Method, asked: ExplainRequest) -> None:
    one, other = method.explain(asked), method.explain(replace(asked, seed=12))
    differs = not np.array_equal(one.cell_drop, other.cell_drop)
    assert differs is method.repeated


@pytest.mark.parametrize("batch_size", [7, 64, 1000])
def test_block_size_does_not_show(method: Method, asked: ExplainRequest, batch_size: int) -> None:
    one, other = method.explain(asked), method.explain(with_layout(asked, batch_size))
    np.testing.assert_array_equal(one.predictions, other.predictions)
    # Sums within a forward pass may be taken in another order: float32 rounding.
    np.testing.assert_allclose(one.probability_drop, other.probability_drop, atol=1e-6)
    np.testing.assert_allclose(one.cell_drop, other.cell_drop, atol=1e-6)


def test_streamed_cells_give_the_same(method: Method, asked: ExplainRequest) -> None:
    streamed = device_cells(CELLS, budget_bytes=0)
    assert not streamed.resident
    same(method.explain(asked), method.explain(replace(asked, cells=streamed)))


def test_follows_the_order_of_channels(method: Method, asked: ExplainRequest) -> None:
    one, other = method.explain(asked), method.explain(request_for(method, CELLS, ORDER))
    np.testing.assert_array_equal(one.scores[:, ORDER], other.scores)
    np.testing.assert_array_equal(one.probability_drop[:, ORDER], other.probability_drop)


def test_dead_channel_scores_zero(method: Method, asked: ExplainRequest) -> None:
    if method.lacks("dead_channel"):  # whatever this reader makes of it; see its entry
        pytest.skip(next(fault.reason for fault in method.faults))
    found = method.explain(asked)
    if method.id != "occlusion":  # what fills a channel may differ from its constant value
        np.testing.assert_array_equal(found.scores[:, DEAD], 0)
        if method.kind != "attribution":
            np.testing.assert_array_equal(found.probability_drop[:, DEAD], 0)
    assert np.abs(found.scores[:, DEAD]).max() <= 0.01


def test_planted_channel_comes_first(method: Method, asked: ExplainRequest) -> None:
    found = values(method.explain(asked))
    others = np.delete(found, PLANTED)
    if method.kind == "attribution":  # its unit is not F1
        assert found[PLANTED] > 4 * others.max() > 0
        return
    assert found[PLANTED] > 0.2
    assert found[PLANTED] > others.max() + 0.15


def test_input_and_model_are_left_as_they_were(method: Method, asked: ExplainRequest) -> None:
    everything = torch.arange(len(asked.cells))
    before, labels = asked.cells.batch(everything), np.array(asked.labels)
    asked.model.train()
    asked.model.dropout.eval()
    state = copy.deepcopy(asked.model.state_dict())
    method.explain(asked)
    assert torch.equal(asked.cells.batch(everything), before)
    np.testing.assert_array_equal(asked.labels, labels)
    assert asked.model.training
    assert asked.model.norm.training
    assert not asked.model.dropout.training
    for name, value in asked.model.state_dict().items():
        assert torch.equal(value, state[name]), name
    assert all(weight.grad is None for weight in asked.model.parameters())
    assert all(weight.requires_grad for weight in asked.model.parameters())


@pytest.mark.parametrize("when", [0, 2, 5])
def test_stops_when_asked(method: Method, asked: ExplainRequest, when: int) -> None:
    looks = iter(range(1000))
    asked.model.train()
    with pytest.raises(Cancelled, match="stop"):
        method.explain(replace(with_layout(asked, 20), stop=lambda: next(looks) >= when))
    assert asked.model.training


def test_more_repeats_begin_with_the_same(method: Method, asked: ExplainRequest) -> None:
    adaptive = method.explain(replace(asked, repeats=None, max_repeats=20))
    fixed = method.explain(replace(asked, repeats=13))
    shared = min(adaptive.n_repeats, fixed.n_repeats)
    if method.repeated:
        assert shared >= 5
        assert fixed.n_repeats == 13
        assert adaptive.n_repeats % 5 == 0
    np.testing.assert_array_equal(adaptive.scores[:shared], fixed.scores[:shared])


def test_progress_only_rises(method: Method, asked: ExplainRequest) -> None:
    told: list[tuple[str, float]] = []
    method.explain(replace(asked, tell=lambda step, share: told.append((step, share))))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] == 1
    assert told[-1][0]
    if method.kind == "perturbation":
        assert "repeat" in told[-1][0]


def test_unknown_option_is_refused(method: Method, asked: ExplainRequest) -> None:
    with pytest.raises(MethodError, match="'nonsense' is not known"):
        method.explain(replace(asked, options=(("nonsense", 1),)))
    for option in method.options:
        with pytest.raises(MethodError, match=option.choices[0]):
            method.explain(replace(asked, options=((option.name, "nonsense"),)))


def test_every_choice_works(method: Method, asked: ExplainRequest) -> None:
    for option in method.options:
        for choice in option.choices:
            found = method.explain(replace(asked, options=((option.name, choice),)))
            assert found.method == method.id
            if choice == "signed_median":  # mostly background: this is its known fault
                assert np.abs(found.scores[:, PLANTED]).max() < 1e-3
            else:
                assert values(found).argmax() == PLANTED


def test_output_that_is_no_number_is_refused(method: Method, asked: ExplainRequest) -> None:
    with torch.no_grad():
        asked.model.linear.bias[1] = torch.nan
    with pytest.raises(MethodError, match="not a number"):
        method.explain(asked)


def test_result_survives_storing(method: Method, asked: ExplainRequest) -> None:
    found = method.explain(replace(asked, groups=CELLS.groups))
    back = FoldImportance.from_arrays(found.arrays())
    same(found, back)
    assert (back.method, back.unit, back.notes) == (found.method, found.unit, found.notes)
    np.testing.assert_array_equal(back.groups, found.groups)
    assert list(back.aggregates) == list(found.aggregates)
    for name, cell_values in found.aggregates.items():
        np.testing.assert_array_equal(back.aggregates[name], cell_values)


def test_folds_become_a_ranking(method: Method, asked: ExplainRequest) -> None:
    folds = [
        method.explain(replace(request_for(method, cells), repeats=None, max_repeats=10))
        for cells in (CELLS, planted(100, seed=1), planted(90, seed=2))
    ]
    importance = combine(folds, n_train=[200, 220, 230])
    ranking = rank(importance, folds, draws=Draws(n_samples=200))
    assert ranking.rank[PLANTED] == 1
    assert ranking.top[PLANTED][0] > 0.9
    assert sorted(ranking.rank) == [1, 2, 3, 4]
    assert all(np.isfinite([*ranking.mean, *ranking.low, *ranking.high]))
    assert (stability(importance) is not None) is method.repeated
