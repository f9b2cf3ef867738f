"""Grad-CAM of the classifier on clusters, and whether its masks tell them apart."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch import nn

from pxcore.data.normalise import Normaliser
from pxcore.data.source import ArrayCells
from pxcore.errors import ClusteringError, MethodError, TrainingError
from pxcore.evaluation import mask_check
from pxcore.evaluation.mask_check import (
    MaskCase,
    MaskCheckParams,
    MaskScores,
    check_masks,
    scores_of,
)
from pxcore.importance.attribution.grad_cam import even_maps, grad_cam, masks_of
from pxcore.models.autoencoders import AUTOENCODERS, AutoencoderRequest
from pxcore.models.cluster_classifier import ClusterClassifier, mask_network
from pxcore.training.loop import Control
from pxcore.types import Array, Fold, TrainingParams
from pxcore.types.unlabelled import Planes

CPU = torch.device("cpu")


def linear() -> nn.Sequential:
    """Return one convolution of two maps, their means, and two classes: known in closed form."""
    convolution = nn.Conv2d(1, 2, 1, bias=False)
    last = nn.Linear(2, 2, bias=False)
    with torch.no_grad():
        convolution.weight.copy_(torch.tensor([1.0, -1.0]).reshape(2, 1, 1, 1))
        last.weight.copy_(torch.tensor([[2.0, 0.0], [0.0, 3.0]]))
    parts = OrderedDict(
        conv=convolution, mean=nn.AdaptiveAvgPool2d(1), flat=nn.Flatten(), last=last
    )
    return nn.Sequential(parts)


def test_maps_of_a_linear_network_are_its_pixels() -> None:
    model = linear()
    images = torch.rand(3, 1, 5, 6) - 0.5
    before = images.clone()
    maps = grad_cam(model, images, lambda net: net.get_submodule("conv"), torch.tensor([0, 0, 1]))
    for cell, sign in enumerate((1, 1, -1)):
        expected = (sign * images[cell, 0]).relu()
        assert torch.allclose(maps[cell], expected / expected.max(), atol=1e-6)
    assert torch.equal(images, before)
    called = model(images).argmax(dim=1)
    own = grad_cam(model, images, lambda net: net.get_submodule("conv"))
    assert torch.equal(own, grad_cam(model, images, lambda net: net.get_submodule("conv"), called))


def test_even_maps_do_not_know_which_class_was_called() -> None:
    images = torch.rand(3, 1, 5, 6) - 0.5
    maps = even_maps(linear(), images, lambda net: net.get_submodule("conv"), 2)
    for cell in range(3):
        bright, dark = images[cell, 0].relu(), (-images[cell, 0]).relu()
        both = bright / bright.max() + dark / dark.max()
        assert torch.allclose(maps[cell], both / both.max(), atol=1e-6)


def test_a_mask_is_what_reaches_a_share_of_the_maximum() -> None:
    maps = torch.tensor([[[1.0, 0.15, 0.14]], [[0.0, 0.0, 0.0]]])
    assert masks_of(maps).tolist() == [[[True, True, False]], [[False, False, False]]]


def test_a_layer_without_maps_is_refused() -> None:
    with pytest.raises(MethodError, match="choose a convolution"):
        grad_cam(linear(), torch.rand(1, 1, 4, 4), lambda net: net.get_submodule("last"))


def classifier(n_clusters: int = 2) -> ClusterClassifier:
    """Return a classifier on an untrained narrow encoder."""
    options = (("width", 4), ("code", 8))
    request = AutoencoderRequest(planes=Planes(pictures=1), image_size=(18, 18), options=options)
    with torch.random.fork_rng():
        torch.default_generator.manual_seed(1)
        autoencoder = AUTOENCODERS["dcae_2d"].build(request)
    return ClusterClassifier(autoencoder, 8, n_clusters, hidden=16)


def test_the_encoder_is_fixed_also_in_training() -> None:
    model = classifier().train()
    assert model.head.training
    assert not any(part.training for part in model.encoder.modules())
    before = {name: value.clone() for name, value in model.encoder.state_dict().items()}
    model(torch.rand(8, 1, 18, 18)).sum().backward()
    assert all(torch.equal(before[n], v) for n, v in model.encoder.state_dict().items())
    assert all(weight.grad is None for weight in model.encoder.parameters())
    assert all(weight.grad is not None for weight in model.head.parameters())


@pytest.mark.parametrize("by", ["cell", "donor"])
def test_permuted_clusters_are_dealt_as_the_found_ones(
    by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By cell one cluster lies in one donor only; permuted, it could be dealt by donor."""
    donors = np.arange(240) // 4 % 6
    clusters = np.where(donors == 4, 2, np.arange(240) % 2)
    if by == "donor":
        clusters = np.arange(240) % 4 % 3
    dealt: list[tuple[Array, Fold]] = []

    def noted(_case: MaskCase, given: Array, fold: Fold, _number: int) -> MaskScores:
        dealt.append((given, fold))
        return MaskScores(balanced_accuracy=1.0, precision=1.0, recall=1.0, f1=1.0, auc=1.0)

    monkeypatch.setattr(mask_check, "_fold", noted)
    case = MaskCase(
        source=ArrayCells(np.zeros((240, 1, 18, 18), np.uint8)),
        limits=Normaliser(np.zeros(1, np.float32), np.ones(1, np.float32)),
        build=classifier,
        part=lambda net: net.get_submodule("encoder.conv2"),
        control=Control(seed=1, device=CPU),
        donors=donors,
    )
    found = check_masks(case, clusters)
    assert found.dealing.by == by
    assert len(found.folds) == len(found.control) == 5
    for (_, one), (permuted, other) in zip(dealt[:5], dealt[5:], strict=True):
        assert not np.array_equal(permuted, clusters)
        for fold in (one, other):
            known = np.concatenate([fold.train, fold.valid])
            assert bool(set(donors[fold.test]) & set(donors[known])) is (by == "cell")
        for part in ("train", "valid", "test"):
            had = np.bincount(clusters[getattr(one, part)], minlength=3)
            has = np.bincount(permuted[getattr(other, part)], minlength=3)
            assert np.abs(had - has).max() <= (1 if by == "cell" else 0)


