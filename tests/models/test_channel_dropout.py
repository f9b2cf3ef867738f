"""Channel dropout: which channels are hidden, by what, in every architecture, to the bit."""

from __future__ import annotations

import copy
import dataclasses
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from torch import nn

from pxcore.data import normalise
from pxcore.errors import Cancelled, TrainingError
from pxcore.importance.folded import folded
from pxcore.models import MODELS, BuildRequest
from pxcore.models.build import build_network
from pxcore.models.channel_dropout import ChannelDropout, dropout_of, present
from pxcore.training.fit import TrainingData, fit
from pxcore.training.predict import evaluating, restore
from pxcore.training.seeding import private_randomness
from pxcore.types import Epoch, TrainedModel
from tests.small_training import CPU, Case, make_case
from tests.trained_networks import narrow

EVERY = pytest.mark.parametrize("name", list(MODELS))
DROPOUT = ("channel_dropout", True)
FILL = (0.25, 0.5, 0.75)


def asked(*options: tuple[str, bool | int | str], n_channels: int = 3) -> BuildRequest:
    return BuildRequest(n_channels=n_channels, n_classes=4, image_size=(32, 32), options=options)


@cache
def settled(name: str) -> nn.Module:
    """Return a wrapped network with a history in its BatchNorms; to be copied."""
    with private_randomness(CPU, 1):
        made = build_network(name, asked(*narrow(name), DROPOUT))
        made(torch.rand(8, 3, 32, 32))
    layer = dropout_of(made)
    assert layer is not None
    layer.fill.copy_(torch.tensor(FILL))
    return made.eval().requires_grad_(requires_grad=False)


def network(name: str) -> nn.Module:
    return copy.deepcopy(settled(name))


def images() -> torch.Tensor:
    return torch.rand(5, 3, 32, 32, generator=torch.Generator().manual_seed(3))


def filled(cells: torch.Tensor, shown: tuple[bool, ...]) -> torch.Tensor:
    """Return a copy with hidden channels filled, one after the other."""
    cells = cells.clone()
    for channel, seen in enumerate(shown):
        if not seen:
            cells[:, channel] = FILL[channel]
    return cells


@EVERY
def test_without_the_option_it_is_the_plain_network(name: str) -> None:
    for options in ((), (("channel_dropout", False),)):
        with private_randomness(CPU, 1):
            plain = MODELS[name].build(asked(*narrow(name))).state_dict()
        with private_randomness(CPU, 1):
            built = build_network(name, asked(*narrow(name), *options)).state_dict()
        assert built.keys() == plain.keys()
        assert all(torch.equal(built[key], value) for key, value in plain.items())


@EVERY
def test_it_starts_from_the_same_weights_and_keeps_their_options(name: str) -> None:
    with private_randomness(CPU, 1):
        plain = MODELS[name].build(asked(*narrow(name))).state_dict()
    with private_randomness(CPU, 1):
        built = build_network(name, asked(*narrow(name), DROPOUT)).state_dict()
    assert built.keys() == {"channel_dropout.fill", *(f"network.{key}" for key in plain)}
    assert all(torch.equal(built[f"network.{key}"], value) for key, value in plain.items())
    with pytest.raises(TrainingError, match=r"no setting 'colour'; it has .*channel_dropout"):
        build_network(name, asked(DROPOUT, ("colour", 1)))


def test_some_channels_can_be_shown_always() -> None:
    made = build_network("small_cnn", dataclasses.replace(asked(DROPOUT), always=(2, 0)))
    layer = dropout_of(made)
    assert layer is not None
    assert layer.always == (0, 2)


def test_a_word_is_no_truth_value() -> None:
    with pytest.raises(TrainingError, match="channel_dropout is 'yes'; expected true or false"):
        build_network("small_cnn", asked(("channel_dropout", "yes")))


@EVERY
def test_looking_it_passes_cells_through(name: str) -> None:
    made, cells = network(name), images()
    inner = made.get_submodule("network")
    kept = cells.clone()
    assert torch.equal(made(cells), inner(cells))
    assert torch.equal(cells, kept)


