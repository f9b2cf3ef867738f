"""From pixels to a channel's score: both ways, from the stored values, in the stored outline."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from pxcore.errors import MethodError
from pxcore.importance.attribution.scored import mean_inside, median_over_tile
from pxcore.importance.fold import class_means
from pxcore.importance.method import ExplainRequest, MapRequest
from pxcore.importance.methods import METHODS
from pxcore.types import MaskKind
from tests.planted_cells import planted, request_for

CELLS = planted(60, seed=4)
DEEPLIFT = METHODS["deeplift"]


@pytest.fixture
def asked() -> ExplainRequest:
    return request_for(DEEPLIFT, CELLS)


def pixels(asked: ExplainRequest) -> torch.Tensor:
    return DEEPLIFT.maps(
        MapRequest(
            model=asked.model,
            images=asked.cells.batch(torch.arange(60)),
            targets=torch.as_tensor(asked.labels),
            train_mean=asked.train_mean,
        )
    )


@pytest.mark.parametrize("aggregate", ["mean_abs", "signed_median"])
def test_scores_follow_from_the_stored_values(asked: ExplainRequest, aggregate: str) -> None:
    """Whichever was asked for, both channel scores can be made of what is stored."""
    one = DEEPLIFT.explain(replace(asked, options=(("aggregate", aggregate),)))
    other = DEEPLIFT.explain(asked)
    assert list(one.aggregates) == ["mean_abs", "signed_median"]
    made = class_means(other.aggregates[aggregate], other.labels, 3)[None]
    np.testing.assert_array_equal(one.scores, made)
    np.testing.assert_array_equal(one.cell_drop, one.aggregates[aggregate])
    assert np.isnan(one.probability_drop).all()


def test_values_of_cells_slowly(asked: ExplainRequest) -> None:
    found, maps = DEEPLIFT.explain(asked).aggregates, pixels(asked).double().numpy()
    for cell, channel in np.ndindex(60, 4):
        tile = maps[cell, channel]
        inside = tile[CELLS.masks[cell, 0] > 0]
        assert found["mean_abs"][channel, cell] == pytest.approx(np.abs(inside).mean(), abs=1e-7)
        assert found["signed_median"][channel, cell] == pytest.approx(np.median(tile), abs=1e-7)


@pytest.mark.parametrize("kind", [MaskKind.NONE, MaskKind.FRAME])
def test_without_outlines_the_whole_tile_counts(asked: ExplainRequest, kind: MaskKind) -> None:
    found = DEEPLIFT.explain(replace(asked, mask_kind=kind))
    expected = pixels(asked).abs().mean(dim=(2, 3)).T
    np.testing.assert_allclose(found.cell_drop, expected, rtol=1e-5, atol=1e-9)
    assert "whole tile" in found.notes[0]
    assert "inside the stored outlines" in DEEPLIFT.explain(asked).notes[0]


def test_empty_outline_counts_as_the_whole_tile(asked: ExplainRequest) -> None:
    masks = CELLS.masks.copy()
    masks[[3, 7]] = 0
    found = DEEPLIFT.explain(replace(asked, read_masks=lambda positions: masks[positions]))
    expected = pixels(asked)[[3, 7]].abs().mean(dim=(2, 3)).T
    np.testing.assert_allclose(found.cell_drop[:, [3, 7]], expected, rtol=1e-5, atol=1e-9)
    assert any(note.startswith("2 held-out cells have an empty outline") for note in found.notes)


def test_absent_class_has_no_score(asked: ExplainRequest) -> None:
    found = DEEPLIFT.explain(replace(asked, labels=np.where(CELLS.labels == 1, 0, CELLS.labels)))
    assert np.isnan(found.scores[:, :, 1]).all()
    assert np.isnan(found.base_score[1])
    assert np.isfinite(found.scores[:, :, [0, 2]]).all()


def test_target_is_the_true_class(asked: ExplainRequest) -> None:
    """Another class asked for is another explanation."""
    turned = DEEPLIFT.explain(replace(asked, labels=(CELLS.labels + 1) % 3))
    assert not np.allclose(turned.cell_drop, DEEPLIFT.explain(asked).cell_drop, rtol=0.1)


def test_median_and_mean_in_numbers() -> None:
    maps = torch.tensor([[[[3.0, -1.0], [-7.0, 2.0]]]])
    assert median_over_tile(maps).item() == 0.5
    assert mean_inside(maps, None).item() == 3.25
    assert mean_inside(maps, torch.tensor([[True, False, True, False]])).item() == 5


def test_refuses_what_cannot_be_explained(asked: ExplainRequest) -> None:
    with pytest.raises(MethodError, match="59 labels were given for 60"):
        DEEPLIFT.explain(replace(asked, labels=CELLS.labels[:59]))
    with pytest.raises(MethodError, match="expected"):
        DEEPLIFT.explain(replace(asked, n_classes=4))
    with pytest.raises(MethodError, match="was not told which part"):
        METHODS["guided_gradcam"].explain(replace(asked, last_convolution=None))