def test_masks_tell_corners_apart_and_permuted_clusters_do_not() -> None:
    rng = np.random.default_rng(6)
    clusters = np.arange(120) % 2
    images = rng.integers(0, 40, (120, 1, 18, 18))
    for cell, cluster in enumerate(clusters):
        corner = slice(1, 8) if cluster else slice(10, 17)
        images[cell, 0, corner, corner] += 180
    case = MaskCase(
        source=ArrayCells(images.astype(np.uint8)),
        limits=Normaliser(np.zeros(1, np.float32), np.full(1, 255, np.float32)),
        build=classifier,
        part=lambda net: net.get_submodule("encoder.conv2"),
        control=Control(seed=1, device=CPU),
        params=MaskCheckParams(
            n_folds=2,
            width=4,
            maps=TrainingParams(max_epochs=4, batch_size=16, flips=False, noise=0.0),
            masks=TrainingParams(max_epochs=6, batch_size=16, flips=False, noise=0.0),
        ),
    )
    found = check_masks(case, clusters)
    assert len(found.folds) == len(found.control) == 2
    own = np.mean([fold.balanced_accuracy for fold in found.folds])
    chance = np.mean([fold.balanced_accuracy for fold in found.control])
    assert own > 0.8
    assert abs(chance - 0.5) < 0.2
    with pytest.raises(ClusteringError, match="the smallest of 5 cells"):
        check_masks(case, np.where(np.arange(120) < 5, 1, 0))


def test_scores_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(7)
    labels = rng.integers(0, 3, 80)
    probability = rng.dirichlet(np.ones(3), 80)
    found = scores_of(labels, probability)
    assert found.auc == pytest.approx(
        roc_auc_score(labels, probability, multi_class="ovr", average="macro")
    )
    assert found.recall == found.balanced_accuracy


def test_the_published_network_of_masks() -> None:
    network = mask_network((80, 80), 3)
    assert network(torch.zeros(2, 1, 80, 80)).shape == (2, 3)
    first = network.get_submodule("linear1")
    assert isinstance(first, nn.Linear)
    assert (first.in_features, first.out_features) == (128 * 10 * 10, 1024)
    with pytest.raises(TrainingError, match="at least 16 x 16"):
        mask_network((12, 30), 2)
