"""What the engine promises beyond the contract of each method: identities and evidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from pxcore.errors import MethodError
from pxcore.importance.engine import measure
from pxcore.importance.methods import METHODS, ExplainRequest
from pxcore.importance.perturbations import PERTURBATIONS, Context
from pxcore.training.device import Layout
from pxcore.training.means import channel_means
from pxcore.types import MaskKind, Role
from tests.planted_cells import (
    PLANTED,
    ChannelMeans,
    Reader,
    device_cells,
    in_amounts,
    planted,
    request,
    with_layout,
)

CELLS = planted()
PERTURBING = [method for method in METHODS.values() if method.kind == "perturbation"]


@pytest.fixture
def asked() -> ExplainRequest:
    return request(CELLS)


@pytest.mark.parametrize("name", ["pxpermute", "pxpermute_mask"])
def test_channel_means_lose_nothing_by_rearranging(name: str) -> None:
    """PXPermute is 0 on a model that only sees channel means: the amount is left alone."""
    asked = replace(request(in_amounts(CELLS)), model=ChannelMeans())
    found = METHODS[name].explain(asked)
    assert found.base_score.min() > 0.95
    np.testing.assert_array_equal(found.scores, 0)
    # Sums of float32 pixels in another order, in double precision.
    np.testing.assert_allclose(found.probability_drop, 0, atol=1e-7)


def test_channel_means_lose_by_exchanging_cells() -> None:
    asked = replace(request(in_amounts(CELLS)), model=ChannelMeans())
    found = METHODS["permute_cells"].explain(asked)
    assert found.scores[:, PLANTED].min() > 0.3


def test_exchange_within_donors_keeps_what_tells_donors_apart() -> None:
    """A channel that only tells the donor apart has no importance within donors."""
    asked = replace(request(in_amounts(CELLS)), model=ChannelMeans())
    found = METHODS["permute_cells"].explain(replace(asked, groups=CELLS.labels))
    assert np.abs(found.scores[:, PLANTED]).max() <= 0.02
    assert "within their donor" in found.notes[0]


def test_lonely_donors_are_told(asked: ExplainRequest) -> None:
    groups = np.zeros(120, int)
    groups[[3, 4]] = 1, 2
    notes = METHODS["permute_cells"].explain(replace(asked, groups=groups)).notes
    assert notes[1].startswith("2 held-out cells are the only one")


def test_one_draw_serves_all_channels(asked: ExplainRequest) -> None:
    """Two channels with the same picture, read alike, lose exactly the same in every repeat."""
    images = CELLS.images.copy()
    images[:, 0] = images[:, PLANTED]
    model = Reader()
    with torch.no_grad():
        weights = model.linear.weight.view(3, 4, -1)
        weights[:, 0] = weights[:, PLANTED]
    twins = replace(request(replace(CELLS, images=images)), model=model)
    for method in PERTURBING:
        found = method.explain(replace(twins, train_mean=np.full(4, 0.1)))
        np.testing.assert_array_equal(found.scores[:, 0], found.scores[:, PLANTED])


def test_scores_follow_from_the_stored_predictions(asked: ExplainRequest) -> None:
    sklearn_metrics = pytest.importorskip("sklearn.metrics")
    for method in PERTURBING:
        found = method.explain(asked)
        base = sklearn_metrics.f1_score(found.labels, found.base_predictions, average=None)
        np.testing.assert_allclose(found.base_score, base)
        for channel, repeats in enumerate(found.predictions):
            for repeat, predicted in enumerate(repeats):
                f1 = sklearn_metrics.f1_score(found.labels, predicted, average=None)
                np.testing.assert_allclose(found.scores[repeat, channel], base - f1, atol=1e-12)


def test_probability_drop_is_the_mean_of_the_cells(asked: ExplainRequest) -> None:
    found = METHODS["permute_cells"].explain(asked)
    for label in range(3):
        own = found.cell_drop[:, found.labels == label].mean(axis=1)
        np.testing.assert_allclose(found.probability_drop.mean(axis=0)[:, label], own, atol=1e-6)


def test_class_without_cells_has_no_score(asked: ExplainRequest) -> None:
    keep = np.flatnonzero(CELLS.labels != 1)
    fewer = replace(
        asked, cells=device_cells(CELLS, positions=keep), labels=CELLS.labels[keep], repeats=5
    )
    found = METHODS["pxpermute"].explain(fewer)
    assert np.isnan(found.scores[:, :, 1]).all()
    assert np.isnan(found.base_score[1])
    assert np.isfinite(np.delete(found.scores, 1, axis=2)).all()
    adaptive = METHODS["pxpermute"].explain(replace(fewer, repeats=None))
    assert 5 <= adaptive.n_repeats < 100


def test_outlines_change_what_is_rearranged(asked: ExplainRequest) -> None:
    """A channel that matters only outside the cell loses nothing inside the mask."""
    outside = CELLS.masks.copy()
    outside[:, :, 3:9, 3:9] = 0
    away = replace(asked, read_masks=lambda cells: outside[cells])
    assert METHODS["pxpermute_mask"].explain(away).scores[:, PLANTED].max() < 0.05
    assert METHODS["pxpermute_mask"].explain(asked).scores[:, PLANTED].min() > 0.1
    whole = replace(asked, read_masks=lambda cells: np.ones((len(cells), 1, 12, 12), np.uint8))
    np.testing.assert_array_equal(
        METHODS["pxpermute_mask"].explain(whole).scores, METHODS["pxpermute"].explain(asked).scores
    )


def test_a_channel_without_a_mask_of_its_own_is_inside_the_cell_too(asked: ExplainRequest) -> None:
    """Instruments leave the mask of a dark channel empty; the outline is the cell's."""
    each = np.zeros((120, 4, 12, 12), np.uint8)
    each[:, (PLANTED + 1) % 4] = CELLS.masks[:, 0]
    found = METHODS["pxpermute_mask"].explain(replace(asked, read_masks=lambda cells: each[cells]))
    np.testing.assert_array_equal(found.scores, METHODS["pxpermute_mask"].explain(asked).scores)
    assert found.scores[:, PLANTED].min() > 0.1


