"""Attributions at the embedding: closed forms, identities, captum; Grad-CAM of single channels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from captum.attr import Saliency

from pxcore.errors import MethodError
from pxcore.importance.attribution import cell_values
from pxcore.importance.attribution.at_embedding import ATTRIBUTIONS, Asked, scaled
from pxcore.importance.methods import METHODS
from pxcore.models import MODELS, BuildRequest
from pxcore.models.embedding import Conclusion, embedding_of
from pxcore.training.seeding import private_randomness
from pxcore.types import Array
from pxcore.types.runs import Option
from tests.embedding_networks import CPU, DEAD, LABELS, C, N, asked, cells, network
from tests.planted_cells import planted, request_for

METHOD = METHODS["channel_embedding"]


def values(*options: Option, name: str = "shared") -> Array:
    """Return (n, C): what the method makes of each cell."""
    found = METHOD.explain(replace(asked(name), options=options)).cell_drop
    assert found is not None
    return found.T


def numbers(name: str = "shared") -> tuple[torch.Tensor, torch.Tensor]:
    """Return r (n, C) and the logits (n, K)."""
    own = embedding_of(network(name))
    with torch.no_grad():
        r = own.embed(cells(), range(C))
        return r, own.conclude(r)


def derivative(r: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return d f_target / d r (n, C), written out layer by layer in float64."""
    first, _, second, _, last = embedding_of(network("shared")).classifier
    w1, w2, w3 = (layer.weight.double() for layer in (first, second, last))
    h1 = r.double() @ w1.T + first.bias.double()
    h2 = h1.relu() @ w2.T + second.bias.double()
    back = w3[targets] * (h2 > 0)
    return ((back @ w2) * (h1 > 0)) @ w1


def test_the_gradient_is_the_derivative_of_the_class_that_is_called() -> None:
    r, logits = numbers()
    expected = derivative(r, logits.argmax(dim=1)).abs().numpy()
    found = values(("scaling", "none"))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    oracle = Saliency(Conclusion(embedding_of(network("shared"))))
    told = oracle.attribute(r.clone().requires_grad_(), target=logits.argmax(dim=1))
    np.testing.assert_allclose(found, told.numpy(), rtol=1e-4, atol=1e-6)


def test_the_class_can_be_the_true_one() -> None:
    r, logits = numbers()
    true = torch.from_numpy(LABELS)
    assert (logits.argmax(dim=1) != true).any()
    found = values(("scaling", "none"), ("target", "true"))
    np.testing.assert_allclose(found, derivative(r, true).abs().numpy(), rtol=1e-4, atol=1e-6)


def test_each_cell_is_scaled_by_itself() -> None:
    plain, found = values(("scaling", "none")), values()
    low, high = plain.min(axis=1, keepdims=True), plain.max(axis=1, keepdims=True)
    np.testing.assert_allclose(found, (plain - low) / (high - low), rtol=1e-4, atol=1e-6)
    assert found.min() == 0
    assert found.max() == 1
    kept = METHOD.explain(asked("shared")).aggregates
    np.testing.assert_array_equal(kept["none"], plain.T)
    np.testing.assert_array_equal(kept["per_image"], found.T)


