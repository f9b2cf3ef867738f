"""The fast way of perturbing embedding networks gives what the slow one gives, with fewer looks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from pxcore.errors import Cancelled
from pxcore.importance import embedded as fast
from pxcore.importance import engine
from pxcore.importance.engine import measure
from pxcore.importance.fold import FoldImportance
from pxcore.importance.masks import CellMasks
from pxcore.importance.method import ExplainRequest
from pxcore.importance.perturbations import PERTURBATIONS, Context
from pxcore.models import BuildRequest, embedding
from pxcore.models.build import build_network
from pxcore.models.channel_dropout import dropout_of
from pxcore.models.embedding import embedding_of
from pxcore.types import Array
from tests.embedding_networks import CPU, DEAD, NETWORKS, REPEATS, SIDE, C, K, N, asked, network

UNITS = {"alone": None, "together": ((0, 2), (4,), (2, 3, 4), (0, 2))}


def context(request: ExplainRequest) -> Context:
    inside = np.hypot(*np.mgrid[-7.5:8, -7.5:8]) < 7
    packed = np.packbits(np.broadcast_to(inside.reshape(-1), (N, SIDE * SIDE)), axis=-1)
    return Context(
        cells=request.cells,
        seed=5,
        groups=np.arange(N) % 2,
        masks=CellMasks(packed=packed, n_pixels=SIDE * SIDE, device=CPU),
        fill=np.linspace(0.1, 0.5, C),
    )


def measured(
    request: ExplainRequest, perturbation: str, units: tuple[tuple[int, ...], ...] | None = None
) -> FoldImportance:
    return measure("any", PERTURBATIONS[perturbation], request, context(request), units=units)


def slowly(
    monkeypatch: pytest.MonkeyPatch,
    request: ExplainRequest,
    perturbation: str,
    units: tuple[tuple[int, ...], ...] | None = None,
) -> FoldImportance:
    with monkeypatch.context() as patch:
        patch.setattr(engine, "embedded", lambda *_: None)
        return measured(request, perturbation, units)


def alike(one: FoldImportance, other: FoldImportance) -> None:
    """The same but for the order of sums: float32 rounding."""
    np.testing.assert_array_equal(one.predictions, other.predictions)
    np.testing.assert_array_equal(one.scores, other.scores)
    np.testing.assert_allclose(one.cell_drop, other.cell_drop, atol=2e-6)
    np.testing.assert_allclose(one.probability_drop, other.probability_drop, atol=2e-6)
    np.testing.assert_array_equal(one.base_score, other.base_score)


@pytest.mark.parametrize("units", UNITS)
@pytest.mark.parametrize("perturbation", PERTURBATIONS)
@pytest.mark.parametrize("name", NETWORKS)
def test_the_same_as_the_slow_way(
    name: str, perturbation: str, units: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = asked(name)
    slow = slowly(monkeypatch, request, perturbation, UNITS[units])
    found = measured(request, perturbation, UNITS[units])
    alike(found, slow)
    assert np.abs(slow.cell_drop).max() > 1e-3  # else nothing was compared


@pytest.mark.parametrize("perturbation", PERTURBATIONS)
def test_pieces_and_blocks_do_not_show(perturbation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However little passes at once; and never more than asked for."""
    whole = measured(asked("independent", 100), perturbation)
    most = seen_at_once(monkeypatch, piece=3 * SIDE**2, block=7 * C * SIDE**2)
    few = measured(asked("independent", 100), perturbation)
    alike(few, whole)
    assert max(most) <= 3
    monkeypatch.setattr(embedding, "PIECE", 1)  # not one plane fits: one passes nevertheless
    monkeypatch.setattr(fast, "BLOCK", 1)
    alike(measured(asked("independent", 100), perturbation), whole)


