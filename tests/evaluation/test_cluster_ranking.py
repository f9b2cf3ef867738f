"""Channels ranked on clusters without a classifier: the ones that drive them, volumes as one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from pxcore.data.normalise import Normaliser
from pxcore.data.source import ArrayCells
from pxcore.errors import MethodError
from pxcore.evaluation.cluster_ranking import (
    ClusterRankRequest,
    channel_means,
    clusters_of,
    named,
    rank_on_clusters,
)
from pxcore.evaluation.cluster_words import ruling_words
from pxcore.training.device_cells import DeviceCells
from pxcore.types import Channel, Panel, Role
from pxcore.types.unlabelled import Planes

PLANES = Planes(pictures=2, volumes=1, depth=3)


class Looks(nn.Module):
    """Clusters by the mean of picture 1 and the mean of the volume; picture 0 is not looked at."""

    def forward(self, planes: torch.Tensor) -> torch.Tensor:
        """Return logits of four clusters."""
        light = planes.mean(dim=(2, 3))
        first, second = light[:, 1] - 0.5, light[:, 2:].mean(dim=1) - 0.5
        signs = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
        return 60.0 * torch.stack([first, second], dim=1) @ signs.T


@pytest.fixture(scope="module")
def cells() -> DeviceCells:
    """Return cells of which every picture and the volume is bright or dark by itself."""
    rng = np.random.default_rng(4)
    bright = rng.integers(0, 2, (160, 3))
    level = np.where(bright, 180, 70)[:, [0, 1, 2, 2, 2]]
    images = (level[:, :, None, None] + rng.integers(0, 20, (160, 5, 4, 4))).astype(np.uint8)
    limits = Normaliser(np.zeros(5, np.float32), np.full(5, 255, np.float32))
    return DeviceCells(ArrayCells(images), np.arange(160), limits, torch.device("cpu"))


def asked(cells: DeviceCells, perturbation: str = "permute_cells") -> ClusterRankRequest:
    """Return what is asked of four clusters."""
    return ClusterRankRequest(
        network=Looks(),
        cells=cells,
        planes=PLANES,
        n_clusters=4,
        perturbation=perturbation,
        repeats=4,
        seed=2,
    )


def test_driving_channels_score_and_the_others_are_zero(cells: DeviceCells) -> None:
    found = rank_on_clusters(asked(cells))
    values = channel_means(found)
    assert values.shape == (3,)
    assert values[0] == 0.0
    assert values[1:].min() > 0.3
    assert np.all(found.base_score == 1.0)
    # Half of the partners are alike: a picture from another cell changes about half of the cells.
    assert values[1] == pytest.approx(0.5, abs=0.12)
    drop = found.probability_drop[:, :, ~np.isnan(found.base_score)].mean(axis=(0, 2))
    assert drop[0] == 0.0
    assert drop[1:].min() > 0.3


def test_amount_survives_a_new_order_of_pixels(cells: DeviceCells) -> None:
    values = channel_means(rank_on_clusters(asked(cells, "permute_pixels")))
    assert np.allclose(values, 0.0)


def test_labels_are_the_undisturbed_clusters(cells: DeviceCells) -> None:
    found = rank_on_clusters(asked(cells))
    assert np.array_equal(found.labels, clusters_of(Looks(), cells))
    assert np.array_equal(found.labels, found.base_predictions)
    with pytest.raises(MethodError, match="'shuffle' is not known"):
        rank_on_clusters(asked(cells, "shuffle"))


def test_a_leading_stain_free_channel_is_warned_of() -> None:
    panel = Panel(
        (
            Channel(name="BF", role=Role.BRIGHTFIELD),
            Channel(name="CD3", role=Role.STAIN),
            Channel(name="DNA", role=Role.STAIN),
        )
    )
    assert ruling_words(np.array([0.1, 0.5, 0.0]), panel) == ""
    assert ruling_words(np.zeros(3), panel) == ""
    assert ruling_words(np.array([0.3, 0.25, 0.2]), panel).startswith("BF leads the ranking")
    ruled = ruling_words(np.array([0.9, 0.1, 0.0]), panel, "Use whitened codes")
    assert "BF rules the ranking, and no stain is in it" in ruled
    assert ruled.endswith("Look at the galleries. Use whitened codes")
    assert named(np.array([0.1, 0.5, 0.0]), panel.names) == (
        ("CD3", 0.5),
        ("BF", 0.1),
        ("DNA", 0.0),
    )
