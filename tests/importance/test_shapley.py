"""Shapley values of models: what the method says, and the fast way to show sets of channels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from pxcore.data.normalise import Normaliser
from pxcore.data.source import ArrayCells
from pxcore.errors import MethodError
from pxcore.importance.fold import f1_of_present
from pxcore.importance.method import ExplainRequest
from pxcore.importance.methods import METHODS
from pxcore.importance.shapley_values import Exact, Sampled
from pxcore.importance.shown_sets import ShownSets
from pxcore.importance.subsets import show_sets
from pxcore.models import MODELS, BuildRequest
from pxcore.models.build import build_network
from pxcore.models.channel_dropout import ChannelDropout, dropout_of, present
from pxcore.training.device import Layout
from pxcore.training.device_cells import DeviceCells
from pxcore.training.predict import evaluating
from pxcore.training.seeding import private_randomness
from tests.planted_cells import CPU, DEAD, Reader, planted, request
from tests.trained_networks import narrow

SHAPLEY = METHODS["shapley"]


def small_request(
    name: str = "small_cnn", n_channels: int = 4, n_cells: int = 30
) -> ExplainRequest:
    """Return a question to an untrained network; channel 1 is what fills it."""
    with private_randomness(CPU, 2):
        model = build_network(
            name,
            BuildRequest(
                n_channels=n_channels,
                n_classes=3,
                image_size=(16, 16),
                options=(*narrow(name), ("channel_dropout", True)),
            ),
        )
        for _ in range(3):
            model(torch.rand(16, n_channels, 16, 16))  # a history for BatchNorm
    generator = np.random.default_rng(6)
    images = generator.integers(0, 4096, (n_cells, n_channels, 16, 16)).astype(np.uint16)
    images[:, DEAD] = 1000
    limits = Normaliser(np.zeros(n_channels, np.float32), np.full(n_channels, 4095, np.float32))
    cells = DeviceCells(ArrayCells(images), np.arange(n_cells), limits, CPU)
    layer = dropout_of(model)
    assert layer is not None
    layer.fill.copy_(cells.batch(torch.arange(1))[0, :, 0, 0])
    head = [part for part in model.modules() if isinstance(part, nn.Linear)][-1]
    with evaluating(model):
        logits = model(cells.batch(torch.arange(n_cells)))
        head.bias -= logits.mean(dim=0)  # no class is ahead
        head.bias /= logits.std()
        head.weight /= logits.std()
    labels = generator.integers(0, 3, n_cells)
    return ExplainRequest(
        model=model, cells=cells, labels=labels, n_classes=3, layout=Layout(batch_size=13)
    )


@pytest.mark.parametrize("name", list(MODELS))
def test_every_model_shares_its_f1_and_probability_out(name: str) -> None:
    asked = small_request(name)
    found = SHAPLEY.explain(asked)
    cells = asked.cells.batch(torch.arange(30))
    f1, own, called = [], [], []
    for shown in (True, False):
        with evaluating(asked.model), present(asked.model, torch.full((4,), shown)):
            probability = asked.model(cells).softmax(1).numpy()
        called.append(probability.argmax(1))
        f1.append(f1_of_present(asked.labels, probability.argmax(1), 3))
        own.append(probability[np.arange(30), asked.labels])
    np.testing.assert_allclose(found.scores[0].sum(axis=0), f1[0] - f1[1], atol=1e-11)
    np.testing.assert_allclose(found.base_score, f1[0])
    np.testing.assert_array_equal(found.base_predictions, called[0])
    assert (called[0] != called[1]).any()
    # float32: the logits of r3d_18, as large as here, move by 4e-6 with the size of a batch alone
    np.testing.assert_allclose(found.cell_drop.sum(axis=0), own[0] - own[1], atol=5e-6)
    assert np.abs(found.cell_drop[0]).max() > 1e-5
    for k in range(3):
        mean = found.cell_drop[:, asked.labels == k].mean(axis=1)
        np.testing.assert_allclose(found.probability_drop[0, :, k], mean, atol=1e-7)
    np.testing.assert_array_equal(found.scores[:, DEAD], 0)
    np.testing.assert_array_equal(found.cell_drop[DEAD], 0)
    assert found.notes[0] == "exact: all 16 sets of 4 channels"


def test_channels_that_say_the_same_share_it() -> None:
    cells = planted()
    images = cells.images.copy()
    images[:, 0] = images[:, 2]
    model = Reader()
    model.missing.fill[0] = model.missing.fill[2]
    with torch.no_grad():
        weights = model.linear.weight.view(3, 4, -1)
        weights[:, 0] = weights[:, 2]
    twins = replace(request(replace(cells, images=images)), model=model)
    found = SHAPLEY.explain(twins)
    np.testing.assert_allclose(found.scores[:, 0], found.scores[:, 2], atol=1e-12)
    assert found.scores[:, 0].mean() > 0.15


class NoStem(nn.Module):
    """Something else than the first convolution reads the cells too."""

    def __init__(self) -> None:
        super().__init__()
        self.dropout = ChannelDropout(4)
        self.conv = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        images = self.dropout(images)
        return ((self.conv(images) + 5 * images) ** 2).mean(dim=(2, 3))


class Grouped(NoStem):
    """The first convolution is no sum over all channels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, groups=2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return (self.conv(self.dropout(images)) ** 2).mean(dim=(2, 3)) * 20


