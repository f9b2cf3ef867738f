"""Relevance stays bounded and nearly conserved where raw LRP explodes, and refuses the rest."""

from __future__ import annotations

import copy
from functools import cache

import pytest
import torch
from torch import nn

from pxcore.errors import MethodError
from pxcore.importance.attribution.relevance import lrp
from pxcore.models import MODELS, BuildRequest
from pxcore.models.vision import torchvision_models
from pxcore.training.seeding import private_randomness

CPU = torch.device("cpu")
TARGETS = torch.tensor([0, 1, 2, 0])


@cache
def settled(model: str) -> nn.Module:
    """A network whose BatchNorm has the statistics of what it sees; to be copied.

    As wide as usual: few maps lose more to the rule's 1e-6.
    """
    with private_randomness(CPU, 1), torch.no_grad():
        wanted = BuildRequest(n_channels=2, n_classes=3, image_size=(32, 32))
        made = MODELS[model].build(wanted).train()
        for _ in range(20):
            made(torch.rand(16, 2, 32, 32))
    return made.eval()


@pytest.fixture(params=MODELS)
def network(request: pytest.FixtureRequest) -> nn.Module:
    return copy.deepcopy(settled(request.param))


@pytest.fixture
def images() -> torch.Tensor:
    with private_randomness(CPU, 2):
        return torch.rand(4, 2, 32, 32)


def below_the_linear_layers(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """The target's output (B,) less what biases of linear layers keep, by the rules' formulas."""
    calls: list[tuple[nn.Linear, torch.Tensor, torch.Tensor]] = []
    own = copy.deepcopy(network).double()
    for part in own.modules():
        if isinstance(part, nn.Linear):
            part.register_forward_hook(lambda m, i, o: calls.append((m, i[0].clone(), o.clone())))
    with torch.no_grad():
        logits = own(images.double())
        relevance = nn.functional.one_hot(TARGETS, 3) * logits
        for layer, given, made in reversed(calls):
            if relevance.numel() < made.numel():  # a mean over what each channel says
                said = made.unflatten(0, (len(images), -1))  # (B, C, K)
                relevance = said / said.sum(dim=1, keepdim=True) * relevance[:, None]
            shares = relevance.reshape(made.shape) / (made + 1e-6 * torch.where(made < 0, -1, 1))
            relevance = given * (shares @ layer.weight)
    return relevance.reshape(len(images), -1).sum(dim=1)


def test_conserved_but_for_biases(network: nn.Module, images: torch.Tensor) -> None:
    """z+ and residual sums only share out: nothing is made, little is lost, no sign turns."""
    found = lrp(network)(images, TARGETS).double()
    shared = below_the_linear_layers(network, images)
    # On images without a dark pixel nothing is lost but to the rule's 1e-6.
    torch.testing.assert_close(found.sum(dim=(1, 2, 3)), shared, rtol=0.02, atol=1e-4)


@pytest.mark.parametrize("network", ["small_cnn", "resnet18"], indirect=True)
def test_with_one_linear_layer_only_its_bias_is_kept(
    network: nn.Module, images: torch.Tensor
) -> None:
    with torch.no_grad():
        output = network(images).double().gather(1, TARGETS[:, None])[:, 0]
    head = next(m for m in network.modules() if isinstance(m, nn.Linear))
    shared = output - head.bias.detach().double()[TARGETS]
    total = lrp(network)(images, TARGETS).double().sum(dim=(1, 2, 3))
    torch.testing.assert_close(total, shared, rtol=0.02, atol=1e-4)


def test_raw_relevance_explodes(images: torch.Tensor) -> None:
    """The same composite without canonisers, on the same ResNet: why they are needed."""
    network = copy.deepcopy(settled("resnet18"))
    torchvision_models()
    from zennit.composites import EpsilonPlus  # noqa: PLC0415 - after torchvision is made importable

    given = images.clone().requires_grad_()
    with EpsilonPlus().context(copy.deepcopy(network)) as raw:
        logits = raw(given)
        chosen = nn.functional.one_hot(TARGETS, 3) * logits.detach()
        (relevance,) = torch.autograd.grad(logits, given, chosen)
    output = float(chosen.abs().sum())
    assert float(relevance.abs().sum()) > 100 * output
    assert float(lrp(network)(images, TARGETS).abs().sum()) < 3 * output


def test_dark_pixels_get_nothing(network: nn.Module, images: torch.Tensor) -> None:
    images[:, 0, 8:20] = 0
    images[:, 1] = 0
    found = lrp(network)(images, TARGETS)
    assert not found[:, 0, 8:20].any()
    assert not found[:, 1].any()
    assert found[:, 0, :8].any()


def test_network_is_left_as_it_was(network: nn.Module, images: torch.Tensor) -> None:
    network.train()
    state = copy.deepcopy(network.state_dict())
    kinds = [type(part) for part in network.modules()]
    forwards = [part.forward for part in network.modules()]
    lrp(network)(images, TARGETS)
    assert network.training
    assert all(weight.requires_grad for weight in network.parameters())
    assert [type(part) for part in network.modules()] == kinds
    assert [part.forward for part in network.modules()] == forwards
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in network.modules())
    for name, value in network.state_dict().items():
        assert torch.equal(value, state[name]), name


class Summed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.head = nn.Conv2d(2, 2, 3, padding=1), nn.Linear(2 * 32 * 32, 3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head((self.one(images) + images).flatten(1))


def trained(*layers: nn.Module) -> nn.Module:
    network = nn.Sequential(*layers).train()
    with torch.no_grad():
        network(torch.rand(8, 2, 32, 32))
    return network.eval()


def test_refuses_what_has_no_rule(images: torch.Tensor) -> None:
    with pytest.raises(MethodError, match="no rule for the sum 'add'"):
        lrp(Summed())
    lonely = trained(nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2048, 3))
    with pytest.raises(MethodError, match="no rule for BatchNorm '0'"):
        lrp(lonely)


class Crossed(nn.Module):
    """Made in another order than used: zennit would merge BatchNorm into the wrong layer."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.norm = nn.Conv2d(2, 2, 3, padding=1), nn.BatchNorm2d(2)
        self.head = nn.Linear(2048, 3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(torch.relu(self.one(self.norm(images))).flatten(1))


def test_refuses_a_copy_that_is_another_network(images: torch.Tensor) -> None:
    crossed = trained(Crossed())
    with pytest.raises(MethodError, match="BatchNorm merged, gives outputs"):
        lrp(crossed)(images, TARGETS)