def test_outlines_that_were_found_are_said_so(asked: ExplainRequest) -> None:
    for kind in (MaskKind.NONE, MaskKind.FRAME):
        found = METHODS["pxpermute_mask"].explain(
            replace(asked, mask_kind=kind, roles=(Role.BRIGHTFIELD,) + (Role.STAIN,) * 3)
        )
        assert "Otsu" in found.notes[0]


def test_batch_norm_never_sees_who_shares_a_batch(asked: ExplainRequest) -> None:
    """A network left in training mode gives the same as one in evaluation mode."""
    asked.model.eval()
    expected = METHODS["pxpermute"].explain(asked)
    asked.model.train()
    found = METHODS["pxpermute"].explain(with_layout(asked, 50))
    np.testing.assert_array_equal(found.probability_drop, expected.probability_drop)


def test_layouts_agree() -> None:
    """Channels-last moves the numbers by rounding only."""
    generator = torch.Generator().manual_seed(3)
    model = nn.Sequential(
        nn.Conv2d(4, 8, 3, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 3)
    ).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator) * 0.3)
    asked = replace(request(CELLS), model=model, repeats=2)
    plain = METHODS["pxpermute"].explain(asked)
    layout = Layout(batch_size=50, channels_last=True)
    other = METHODS["pxpermute"].explain(replace(asked, model=layout.place(model), layout=layout))
    np.testing.assert_allclose(other.probability_drop, plain.probability_drop, atol=1e-5)


def test_keyed_orders_rank_the_same(asked: ExplainRequest) -> None:
    """The way accelerators draw is another draw of the same thing."""
    found = {
        keyed: measure(
            "pxpermute",
            PERTURBATIONS["permute_pixels"],
            replace(asked, repeats=20),
            Context(cells=asked.cells, seed=1, keyed=keyed),
        ).scores.mean(axis=(0, 2))
        for keyed in (False, True)
    }
    np.testing.assert_allclose(found[True], found[False], atol=0.03)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_devices_agree(asked: ExplainRequest) -> None:
    from pxcore.data.normalise import Normaliser  # noqa: PLC0415 - only where a GPU is
    from pxcore.training.device_cells import DeviceCells  # noqa: PLC0415

    limits = Normaliser(np.zeros(4, np.float32), np.full(4, 4095, np.float32))
    gpu = torch.device("cuda")
    there = DeviceCells(CELLS.source(), np.arange(120), limits, gpu)
    permute = PERTURBATIONS["permute_pixels"]
    here = measure("pxpermute", permute, asked, Context(cells=asked.cells, seed=1, keyed=True))
    moved = replace(asked, cells=there, model=asked.model.to(gpu))
    found = measure("pxpermute", permute, moved, Context(cells=there, seed=1))
    np.testing.assert_allclose(found.probability_drop, here.probability_drop, atol=1e-4)


def test_masks_and_means_must_be_there(asked: ExplainRequest) -> None:
    context = Context(cells=asked.cells, seed=1)
    for name, words in (("permute_pixels_in_mask", "masks"), ("mean", "training mean")):
        with pytest.raises(MethodError, match=words):
            measure("any", PERTURBATIONS[name], asked, context)


def test_cells_labels_and_model_must_fit(asked: ExplainRequest) -> None:
    explain = METHODS["pxpermute"].explain
    with pytest.raises(MethodError, match="119 labels were given for 120"):
        explain(replace(asked, labels=asked.labels[:119]))
    with pytest.raises(MethodError, match="expected one for each of 5 classes"):
        explain(replace(asked, n_classes=5))
    nothing = device_cells(CELLS, positions=np.arange(0))
    with pytest.raises(MethodError, match="at least one cell"):
        explain(replace(asked, cells=nothing, labels=asked.labels[:0]))


def test_a_broken_channel_is_named(asked: ExplainRequest) -> None:
    class BreaksAtZero(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            means = images.mean(dim=(2, 3))[:, :3]
            return means / images[:, 3].mean(dim=(1, 2))[:, None]

    with pytest.raises(MethodError, match="channel number 4 is changed"):
        METHODS["occlusion"].explain(replace(asked, model=BreaksAtZero()))


def test_many_classes_need_wider_predictions() -> None:
    class Wide(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.one_hot(torch.full((len(images),), 290), 300).float()

    found = METHODS["occlusion"].explain(replace(request(CELLS), model=Wide(), n_classes=300))
    assert found.predictions.dtype == np.int16
    assert (found.predictions == 290).all()


def test_training_means() -> None:
    cells = device_cells(CELLS)
    everything = cells.batch(torch.arange(120)).double()
    found = channel_means(cells, batch_size=17)
    np.testing.assert_allclose(found, everything.mean(dim=(0, 2, 3)).numpy(), rtol=1e-12)