class Bare(NoStem):
    """Without BatchNorm there is nothing to fold: the model must be copied all the same."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.conv(self.dropout(images)).relu().mean(dim=(2, 3)) * 10


def models() -> Iterator[tuple[nn.Module, bool]]:
    """Yield networks, and whether their first convolution may be added up."""
    for name in ("small_cnn", "resnet18"):  # the others do not add maps up
        yield small_request(name).model, True
    with private_randomness(CPU, 3):
        yield Bare(), True
        yield NoStem(), False
        yield Grouped(), False


@pytest.mark.parametrize("channels_last", [False, True])
def test_adding_maps_up_gives_what_filling_gives(*, channels_last: bool) -> None:
    block = torch.rand(6, 4, 16, 16, generator=torch.Generator().manual_seed(1))
    kept, layout = block.clone(), Layout(channels_last=channels_last)
    sets = Exact(4).sets[[0, 3, 5, 5, 6, 12, 15]]
    for model, adds_up in models():
        dropout_of(model).fill.copy_(torch.tensor([0.1, 0.9, 0.4, 0.5]))
        layout.place(model)
        state = {name: value.clone() for name, value in model.state_dict().items()}
        with evaluating(model):
            shower = ShownSets(model, block, layout)
            assert (shower._stem is not None) is adds_up
            for _again in range(2):
                for shown, logits in zip(sets, shower.logits(block, sets), strict=True):
                    with present(model, torch.from_numpy(shown)):
                        expected = model(block)
                    torch.testing.assert_close(logits, expected, atol=2e-5, rtol=2e-5)
        assert torch.equal(block, kept)
        assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())


def test_where_memory_is_short_cells_are_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = small_request()
    expected = SHAPLEY.explain(asked)
    monkeypatch.setattr("pxcore.importance.shown_sets.memory_budget", lambda _device: 1)
    found = SHAPLEY.explain(asked)
    np.testing.assert_allclose(found.cell_drop, expected.cell_drop, atol=1e-6)


def test_beyond_14_channels_it_samples_and_says_how_sure() -> None:
    asked = replace(small_request(n_channels=15, n_cells=8), layout=Layout(batch_size=8), seed=3)
    found = SHAPLEY.explain(asked)
    assert "128 random orders and their reverses" in found.notes[0]
    error = float(found.notes[0].split("largest standard error ")[1].split(" F1")[0])
    assert 0 < error < 0.05
    assert np.ptp(found.scores) > 0.01
    np.testing.assert_array_equal(found.cell_drop[DEAD], 0)
    way = Sampled.drawn(15, 3)
    counts = show_sets(asked, way.sets[[0, -1]], lambda _here, _probability: None).counts
    f1 = 2 * counts.diagonal(0, 1, 2) / (counts.sum(1) + counts.sum(2))
    np.testing.assert_allclose(found.scores[0].sum(axis=0), f1[1] - f1[0], atol=1e-10)


def test_a_class_without_cells_has_no_share() -> None:
    asked = replace(small_request(), n_classes=3, labels=np.arange(30) % 2)
    found = SHAPLEY.explain(asked)
    assert np.isnan(found.scores[..., 2]).all()
    assert np.isfinite(found.scores[..., :2]).all()
    assert np.isnan(found.base_score).tolist() == [False, False, True]


def test_refuses_models_and_labels_that_do_not_fit() -> None:
    asked = small_request()
    plain = MODELS["small_cnn"].build(BuildRequest(n_channels=4, n_classes=3, image_size=(16, 16)))
    with pytest.raises(MethodError, match="channel_dropout = true: train the model again"):
        SHAPLEY.explain(replace(asked, model=plain))
    with pytest.raises(MethodError, match="trained with 5 channels, the cells have 4"):
        SHAPLEY.explain(replace(asked, model=small_request(n_channels=5).model))
    with pytest.raises(MethodError, match="29 labels were given for 30"):
        SHAPLEY.explain(replace(asked, labels=asked.labels[1:]))
    with pytest.raises(MethodError, match=r"gives \(30, 3\) numbers .* 4 classes"):
        SHAPLEY.explain(replace(asked, n_classes=4))