@EVERY
@pytest.mark.parametrize("shown", [(True, False, True), (False,) * 3, (True,) * 3])
def test_it_can_be_shown_any_set(name: str, shown: tuple[bool, ...]) -> None:
    made, cells = network(name), images()
    inner, kept, before = made.get_submodule("network"), cells.clone(), made(cells)
    with present(made, torch.tensor(shown)):
        seen = made(cells)
        with pytest.raises(KeyError), present(made, torch.tensor([False, False, True])):
            raise KeyError
        assert torch.equal(made(cells), seen)  # the inner block is undone, also by an error
    assert torch.equal(seen, inner(filled(cells, shown)))
    assert torch.equal(made(cells), before)
    assert torch.equal(cells, kept)


def test_what_cannot_be_shown_is_refused() -> None:
    with (
        pytest.raises(TrainingError, match="train one with channel_dropout = true"),
        present(build_network("small_cnn", asked()), torch.ones(3, dtype=torch.bool)),
    ):
        pass
    for shown in (torch.ones(2, dtype=torch.bool), torch.ones(3)):
        with (
            pytest.raises(TrainingError, match="expected one bool for each of 3 channels"),
            present(network("small_cnn"), shown),
        ):
            pass
    with pytest.raises(TrainingError, match=r"channel number 3 .*from 0 to 2"):
        ChannelDropout(3, always=(1, 3))


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 8), st.data())
def test_sizes_are_uniform_and_members_of_a_size_alike(
    n_channels: int, data: st.DataObject
) -> None:
    always = tuple(sorted(data.draw(st.sets(st.integers(0, n_channels - 1)))))
    layer, n_cells = ChannelDropout(n_channels, always), 6000
    with private_randomness(CPU, data.draw(st.integers(0, 5))):
        shown = layer.drawn(n_cells).numpy()
    free = [channel for channel in range(n_channels) if channel not in always]
    assert shown[:, list(always)].all()
    sizes = np.bincount(shown[:, free].sum(axis=1), minlength=len(free) + 1)
    assert len(sizes) == len(free) + 1
    if free:
        assert stats.chisquare(sizes).pvalue > 1e-6
    for size in range(1, len(free)):
        members = shown[shown[:, free].sum(axis=1) == size][:, free].sum(axis=0)
        assert stats.chisquare(members).pvalue > 1e-6


def test_training_each_cell_sees_a_set_of_its_own() -> None:
    layer = ChannelDropout(3).train()
    layer.fill.copy_(torch.tensor(FILL))
    cells = torch.rand(64, 3, 4, 4) + 2  # nothing equals what fills it
    with private_randomness(CPU, 4):
        seen = layer(cells)
    with private_randomness(CPU, 4):
        again = layer(cells)
    assert torch.equal(seen, again)
    sets = set()
    for cell, out in zip(cells, seen, strict=True):
        whole = [bool(torch.equal(out[c], cell[c])) for c in range(3)]
        hidden = [bool((out[c] == FILL[c]).all()) for c in range(3)]
        assert all(one != other for one, other in zip(whole, hidden, strict=True))
        sets.add(tuple(whole))
    assert len(sets) == 8


@EVERY
def test_last_convolution_is_that_of_the_architecture(name: str) -> None:
    made = network(name)
    inner = made.get_submodule("network")
    if not MODELS[name].last_map:
        pytest.skip("it has no last convolution of rows and columns")
    part = MODELS[name].last_convolution(made)
    assert part is MODELS[name].last_convolution(inner)
    assert part is dict(inner.named_modules())[MODELS[name].last_map]


@EVERY
def test_it_folds_and_still_shows_sets(name: str) -> None:
    made, cells = network(name), images()
    fast = folded(made, cells[:2])
    assert fast is not made
    assert not any(isinstance(m, nn.BatchNorm2d | nn.BatchNorm3d) for m in fast.modules())
    shown = torch.tensor([False, True, False])
    with present(made, shown), present(fast, shown):
        torch.testing.assert_close(fast(cells), made(cells), atol=1e-4, rtol=1e-4)