def seen_at_once(monkeypatch: pytest.MonkeyPatch, piece: int, block: int) -> list[int]:
    """Bound what passes at once, and return what will be seen of it: planes of each pass."""
    monkeypatch.setattr(embedding, "PIECE", piece)
    monkeypatch.setattr(fast, "BLOCK", block)
    monkeypatch.setattr(fast, "folded", lambda model, _images: model)
    return planes_of(network("independent"), monkeypatch)


def planes_of(made: nn.Module, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows by the planes of every pass of a network's first step."""
    own, passes = embedding_of(made), []
    plain = own.look

    def look(planes: torch.Tensor, channels: tuple[int, ...]) -> torch.Tensor:
        passes.append(planes.shape[0] * planes.shape[1])
        return plain(planes, channels)

    monkeypatch.setattr(own, "look", look)
    return passes


@pytest.mark.parametrize(
    ("perturbation", "looks"), [("permute_cells", 1), ("permute_pixels", 1 + REPEATS), ("mean", 2)]
)
def test_how_often_cells_are_looked_at(
    perturbation: str, looks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repeat embeds every plane once, an exchange none; the slow way C times as much."""
    monkeypatch.setattr(fast, "folded", lambda model, _images: model)
    monkeypatch.setattr(engine, "folded", lambda model, _images: model)
    passes = planes_of(network("shared"), monkeypatch)
    measured(asked("shared"), perturbation)
    assert sum(passes) == looks * N * C
    passes.clear()
    slowly(monkeypatch, asked("shared"), perturbation)
    repeats = REPEATS if PERTURBATIONS[perturbation].random else 1
    assert sum(passes) == (1 + C * repeats) * N * C


@pytest.mark.parametrize(
    "perturbation", ["permute_pixels", "permute_cells", "permute_pixels_in_mask"]
)
def test_a_channel_without_light_scores_nothing_to_the_bit(perturbation: str) -> None:
    found = measured(asked("shared", 4), perturbation)
    assert not found.scores[:, DEAD].any()
    assert not found.cell_drop[DEAD].any()


def test_only_what_is_spoilt_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "folded", lambda model, _images: model)
    passes = planes_of(network("shared"), monkeypatch)
    measured(asked("shared"), "permute_pixels", ((0, 2), (2,)))
    assert sum(passes) == N * C + REPEATS * N * 2


@pytest.mark.parametrize("name", ["depth", "hiding"])
def test_networks_that_mix_channels_go_the_slow_way(name: str) -> None:
    """A stack of channels, and a network that was told to hide some: no embedding of its own."""
    request = asked("behind_dropout")
    if name == "depth":
        options = (("width", 4), ("backbone", "r3d"))
        wanted = BuildRequest(n_channels=C, n_classes=K, image_size=(32, 32), options=options)
        request = replace(request, model=build_network("channel_embedding", wanted).eval())
    else:
        layer = dropout_of(request.model)
        layer.shown = torch.tensor([True] * C)
    try:
        perturbation = PERTURBATIONS["permute_pixels"]
        assert fast.embedded(request, context(request), perturbation, range(C)) is None
    finally:
        if name == "hiding":
            layer.shown = None


def test_stops_while_embedding() -> None:
    with pytest.raises(Cancelled, match="before its first repeat"):
        measured(replace(asked("shared"), stop=lambda: True), "permute_pixels")


def test_groups_hold_every_channel_once() -> None:
    found = embedding.groups((0, 2, 5, 6, 9), embedding.PIECE // 2)
    assert found == ((0, 2), (5, 6), (9,))
    assert embedding.groups((3, 4), 2 * embedding.PIECE) == ((3,), (4,))


def test_the_network_is_left_as_it_was() -> None:
    request = asked("shared")
    state: dict[str, Array] = {k: v.clone() for k, v in request.model.state_dict().items()}
    before = request.cells.batch(torch.arange(N))
    measured(request, "permute_pixels")
    assert all(torch.equal(state[k], v) for k, v in request.model.state_dict().items())
    assert torch.equal(request.cells.batch(torch.arange(N)), before)
