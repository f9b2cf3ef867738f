"""Attributions written out slowly in float64 from the papers, and in closed form."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from pxcore.importance.attribution.gradients import (
    PixelMaps,
    deeplift,
    guided_gradcam,
    integrated_gradients,
)
from pxcore.importance.attribution.reference import reference_image
from pxcore.importance.attribution.relevance import lrp
from pxcore.models import MODELS, BuildRequest
from pxcore.training.seeding import private_randomness
from pxcore.types import Array

CPU = torch.device("cpu")
N, C, K, SIDE = 4, 2, 3, 12
TARGETS = torch.tensor([0, 2, 1, 2])
MEANS = np.array([0.375, 0.8], dtype=np.float32)
both_references = pytest.mark.parametrize("reference", [None, MEANS], ids=["zero", "mean"])


class Small(nn.Module):
    """Two convolutions with BatchNorm between, ReLU as a function, a pooling that overlaps."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(C, 5, 3, padding=1)
        self.norm = nn.BatchNorm2d(5)
        self.second = nn.Conv2d(5, 6, 3, padding=1)
        self.head = nn.Linear(6 * 6 * 6, K)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = functional.relu(self.norm(self.first(images)))
        maps = functional.max_pool2d(maps, 3, stride=2, padding=1)
        return self.head(torch.relu(self.second(maps)).flatten(1))


@pytest.fixture
def network() -> nn.Module:
    with private_randomness(CPU, 5), torch.no_grad():
        made = Small().train()
        made.norm.weight.uniform_(0.5, 1.5)
        made.norm.bias.uniform_(-0.3, 0.3)
        made(torch.rand(64, C, SIDE, SIDE))
    return made.eval()


@pytest.fixture
def images() -> torch.Tensor:
    with private_randomness(CPU, 6):
        return torch.rand(N, C, SIDE, SIDE)


