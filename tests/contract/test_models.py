"""Every architecture of the table: shapes, starts, weights, gradients, documentation."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from pxcore.errors import MethodError, TrainingError
from pxcore.models import MODELS, BuildRequest, Model
from pxcore.models.vision import torchvision_models
from pxcore.training.predict import evaluating
from pxcore.training.seeding import private_randomness
from tests.trained_networks import narrow

CPU = torch.device("cpu")
EVERY = pytest.mark.parametrize("name", list(MODELS))


def build(name: str, n_channels: int = 3, n_classes: int = 4, side: int = 24) -> nn.Module:
    """Return a network of this name from a fixed start, narrow where its width is a setting."""
    with private_randomness(CPU, 1):
        return MODELS[name].build(asked(name, n_channels, n_classes, side))


def asked(
    name: str, n_channels: int = 3, n_classes: int = 4, side: int = 24, file: Path | None = None
) -> BuildRequest:
    """Return what a network of this name is built for."""
    return BuildRequest(
        n_channels=n_channels,
        n_classes=n_classes,
        image_size=(side, side),
        weights=file,
        options=narrow(name),
    )


@EVERY
@pytest.mark.parametrize(("n_channels", "side"), [(1, 16), (3, 40), (12, 64), (5, 128)])
def test_gives_a_logit_a_class_at_any_size(name: str, n_channels: int, side: int) -> None:
    network = build(name, n_channels, 7, side)
    images = torch.rand(2, n_channels, side, side)
    kept = images.clone()
    with evaluating(network):
        logits = network(images)
    assert logits.shape == (2, 7)
    assert logits.dtype == torch.float32
    assert torch.isfinite(logits).all()
    assert torch.equal(images, kept)


@EVERY
def test_cells_need_not_be_square(name: str) -> None:
    request = replace(asked(name), n_channels=2, n_classes=3, image_size=(18, 33))
    with evaluating(MODELS[name].build(request)) as network:
        assert network(torch.rand(2, 2, 18, 33)).shape == (2, 3)


@EVERY
def test_the_same_seed_gives_the_same_start(name: str) -> None:
    first, again = build(name).state_dict(), build(name).state_dict()
    assert all(torch.equal(first[key], again[key]) for key in first)


@EVERY
def test_every_parameter_learns(name: str) -> None:
    network = build(name).train()
    loss = nn.functional.cross_entropy(
        network(torch.rand(8, 3, 24, 24)), torch.tensor([0, 1, 2, 3] * 2)
    )
    loss.backward()  # type: ignore[no-untyped-call]
    for key, parameter in network.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.abs().sum() > 0, key


@EVERY
def test_last_convolution_sees_the_picture_and_decides(name: str) -> None:
    model, network = MODELS[name], build(name, side=64)
    seen: list[torch.Size] = []
    if not model.last_map:
        with pytest.raises(MethodError, match=r"rows and columns\. Choose"):
            model.last_convolution(network)
        return
    part = model.last_convolution(network)
    handle = part.register_forward_hook(lambda _m, _i, output: seen.append(output.shape))
    with evaluating(network):
        network(torch.rand(2, 3, 64, 64))
    handle.remove()
    assert len(seen) == 1
    batch, features, height, width = seen[0]
    planes = 2 if model.channels == "together" else 6
    assert (batch, height > 1, width > 1) == (planes, True, True)
    if model.embedding:
        assert network.encoders[0][0].in_channels == features
        return
    head = [module for module in network.modules() if isinstance(module, nn.Linear)][-1]
    assert head.in_features == features


@EVERY
def test_own_weights_come_back_whole(name: str, tmp_path: Path) -> None:
    network = build(name)
    file = tmp_path / "own.safetensors"
    save_file(network.state_dict(), file)
    again = MODELS[name].build(asked(name, file=file)).state_dict()
    assert all(torch.equal(again[key], value) for key, value in network.state_dict().items())
    other = asked(name, n_channels=5, file=file)
    if MODELS[name].channels == "together":
        with pytest.raises(TrainingError, match="has other shapes: conv1"):
            MODELS[name].build(other)
        return
    grown = MODELS[name].build(other).state_dict()  # what it knows of a channel fits any number
    taken = {key for key, value in grown.items() if torch.equal(again[key], value)}
    assert {key.partition(".")[0] for key in grown.keys() - taken} <= {"classifier"}


@EVERY
def test_weights_of_another_task_give_all_but_both_ends(name: str, tmp_path: Path) -> None:
    """Of a network alike for other channels and classes, or of the one for colour pictures."""
    model, file = MODELS[name], tmp_path / "imagenet.pth"
    alone = model.channels == "alone"
    if alone:
        model = replace(model, build=partial(at_full_width, model))
        donor = build("resnet18", n_classes=1000)
    else:
        donor = build(name, n_channels=3, n_classes=1000)
    torch.save(donor.state_dict(), file)
    with private_randomness(CPU, 2):
        started = model.build(asked(name, file=file)).state_dict()
    with private_randomness(CPU, 2):
        random = model.build(asked(name)).state_dict()
    inside = model.last_map.rpartition(".")[0] + "." if alone else ""
    given = {inside + key: value for key, value in donor.state_dict().items()}
    taken = {key for key in given if key in started and torch.equal(started[key], given[key])}
    ends = tuple(inside + end for end in ("conv1.", "stem.", "fc.", "head."))
    left = {key for key in started if key.startswith(ends) or not key.startswith(inside)}
    alike = {key for key in left & given.keys() if torch.equal(random[key], given[key])}
    assert left > alike  # a BatchNorm starts as it starts everywhere
    assert taken == (started.keys() - left) | alike
    assert all(torch.equal(started[key], random[key]) for key in left)


def at_full_width(model: Model, request: BuildRequest) -> nn.Module:
    """Return the published network, which published weights fit."""
    return model.build(replace(request, options=()))


@EVERY
def test_refuses_unknown_settings_and_foreign_weights(name: str, tmp_path: Path) -> None:
    request = replace(asked(name), options=(("colour", 1),))
    with pytest.raises(TrainingError, match=r"no setting 'colour'; it has"):
        MODELS[name].build(request)
    file = tmp_path / "foreign.safetensors"
    save_file({"layer.weight": torch.zeros(3)}, file)
    with pytest.raises(TrainingError, match="does not fit this network: it lacks"):
        MODELS[name].build(asked(name, file=file))


@EVERY
def test_says_what_it_is(name: str) -> None:
    model = MODELS[name]
    assert model.id == name == name.lower()
    assert model.label
    assert model.summary.endswith(".")
    assert MODELS[name].build.__doc__
    documented = Path(__file__).resolve().parents[2] / "docs" / "models.md"
    assert f"## `{name}`" in documented.read_text()


@pytest.mark.parametrize(
    ("name", "options", "weights"),
    [
        ("channel_embedding", (), 11_589_596),  # as published
        ("channel_embedding", (("encoders", "independent"),), 22_387_833),
        ("channel_embedding", (("backbone", "r3d"),), 799_004),
        ("channel_embedding", (("backbone", "r3d"), ("encoders", "independent")), 9_486_969),
        ("resnet50", (), 23_598_851),
        ("r3d_18", (), 33_148_995),
        ("bsn", (), 11_171_779),
    ],
)
def test_how_many_weights(name: str, options: tuple[tuple[str, str], ...], weights: int) -> None:
    """For 30 channels of 224 pixels and 3 classes; docs/models.md tells them."""
    request = BuildRequest(n_channels=30, n_classes=3, image_size=(224, 224), options=options)
    with torch.device("meta"):
        network = MODELS[name].build(request)
    assert sum(one.numel() for one in network.parameters()) == weights


@pytest.mark.parametrize("options", [(), (("backbone", "r3d"), ("encoders", "independent"))])
@pytest.mark.parametrize("side", [32, 48, 64, 224])
def test_channel_embedding_makes_one_number_whatever_the_size(
    side: int, options: tuple[tuple[str, str], ...]
) -> None:
    request = BuildRequest(
        n_channels=2, n_classes=3, image_size=(side, side), options=(("width", 4), *options)
    )
    with evaluating(MODELS["channel_embedding"].build(request)) as network:
        assert network.embed(torch.rand(1, 2, side, side), range(2)).shape == (1, 2)
        assert network(torch.rand(1, 2, side, side)).shape == (1, 3)


def test_the_same_network_as_torchvision_has() -> None:
    """Equal weights, equal outputs: names, order and strides are the published ones."""
    torchvision = torchvision_models()
    theirs = torchvision.resnet50(num_classes=4).eval()
    ours = MODELS["resnet50"].build(replace(asked("resnet50"), options=())).eval()
    ours.load_state_dict(theirs.state_dict())
    images = torch.rand(2, 3, 32, 32)
    assert torch.equal(ours(images), theirs(images))
    stack = torchvision.video.r3d_18(num_classes=4).eval()
    deep = MODELS["r3d_18"].build(replace(asked("r3d_18"), options=())).eval()
    weights = stack.state_dict()
    weights["stem.0.weight"] = weights["stem.0.weight"][:, :1]  # of one map a slice
    deep.load_state_dict(weights)
    with torch.no_grad():
        stack.stem[0] = deep.stem[0]
        assert torch.equal(deep(images), stack(images[:, None]))
