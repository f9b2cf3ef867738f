"""Autoencoders through the one loop: they learn, repeat, resume, and say what they cannot take."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from pxcore.clustering.fit import cluster
from pxcore.clustering.params import ClusterParams
from pxcore.clustering.placing import Affine
from pxcore.data.source import ArrayCells
from pxcore.data.synthetic import UnlabelledParams, unlabelled_cells
from pxcore.errors import Cancelled, TrainingError
from pxcore.models.autoencoders.soft_clusters import RefinedAutoencoder, SoftClusters
from pxcore.training.fit_autoencoder import (
    Gathering,
    UnlabelledData,
    cells_of,
    encode,
    fit_autoencoder,
    network_of,
)
from pxcore.training.loop import Control
from pxcore.training.reconstruction import Reconstruction
from pxcore.training.refinement import Refinement, divergence, sharpened
from pxcore.types import Epoch, TrainingParams
from pxcore.types.unlabelled import AutoencoderSpec, Planes, TrainedAutoencoder

CPU = torch.device("cpu")
ONE_EPOCH = TrainingParams(max_epochs=1, batch_size=16, flips=False, noise=0.0)
OPTIONS = {
    "dcae_2d": (("width", 4), ("code", 8)),
    "dcae_3d": (("width", 2), ("code", 8)),
    "dcae_fused": (("width", 4), ("volume_width", 2), ("code", 8)),
}
FORMS = {"dcae_2d": "pictures", "dcae_3d": "volumes", "dcae_fused": "paired"}


def case(name: str, n: int = 48) -> tuple[UnlabelledData, AutoencoderSpec]:
    """Return few small cells and an autoencoder narrow enough for a test."""
    params = UnlabelledParams(form=FORMS[name], n_cells=n, size=18, depth=16)  # type: ignore[arg-type]
    drawn = unlabelled_cells(params)
    data = UnlabelledData(
        source=ArrayCells(drawn.images, drawn.masks), planes=drawn.planes, cells=np.arange(n)
    )
    training = TrainingParams(
        max_epochs=4, batch_size=16, learning_rate=2e-3, weight_decay=0.0, flips=False, noise=0.0
    )
    return data, AutoencoderSpec(id=name, options=OPTIONS[name], training=training)


def steered(folder: Path | None = None, stop_after: int = 99) -> Control:
    """Return a control that asks to stop once so many epochs are told."""
    told: list[Epoch] = []
    return Control(
        seed=3, device=CPU, folder=folder, tell=told.append, stop=lambda: len(told) >= stop_after
    )


def codes_of(data: UnlabelledData, spec: AutoencoderSpec, found: TrainedAutoencoder) -> np.ndarray:
    """Return the codes of all cells."""
    network = network_of(found, spec, data.source.image_shape[1:], CPU)
    return encode(network, cells_of(found, data.source, data.cells, CPU))


@pytest.mark.parametrize("name", OPTIONS)
def test_every_autoencoder_learns_and_repeats(name: str, tmp_path: Path) -> None:
    data, spec = case(name)
    found = fit_autoencoder(data, spec, steered())
    losses = [epoch.valid_loss for epoch in found.history]
    assert found.history[-1].train_loss < 0.97 * found.history[0].train_loss
    assert [epoch.valid_f1 for epoch in found.history] == [-loss for loss in losses]
    assert found.best_epoch == 1 + int(np.argmin(losses))
    with pytest.raises(Cancelled):
        fit_autoencoder(data, spec, steered(tmp_path, stop_after=2))
    again = fit_autoencoder(data, spec, steered(tmp_path))
    assert all(np.array_equal(found.weights[key], again.weights[key]) for key in found.weights)
    codes = codes_of(data, spec, found)
    assert codes.shape == (48, 16 if name == "dcae_fused" else 8)
    assert np.array_equal(codes, codes_of(data, spec, again))


def test_training_cells_alone_decide_the_limits_and_slices_share_them() -> None:
    data, spec = case("dcae_fused")
    found = fit_autoencoder(
        data, replace(spec, training=replace(spec.training, max_epochs=1)), steered()
    )
    for unit in data.planes.units:
        assert len(set(found.low[list(unit)])) == len(set(found.high[list(unit)])) == 1
    full = replace(spec, limits="full_scale", training=replace(spec.training, max_epochs=1))
    assert set(fit_autoencoder(data, full, steered()).high) == {65535.0}


def test_the_fused_loss_weighs_pictures_and_volumes() -> None:
    planes = Planes(pictures=2, volumes=1, depth=3)
    images = torch.zeros(1, 5, 4, 4)
    drawn = images.clone()
    drawn[:, :2] = 2.0
    drawn[:, 2:] = 3.0
    errors = Reconstruction(1, planes, 0.99).errors(drawn, images)
    assert errors.tolist() == pytest.approx([0.99 * 4 + 0.01 * 9])
    alone = Reconstruction(1, Planes(volumes=1, depth=5), 0.99).errors(drawn, images)
    assert alone.tolist() == pytest.approx([(2 * 4 + 3 * 9) / 5])


def test_the_best_epoch_is_that_of_the_smallest_loss_not_the_last() -> None:
    data, spec = case("dcae_2d")
    wild = replace(spec, training=replace(spec.training, learning_rate=0.1, max_epochs=6))
    found = fit_autoencoder(data, wild, steered())
    losses = [epoch.valid_loss for epoch in found.history]
    assert found.best_epoch == 1 + int(np.argmin(losses))


def test_refinement_gathers_codes_around_centres() -> None:
    data, spec = case("dcae_2d")
    # Long enough for BatchNorm's running means: until they settle, codes drift by themselves.
    long = replace(spec, training=replace(spec.training, max_epochs=25, batch_size=8))
    begun = fit_autoencoder(data, long, steered())
    clusters = cluster(codes_of(data, spec, begun), ClusterParams(n_clusters=3, components=4))
    assert isinstance(clusters.placing, Affine)
    gathering = Gathering(
        trained=begun,
        shift=clusters.placing.shift,
        matrix=clusters.placing.matrix,
        centres=clusters.to_arrays()["assigner/means"],
        weight=10.0,
    )
    calm = replace(spec, training=replace(spec.training, learning_rate=5e-4, max_epochs=6))
    refined = fit_autoencoder(data, calm, steered(), gathering)
    assert refined.weights.keys() == begun.weights.keys()
    assert np.array_equal(refined.low, begun.low)

    def away(found: TrainedAutoencoder) -> float:
        points = clusters.points(codes_of(data, spec, found))
        distance = np.linalg.norm(points[:, None] - gathering.centres[None], axis=2)
        return float(np.median(distance.min(axis=1) / distance.max(axis=1)))

    loose = fit_autoencoder(data, calm, steered(), replace(gathering, weight=0.0))
    assert away(refined) < 0.9 * away(loose)


def test_the_refined_loss_is_both_halves() -> None:
    data, spec = case("dcae_2d", n=12)
    trained = fit_autoencoder(data, replace(spec, training=ONE_EPOCH), steered())
    network = network_of(trained, spec, (18, 18), CPU)
    rng = np.random.default_rng(2)
    clusters = SoftClusters(np.zeros(8), rng.normal(size=(8, 2)), rng.normal(size=(3, 2)))
    model = RefinedAutoencoder(*network.children(), clusters).eval()
    cells = cells_of(trained, data.source, data.cells, CPU)
    images, some = cells.batch(torch.arange(12)), torch.tensor([3, 5])
    redrawn = Reconstruction(12, data.planes)
    objective = Refinement(redrawn, cells, weight=0.5)
    assert sorted(objective.order(torch.Generator()).tolist()) == list(range(12))
    with torch.no_grad():
        drawn, log_shares = model(images)
        q = log_shares.exp()
        assert torch.allclose(q.sum(dim=1), torch.ones(12))
        p = sharpened(q, q.sum(dim=0))
        each = redrawn.errors(drawn, images) + 0.5 * divergence(p, log_shares)
        loss = objective.loss(model, images[some], some)
        assert float(loss) == pytest.approx(float(each[some].mean()), rel=1e-5)
    judged, score = objective.judge(model, cells, 5, lambda: False)
    assert float(judged) == pytest.approx(float(each.mean()), rel=1e-5)
    assert float(score) == -float(judged)
    with torch.no_grad():  # within an epoch p stays; the next one takes it from what is there then
        clusters.centres += 1.0
        log_shares = model(images)[1]
        q = log_shares.exp()
        for now in (p, sharpened(q, q.sum(dim=0))):
            each = redrawn.errors(drawn, images) + 0.5 * divergence(now, log_shares)
            loss = objective.loss(model, images[some], some)
            assert float(loss) == pytest.approx(float(each[some].mean()), rel=1e-5)
            objective.order(torch.Generator())


def test_sharpened_shares_are_those_of_the_paper() -> None:
    shares = torch.tensor([[0.8, 0.2], [0.5, 0.5]])
    frequency = shares.sum(dim=0)
    target = sharpened(shares, frequency)
    weights = shares.square() / torch.tensor([1.3, 0.7])
    assert torch.allclose(target, weights / weights.sum(dim=1, keepdim=True))
    assert torch.allclose(divergence(target, target.log()), torch.zeros(2), atol=1e-6)
    assert float(divergence(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.5, 0.5]]).log())) == (
        pytest.approx(np.log(2))
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cells": np.arange(3)}, "needs at least 2 to learn from"),
        ({"planes": Planes(pictures=2)}, "6 planes; expected 2"),
        ({"source": ArrayCells(np.ones((48, 6, 18, 18), np.uint8))}, "all 6 planes are constant"),
    ],
)
def test_cells_that_cannot_be_learned_are_refused(change: dict[str, object], words: str) -> None:
    data, spec = case("dcae_2d")
    with pytest.raises(Exception, match=words):
        fit_autoencoder(replace(data, **change), spec, steered())  # type: ignore[arg-type]


def test_other_cells_or_weights_are_refused() -> None:
    data, spec = case("dcae_2d")
    found = fit_autoencoder(
        data, replace(spec, training=replace(spec.training, max_epochs=1)), steered()
    )
    other = ArrayCells(np.zeros((3, 2, 18, 18), np.uint8))
    with pytest.raises(TrainingError, match="2 planes; the autoencoder was trained on 6"):
        cells_of(found, other, np.arange(3), CPU)
    with pytest.raises(TrainingError, match="do not fit"):
        network_of(found, replace(spec, options=(("width", 8), ("code", 8))), (18, 18), CPU)
    with pytest.raises(TrainingError, match="from 0 to 1"):
        Reconstruction(1, data.planes, 1.5)


def test_the_network_is_an_encoder_and_a_decoder() -> None:
    data, spec = case("dcae_2d")
    found = fit_autoencoder(
        data, replace(spec, training=replace(spec.training, max_epochs=1)), steered()
    )
    network = network_of(found, spec, (18, 18), CPU)
    assert isinstance(network, nn.Module)
    batch = cells_of(found, data.source, data.cells, CPU).batch(torch.arange(4))
    codes = network.get_submodule("encoder")(batch)
    assert torch.equal(network.get_submodule("decoder")(codes), network(batch))