@EVERY
def test_it_can_be_traced(name: str) -> None:
    made, cells = network(name), images()
    traced = torch.fx.symbolic_trace(made)
    assert torch.equal(traced(cells), made(cells))
    assert dropout_of(copy.deepcopy(made)) is not dropout_of(made)


def training(**changes: object) -> Case:
    """A training with channel dropout of the small network."""

    class WithDropout(Case):
        def build(self) -> nn.Module:
            n_channels = len(self.data.channels or (0, 1))
            request = BuildRequest(
                n_channels=n_channels,
                n_classes=3,
                image_size=(16, 16),
                options=(("width", 4), DROPOUT),
            )
            return build_network("small_cnn", request)

    plain = make_case(**changes)
    return WithDropout(plain.data, plain.params)


def run(case: Case, **control: object) -> TrainedModel:
    return fit(case.data, case.params, case.build, case.control(**control))  # type: ignore[arg-type]


def same(first: TrainedModel, second: TrainedModel) -> bool:
    return first.weights.keys() == second.weights.keys() and all(
        np.array_equal(first.weights[name], second.weights[name]) for name in first.weights
    )


@pytest.mark.parametrize("channels", [None, (1,)])
def test_training_cells_alone_decide_the_fill(channels: tuple[int, ...] | None) -> None:
    case = training(max_epochs=1)
    data: TrainingData = dataclasses.replace(case.data, channels=channels)
    trained = run(type(case)(data, case.params))
    fold, chosen = data.fold, channels or (0, 1)
    limits = normalise.fit(data.source, fold.train, 1.0, 99.0).take(chosen)
    pixels = limits.apply(data.source.images(fold.train, chosen)).astype(np.float64)
    fill = trained.weights["channel_dropout.fill"]
    np.testing.assert_allclose(fill, pixels.mean(axis=(0, 2, 3)), rtol=1e-6)
    assert fill.dtype == np.float32
    other = data.source.images(fold.test, chosen).astype(np.float64).mean(axis=(0, 2, 3))
    assert not np.allclose(fill, (other - limits.low) * limits.scale, rtol=1e-6)


def test_a_stopped_training_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    case = training()
    undisturbed = run(case)
    assert same(run(case), undisturbed)
    for epoch in (1, 4):
        folder, told = tmp_path / str(epoch), []

        def tell(one: Epoch, told: list[Epoch] = told) -> None:
            told.append(one)

        def stop(told: list[Epoch] = told, epoch: int = epoch) -> bool:
            return len(told) >= epoch

        with pytest.raises(Cancelled, match="asked to stop"):
            run(case, folder=folder, tell=tell, stop=stop)
        assert len(told) == epoch
        assert same(run(case, folder=folder), undisturbed)


def test_a_trained_network_comes_back_and_knows_what_it_can_do_without() -> None:
    """Channel 0 tells the class, channel 1 is noise: without 0 nothing is left, without 1 all."""
    case = training(max_epochs=12)
    trained = run(case)
    model = restore(case.build, trained.weights, CPU)
    layer = dropout_of(model)
    assert layer is not None
    np.testing.assert_array_equal(layer.fill.numpy(), trained.weights["channel_dropout.fill"])
    fold = case.data.fold
    limits = normalise.Normaliser(trained.low, trained.high)
    cells = torch.from_numpy(limits.apply(case.data.source.images(fold.test)))

    def accuracy(*shown: bool) -> float:
        with evaluating(model), present(model, torch.tensor(shown)):
            return float(np.mean(model(cells).argmax(1).numpy() == trained.test_labels))

    commonest = np.bincount(trained.test_labels).max() / len(trained.test_labels)
    assert accuracy(True, True) > 0.9
    assert accuracy(True, False) > 0.9
    assert accuracy(False, True) <= commonest + 0.05
    assert accuracy(False, False) <= commonest