def output(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """(N,) float64: what the network says of the targets."""
    with torch.no_grad():
        logits = copy.deepcopy(network).double()(images.double())
    return logits.gather(1, TARGETS[:, None])[:, 0]


@pytest.mark.parametrize("make", [integrated_gradients, deeplift, lrp])
def test_linear_network_in_closed_form(make: object, images: torch.Tensor) -> None:
    """a = w (x - 0): nothing else can add up for a linear function without a bias."""
    linear = nn.Sequential(nn.Flatten(), nn.Linear(C * SIDE * SIDE, K))
    weights = linear[1].weight.detach()[TARGETS].view(N, C, SIDE, SIDE)
    found = make(linear)(images, TARGETS)
    np.testing.assert_allclose(found, weights * images, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("make", [integrated_gradients, deeplift])
def test_linear_network_against_means(make: object, images: torch.Tensor) -> None:
    """a = w (x - m), whatever the bias; a pixel at its channel's mean gets exactly 0."""
    linear = nn.Sequential(nn.Flatten(), nn.Linear(C * SIDE * SIDE, K))
    weights = linear[1].weight.detach()[TARGETS].view(N, C, SIDE, SIDE)
    images[:, 1, 3:5] = float(MEANS[1])
    found = make(linear, MEANS)(images, TARGETS)
    expected = weights * (images - torch.tensor(MEANS)[:, None, None])
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6)
    assert not found[:, 1, 3:5].any()
    assert found[:, 0].all()


@both_references
def test_integrated_gradients_as_a_sum_over_the_way(
    network: nn.Module, images: torch.Tensor, reference: Array | None
) -> None:
    """Equation 1 of the paper, with the same 50 points, one cell and one step after the other."""
    slow = copy.deepcopy(network).double()
    points, weights = np.polynomial.legendre.leggauss(50)
    expected = torch.zeros(N, C, SIDE, SIDE, dtype=torch.float64)
    for cell in range(N):
        x = images[cell].double()
        start = reference_image(reference, x[None])[0]
        for point, weight in zip((points + 1) / 2, weights / 2, strict=True):
            here = (start + point * (x - start)).requires_grad_()
            slow(here[None])[0, TARGETS[cell]].backward()
            expected[cell] += weight * (x - start) * here.grad
    found = integrated_gradients(network, reference)(images, TARGETS)
    # A ReLU near its edge may switch at another step in float32.
    difference = (found.double() - expected).abs().sum() / expected.abs().sum()
    assert difference < 2e-3


def rescaled(network: Small, x: torch.Tensor, target: int, reference: Array | None) -> torch.Tensor:
    """DeepLift's rescale rule by hand for one cell, (C, H, W) float64.

    Multipliers through layers that are linear are their transposes; a ReLU multiplies by
    Δout / Δin, a pooling gives the difference of each window to the pixels that were largest.
    """
    net = copy.deepcopy(network).double()

    def states(image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        before = net.norm(net.first(image[None]))
        after = before.clamp_min(0)
        pooled = functional.max_pool2d(after, 3, stride=2, padding=1)
        second = net.second(pooled)
        return before, after, pooled, second

    start = reference_image(reference, x[None])[0]
    full, empty = states(x), states(start)
    m = net.head.weight[target].view(1, 6, 6, 6)  # multiplier of the last ReLU's output
    m = m * quotient(full[3].clamp_min(0) - empty[3].clamp_min(0), full[3] - empty[3])
    m = functional.conv_transpose2d(m, net.second.weight, padding=1)
    m = pooled_back(m, full[1], empty[1])
    m = m * quotient(full[1] - empty[1], full[0] - empty[0])
    scale = net.norm.weight / (net.norm.running_var + net.norm.eps).sqrt()
    m = m * scale[:, None, None]
    m = functional.conv_transpose2d(m, net.first.weight, padding=1)
    return (m[0] * (x - start)).detach()


def quotient(out: torch.Tensor, given: torch.Tensor) -> torch.Tensor:
    return torch.where(given.abs() > 1e-10, out / given, torch.zeros_like(out))


def pooled_back(m: torch.Tensor, full: torch.Tensor, empty: torch.Tensor) -> torch.Tensor:
    """Share each window's difference: what the cell's largest pixel is above the other image's
    largest, and what the reference's largest is below."""
    result = torch.zeros_like(full)
    wide, dark = (functional.pad(t, (1, 1, 1, 1), value=-torch.inf) for t in (full, empty))
    for k, row, column in np.ndindex(m.shape[1:]):
        window = np.s_[0, k, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
        one, other = wide[window], dark[window]
        top = torch.maximum(one.max(), other.max())
        for values, share in ((one, top - other.max()), (other, one.max() - top)):
            i, j = divmod(int(values.argmax()), 3)
            y, x = 2 * row + i - 1, 2 * column + j - 1
            delta = full[0, k, y, x] - empty[0, k, y, x]
            if delta.abs() > 1e-10:
                result[0, k, y, x] += m[0, k, row, column] * share / delta
    return result


@both_references
def test_deeplift_by_hand(network: Small, images: torch.Tensor, reference: Array | None) -> None:
    found = deeplift(network, reference)(images, TARGETS)
    with torch.no_grad():
        pairs = zip(images, TARGETS, strict=True)
        expected = torch.stack([rescaled(network, x.double(), int(t), reference) for x, t in pairs])
    difference = (found - expected).abs().sum() / expected.abs().sum()
    assert difference < 1e-4


def test_guided_gradcam_by_hand(network: Small, images: torch.Tensor) -> None:
    """Gradients cut below zero at every ReLU, times the enlarged map of the second convolution."""
    net = copy.deepcopy(network).double()

    class Guided(torch.autograd.Function):
        @staticmethod
        def forward(ctx, given):  # type: ignore[no-untyped-def]
            ctx.save_for_backward(given)
            return given.clamp_min(0)

        @staticmethod
        def backward(ctx, gradient):  # type: ignore[no-untyped-def]
            (given,) = ctx.saved_tensors
            return gradient.clamp_min(0) * (given > 0)

    x = images.double().requires_grad_()
    maps = functional.max_pool2d(Guided.apply(net.norm(net.first(x))), 3, stride=2, padding=1)
    second = net.second(maps)
    logits = net.head(Guided.apply(second).flatten(1)).gather(1, TARGETS[:, None]).sum()
    (guided,) = torch.autograd.grad(logits, x, retain_graph=True)
    plain = net.head(second.clamp_min(0).flatten(1)).gather(1, TARGETS[:, None]).sum()
    (gradient,) = torch.autograd.grad(plain, second)
    cam = (gradient.mean(dim=(2, 3), keepdim=True) * second).sum(dim=1, keepdim=True).clamp_min(0)
    expected = (guided * cam.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)).detach()
    found = guided_gradcam(network, lambda net: net.get_submodule("second"))(images, TARGETS)
    assert float(expected.abs().max()) > 0
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-8)


def test_lrp_of_the_small_network_by_hand() -> None:
    """z+ through merged BatchNorm and back, layer by layer, in float64."""
    with private_randomness(CPU, 8), torch.no_grad():
        net = MODELS["small_cnn"].build(
            BuildRequest(n_channels=C, n_classes=K, image_size=(SIDE, SIDE))
        )
        net.train()(torch.rand(32, C, SIDE, SIDE))
        images = torch.rand(N, C, SIDE, SIDE)
    net.eval()
    found = lrp(net)(images, TARGETS)
    slow = copy.deepcopy(net).double()
    acts, weights, x = [], [], images.double()
    with torch.no_grad():
        for i in range(1, 6):
            conv, norm = slow.get_submodule(f"conv{i}"), slow.get_submodule(f"norm{i}")
            scale = norm.weight / (norm.running_var + norm.eps).sqrt()
            acts.append(x)
            weights.append((conv.weight * scale[:, None, None, None], conv.stride, conv.padding))
            x = norm(conv(x)).clamp_min(0)
        mean = x.mean(dim=(2, 3))
        share = slow.head.weight[TARGETS] * mean  # (N, F): logit without the last bias
        r = x * (share / mean.clamp_min(1e-30))[:, :, None, None] / x[0, 0].numel()
        for a, (w, stride, padding) in zip(reversed(acts), reversed(weights), strict=True):
            plus = w.clamp_min(0)
            z = functional.conv2d(a, plus, stride=stride, padding=padding)
            s = r / (z + 1e-6)
            back = [a.shape[i + 2] - ((z.shape[i + 2] - 1) * stride[i] - 2 * padding[i]
                    + w.shape[i + 2]) for i in range(2)]  # fmt: skip
            r = a * functional.conv_transpose2d(
                s, plus, stride=stride, padding=padding, output_padding=back
            )
    difference = (found - r).abs().sum() / r.abs().sum()
    assert difference < 1e-3
    assert found.abs().sum() > 0.01


MAKERS: dict[str, PixelMaps] = {"integrated_gradients": integrated_gradients, "deeplift": deeplift}


@both_references
@pytest.mark.parametrize(("name", "bound"), [("integrated_gradients", 0.02), ("deeplift", 1e-5)])
def test_adds_up_to_the_difference(
    network: nn.Module, images: torch.Tensor, name: str, bound: float, reference: Array | None
) -> None:
    found = MAKERS[name](network, reference)(images, TARGETS).double().sum(dim=(1, 2, 3))
    expected = output(network, images) - output(network, reference_image(reference, images))
    assert float((found - expected).abs().sum() / expected.abs().sum()) < bound
