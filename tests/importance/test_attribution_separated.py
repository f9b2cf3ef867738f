"""The rewritten graph gives the same numbers and has every activation in a place of its own."""

from __future__ import annotations

import copy
import warnings
from collections import Counter

import pytest
import torch
from captum.attr import DeepLift
from torch import nn
from torch.nn import functional

from pxcore.errors import MethodError
from pxcore.importance.attribution.gradients import deeplift, guided_gradcam, named_part
from pxcore.importance.attribution.separated import MARKED, NON_LINEAR, separated
from pxcore.models import MODELS, BuildRequest
from pxcore.models.build import build_network
from pxcore.training.seeding import private_randomness
from tests.trained_networks import narrow

CPU = torch.device("cpu")


class Careless(nn.Module):
    """Uses one ReLU thrice, writes into its input, and calls activations as functions."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.head = nn.Linear(4 * 9, 3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        first = self.relu(self.one(images))
        second = self.relu(self.two(first) + first)
        second = functional.max_pool2d(second, kernel_size=3, stride=2, padding=1)
        third = functional.leaky_relu(self.two(second), 0.1, inplace=True)
        third = functional.relu(input=third - 0.1, inplace=True).tanh()
        third = torch.sigmoid(self.relu(self.two(third)).relu_())
        return self.head(functional.max_pool2d(third, 2).flatten(1))


@pytest.fixture
def careless() -> nn.Module:
    with private_randomness(CPU, 2):
        return Careless()


@pytest.fixture
def images() -> torch.Tensor:
    with private_randomness(CPU, 3):
        return torch.rand(5, 2, 12, 12)


@pytest.mark.parametrize("dropout", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_gives_the_same_bit_for_bit(name: str, dropout: bool) -> None:
    options = (*narrow(name), ("channel_dropout", True)) if dropout else narrow(name)
    with private_randomness(CPU, 1), torch.no_grad():
        request = BuildRequest(n_channels=2, n_classes=3, image_size=(20, 20), options=options)
        network = build_network(name, request)
        images = torch.rand(4, 2, 20, 20)
        network.train()(images)
        network.eval()
        assert torch.equal(separated(network)(images), network(images))


def test_every_activation_is_used_once(careless: nn.Module, images: torch.Tensor) -> None:
    rewritten = separated(careless)
    calls: Counter[str] = Counter()
    for name, module in rewritten.named_modules():
        module.register_forward_hook(lambda _m, _i, _o, name=name: calls.update([name]))
    with torch.no_grad():
        torch.testing.assert_close(rewritten(images), careless(images), rtol=0, atol=0)
    used = {name: m for name, m in rewritten.named_modules() if isinstance(m, NON_LINEAR)}
    called = {name: m for name, m in used.items() if calls[name]}
    assert max(calls[name] for name in called) == 1
    assert not any(getattr(m, "inplace", False) for m in called.values())
    kinds = Counter(type(m) for m in called.values())
    expected = {nn.ReLU: 5, nn.LeakyReLU: 1, nn.Tanh: 1, nn.Sigmoid: 1, nn.MaxPool2d: 2}
    assert kinds == expected
    assert not [n for n in rewritten.graph.nodes if n.target in (functional.relu, torch.relu)]


def test_model_is_left_as_it_was(careless: nn.Module) -> None:
    careless.train()
    careless.relu.eval()
    state = copy.deepcopy(careless.state_dict())
    rewritten = separated(careless, lambda network: network.two)
    assert careless.relu.inplace
    assert careless.training
    assert not careless.relu.training
    assert all(weight.requires_grad for weight in careless.parameters())
    assert [name for name, _ in careless.named_children()] == ["one", "two", "relu", "head"]
    assert not rewritten.training
    for name, value in careless.state_dict().items():
        assert torch.equal(value, state[name])


def error_of(
    found: torch.Tensor, network: nn.Module, images: torch.Tensor, target: torch.Tensor
) -> float:
    """How far attributions are from adding up, relative."""
    with torch.no_grad():
        outputs = network(images) - network(torch.zeros_like(images))
    expected = outputs.gather(1, target[:, None])[:, 0]
    return float((found.sum(dim=(1, 2, 3)) - expected).abs().sum() / expected.abs().sum())


def test_deeplift_adds_up_only_when_separated(careless: nn.Module, images: torch.Tensor) -> None:
    """What plain captum makes of the same network is another matter."""
    target = torch.tensor([0, 1, 2, 0, 1])
    assert error_of(deeplift(careless)(images, target), careless, images, target) < 1e-4
    careless.eval().relu.inplace = False
    given = images.clone().requires_grad_()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            plain = DeepLift(careless).attribute(given, torch.zeros_like(images), target=target)
        except (RuntimeError, AttributeError):
            return  # captum may also give up: a re-used module has lost what was kept at it
    assert error_of(plain.detach(), careless, images, target) > 0.01


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(3, 2, 1), (3, 1, 0), (2, 2, 0)])
def test_poolings_add_up(images: torch.Tensor, kernel: int, stride: int, padding: int) -> None:
    """Captum's own rule lets overlapping windows overwrite one another, and an activation whose
    output goes into another sees the wrong gradient. Borders make the reference uneven."""
    with private_randomness(CPU, 4):
        layers = [nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 5, padding=2)]
        nn.init.constant_(layers[0].bias, 0.5)
        nn.init.normal_(layers[2].weight)
        layers += [nn.ReLU(), nn.MaxPool2d(kernel, stride, padding), nn.Flatten()]
        size = nn.Sequential(*layers)(images).shape[1]
        network = nn.Sequential(*layers, nn.Linear(size, 3)).eval()
    target = torch.tensor([0, 1, 2, 0, 1])
    assert error_of(deeplift(network)(images, target), network, images, target) < 1e-4
    given = images.clone().requires_grad_()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain = DeepLift(network).attribute(given, torch.zeros_like(images), target=target)
    assert error_of(plain.detach(), network, images, target) > 0.01


def test_marks_the_part_also_inside_a_sequence(images: torch.Tensor) -> None:
    """A sequence runs through its children: the mark must not become one of them."""
    network = MODELS["small_cnn"].build(
        BuildRequest(n_channels=2, n_classes=3, image_size=(12, 12))
    )
    rewritten = separated(network, MODELS["small_cnn"].last_convolution)
    seen: list[torch.Size] = []
    rewritten.get_submodule(MARKED).register_forward_hook(lambda _m, _i, o: seen.append(o.shape))
    rewritten(images)
    assert seen == [torch.Size([5, 64, 2, 2])]


class Choosing(nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.flatten(1) if images.sum() > 0 else -images.flatten(1)


def test_refuses_what_it_cannot_separate() -> None:
    with pytest.raises(MethodError, match="Choosing cannot be written as one graph"):
        separated(Choosing())
    strange = nn.Sequential(nn.Conv2d(2, 3, 3), nn.GELU(), nn.Flatten(), nn.Linear(300, 3))
    with pytest.raises(MethodError, match="no rule for GELU"):
        deeplift(strange)
    with pytest.raises(MethodError, match="uses GELU"):
        guided_gradcam(strange, lambda network: network[0])
    with pytest.raises(MethodError, match="0 parts called 'layer1'"):
        named_part("layer1")(strange)


def test_refuses_a_part_without_maps(images: torch.Tensor) -> None:
    network = nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(300, 3))
    with pytest.raises(MethodError, match="puts out no maps"):
        guided_gradcam(network, lambda network: network[3])(images, torch.zeros(5).long())