def test_values_that_are_all_alike_scale_to_nothing() -> None:
    given = torch.tensor([[1.0, 3.0, 2.0], [5.0, 5.0, 5.0], [0.0, 0.0, 0.0]])
    expected = torch.tensor([[0.0, 1.0, 0.5], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    assert torch.equal(scaled(given), expected)


@pytest.mark.parametrize(("how", "off"), [("integrated_gradients", 0.02), ("deeplift", 1e-4)])
def test_attributions_add_up(how: str, off: float) -> None:
    """To the target's output minus that of the reference: completeness."""
    r, logits = numbers()
    own, reference = embedding_of(network("shared")), r.mean(dim=0, keepdim=True)
    targets = logits.argmax(dim=1)
    found = ATTRIBUTIONS[how](Asked(Conclusion(own), r.clone(), reference, targets))
    with torch.no_grad():
        start = own.conclude(reference).expand_as(logits).gather(1, targets[:, None])[:, 0]
    changed = logits.gather(1, targets[:, None])[:, 0] - start
    assert float((found.sum(dim=1) - changed).abs().max()) <= off * float(changed.abs().max())


def test_gradient_times_input() -> None:
    r, logits = numbers()
    expected = (derivative(r, logits.argmax(dim=1)) * r).abs().numpy()
    found = values(("scaling", "none"), ("attribution", "gradient_x_input"))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("how", ["integrated_gradients", "deeplift"])
def test_a_channel_at_its_reference_gets_nothing(how: str) -> None:
    found = values(("scaling", "none"), ("attribution", how))
    assert np.abs(found[:, DEAD]).max() <= 1e-6 < found.max()
    other = values(("scaling", "none"), ("attribution", how), ("reference", "zero"))
    assert np.abs(other[:, DEAD]).max() > 1e-6


@pytest.mark.parametrize("name", ["independent", "behind_dropout"])
def test_every_kind_of_it_can_be_asked(name: str) -> None:
    found = values(name=name)
    assert found.shape == (N, C)
    assert found.max() == 1


def test_networks_without_one_number_a_channel_are_refused() -> None:
    with pytest.raises(MethodError, match="more than one number of a channel; expected one"):
        METHOD.explain(asked("bsn"))
    with pytest.raises(MethodError, match="makes no number of each; expected a channel_embedding"):
        METHOD.explain(request_for(METHODS["lrp"], planted(30)))


def test_channel_cam_is_that_of_each_plane_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow loop: each plane through the network, the weights read from its last layer."""
    request, images = asked("bsn"), cells()
    single = embedding_of(request.model).single
    _, logits = numbers("bsn")
    called, last = logits.argmax(dim=1), single.fc.weight.double()
    expected = np.zeros((C, N))
    with torch.no_grad():
        for cell in range(N):
            for channel in range(C):
                maps = images[cell, channel][None, None]
                for name, layer in single.named_children():
                    maps = layer(maps)
                    if name == "layer4":
                        break
                _, _, height, width = maps.shape
                weights = last[called[cell]] / (height * width * C)
                cam = (weights[:, None, None] * maps[0].double()).sum(dim=0).relu()
                expected[channel, cell] = float(cam.mean())
    found = METHODS["gradcam_channel"].explain(request).cell_drop
    assert expected.max() > 0
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6)
    monkeypatch.setattr(cell_values, "PIECE", 1)  # cell by cell
    few = METHODS["gradcam_channel"].explain(request).cell_drop
    np.testing.assert_allclose(few, expected, rtol=1e-3, atol=1e-6)


def test_channel_cam_refuses_networks_that_mix_channels() -> None:
    request = request_for(METHODS["lrp"], planted(30))
    with pytest.raises(
        MethodError, match="its maps belong to no channel; expected one such as bsn"
    ):
        METHODS["gradcam_channel"].explain(request)
    with pytest.raises(MethodError, match="was not told which part"):
        METHODS["gradcam_channel"].explain(replace(asked("bsn"), last_convolution=None))
    unfit = replace(asked("bsn"), last_convolution=lambda model: model.single.fc)
    with pytest.raises(MethodError, match=r"expected one \(planes, features, height, width\)"):
        METHODS["gradcam_channel"].explain(unfit)


@pytest.mark.parametrize("method", ["input_gradient", "integrated_gradients", "lrp"])
def test_cells_a_pass_do_not_show(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However few pass forward and back at once; six cells where each takes 50 steps."""
    request, six = asked("shared"), 6 * C * 16 * 16
    whole = METHODS[method].explain(request).cell_drop
    monkeypatch.setattr(cell_values, "PIECE", six if method == "integrated_gradients" else 1)
    few = METHODS[method].explain(request).cell_drop
    np.testing.assert_allclose(few, whole, rtol=1e-3, atol=1e-6 * float(whole.max()))


def test_input_gradient_is_the_derivative_of_a_linear_model() -> None:
    """On a model without any bend: its weights."""
    request = asked("shared")
    with private_randomness(CPU, 3):
        linear = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(C * 16 * 16, 3)).eval()
    found = METHODS["input_gradient"].explain(replace(request, model=linear)).cell_drop
    weights = linear[1].weight.detach().reshape(3, C, -1).abs().mean(dim=2)  # (K, C)
    np.testing.assert_allclose(found, weights[torch.from_numpy(LABELS)].T.numpy(), rtol=1e-5)


@pytest.mark.parametrize("name", ["channel_embedding", "bsn"])
def test_planes_pass_in_pieces_only_while_looking(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred large channels fit; training still sees all planes at once, for BatchNorm."""
    wanted = BuildRequest(n_channels=C, n_classes=3, image_size=(16, 16), options=(("width", 4),))
    made, seen = MODELS[name].build(wanted), []
    plain = made.look

    def look(planes: torch.Tensor, channels: tuple[int, ...]) -> torch.Tensor:
        seen.append(planes.shape[0] * planes.shape[1])
        return plain(planes, channels)

    monkeypatch.setattr(made, "look", look)
    monkeypatch.setattr("pxcore.models.embedding.PIECE", 7 * 16 * 16)
    made.train()(cells())
    made.eval()(cells())
    assert seen == [N * C, N * C]
    seen.clear()
    with torch.no_grad():
        found = made(cells())
    assert max(seen) <= 7
    assert sum(seen) == N * C
    torch.testing.assert_close(found, made(cells()).detach())
