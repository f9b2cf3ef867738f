"""Folding BatchNorm: the same network, faster, or the network itself."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from pxcore.importance.folded import folded
from pxcore.models import MODELS, BuildRequest
from pxcore.training.predict import evaluating
from pxcore.training.seeding import private_randomness
from tests.trained_networks import narrow

CPU = torch.device("cpu")
IMAGES = torch.rand(6, 3, 24, 24, generator=torch.Generator().manual_seed(0))


def with_history(model: nn.Module) -> nn.Module:
    """Give every BatchNorm statistics of its own, as training does."""
    generator = torch.Generator().manual_seed(1)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d):
            size = module.running_mean.shape
            module.running_mean.copy_(torch.randn(size, generator=generator) * 0.1)
            module.running_var.copy_(torch.rand(size, generator=generator) + 0.5)
            with torch.no_grad():
                module.weight.copy_(torch.rand(size, generator=generator) + 0.5)
                module.bias.copy_(torch.randn(size, generator=generator) * 0.1)
    return model


def n_norms(model: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d) for module in model.modules())


@pytest.mark.parametrize("name", list(MODELS))
def test_every_model_is_folded_and_says_the_same(name: str) -> None:
    with private_randomness(CPU, 3):
        request = BuildRequest(n_channels=3, n_classes=5, image_size=(24, 24), options=narrow(name))
        model = with_history(MODELS[name].build(request))
    state = copy.deepcopy(model.state_dict())
    with evaluating(model):
        fast = folded(model, IMAGES[:2])
        assert n_norms(model) > 0
        assert n_norms(fast) == 0
        torch.testing.assert_close(fast(IMAGES), model(IMAGES), atol=1e-4, rtol=1e-4)
    assert all(torch.equal(value, state[key]) for key, value in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())
    assert not any(module._forward_hooks for module in fast.modules())


class Branches(nn.Module):
    """The convolution's output goes past the BatchNorm too."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = self.conv(images)
        return (maps + 3 * self.norm(maps)).mean(dim=(2, 3))


class Twice(nn.Module):
    """One BatchNorm behind two convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 4, 3), nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return (self.norm(self.one(images)) - self.norm(self.two(images))).mean(dim=(2, 3)) * 50


@pytest.mark.parametrize("network", [Branches, Twice])
def test_what_cannot_be_folded_is_left(network: type[nn.Module]) -> None:
    with private_randomness(CPU, 0):
        model = with_history(network())
    with evaluating(model):
        assert folded(model, IMAGES) is model


def test_norm_before_the_convolution_is_left() -> None:
    model = nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 4, 3), nn.Flatten())
    with evaluating(model):
        assert folded(model, IMAGES) is model


def test_norm_of_the_batch_itself_is_left() -> None:
    """Without running statistics a BatchNorm depends on the batch even in evaluation mode."""
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, track_running_stats=False), nn.Flatten()
    )
    with evaluating(model):
        assert folded(model, IMAGES) is model
