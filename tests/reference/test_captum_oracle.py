"""captum as a second oracle: its permutation and ablation of whole channels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from captum.attr import FeatureAblation, FeaturePermutation

from pxcore.importance.methods import METHODS, ExplainRequest
from pxcore.importance.orders import repeat_sequence
from pxcore.types import Array
from tests.planted_cells import planted, request

CELLS = planted(60, seed=9)
EVERY = torch.arange(60)
# One feature a channel, the same for every cell.
CHANNELS = torch.arange(4).view(1, 4, 1, 1).expand(1, 4, 12, 12)


@pytest.fixture
def asked() -> ExplainRequest:
    made = replace(request(CELLS), repeats=1)
    made.model.eval()
    return made


def probability(asked: ExplainRequest, images: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return asked.model(images).softmax(dim=1)


def per_channel(attribution: torch.Tensor) -> Array:
    """(C, n): captum repeats a feature's value in all of its pixels."""
    return attribution[:, :, 0, 0].T.numpy()


def test_permute_cells(asked: ExplainRequest) -> None:
    found = METHODS["permute_cells"].explain(asked)
    ring = np.random.default_rng(repeat_sequence(asked.seed, 0)).permutation(60)
    partners = ring[(np.argsort(ring) + 1) % 60]
    oracle = FeaturePermutation(
        lambda images: probability(asked, images),
        perm_func=lambda images, mask: torch.where(mask.bool(), images[partners], images),
    )
    expected = oracle.attribute(
        asked.cells.batch(EVERY), target=torch.from_numpy(CELLS.labels), feature_mask=CHANNELS
    )
    np.testing.assert_allclose(found.cell_drop, per_channel(expected), atol=1e-6)
    assert np.abs(found.cell_drop).max() > 0.3


@pytest.mark.parametrize("fill", ["zero", "mean"])
def test_occlusion(asked: ExplainRequest, fill: str) -> None:
    found = METHODS["occlusion"].explain(replace(asked, options=(("fill", fill),)))
    mean = torch.from_numpy(asked.train_mean).float().view(1, 4, 1, 1).expand(1, 4, 12, 12)
    oracle = FeatureAblation(lambda images: probability(asked, images))
    expected = oracle.attribute(
        asked.cells.batch(EVERY),
        baselines=0 if fill == "zero" else mean,
        target=torch.from_numpy(CELLS.labels),
        feature_mask=CHANNELS,
    )
    np.testing.assert_allclose(found.cell_drop, per_channel(expected), atol=1e-6)
    assert np.abs(found.cell_drop).max() > 0.3
