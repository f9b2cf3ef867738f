"""Every method on every architecture: it explains a small batch, or refuses and says why."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from pxcore.errors import MethodError
from pxcore.importance.fitting import page
from pxcore.importance.method import ExplainRequest, MapRequest, Method
from pxcore.importance.methods import METHODS
from pxcore.importance.randomised import held
from pxcore.models import MODELS, BuildRequest
from pxcore.models.build import build_network
from pxcore.training.seeding import private_randomness
from pxcore.types import MaskKind, Role
from pxcore.types.runs import Option
from tests.trained_networks import narrow

CPU = torch.device("cpu")
N, C, K, SIDE = 3, 2, 3, 16
LABELS = np.arange(N) % K

Asked = tuple[str, str, tuple[Option, ...]]


def every() -> list[Asked]:
    """Each method in its default setting, and with each of its choices, on each model.

    How pixels become a channel's score has nothing to do with the model.
    """
    found: list[Asked] = []
    for method in METHODS.values():
        settings: list[tuple[Option, ...]] = [()]
        chosen = [option for option in method.options if option.name != "aggregate"]
        settings += [((o.name, choice),) for o in chosen for choice in o.choices[1:]]
        found += [(method.id, model, options) for options in settings for model in MODELS]
    return found


@cache
def settled(model_id: str, *, dropout: bool) -> tuple[nn.Module, torch.Tensor]:
    """A network whose BatchNorm has seen some cells, and these; both to be copied."""
    options = (*narrow(model_id), ("channel_dropout", True)) if dropout else narrow(model_id)
    with private_randomness(CPU, 3):
        images = torch.rand(N, C, SIDE, SIDE) ** 3
        images[:, :, :3] = 0
        wanted = BuildRequest(n_channels=C, n_classes=K, image_size=(SIDE, SIDE), options=options)
        network = build_network(model_id, wanted)
        with torch.no_grad():
            network.train()(images)
    return network.eval(), images


def asked(method: Method, model_id: str, *, dropout: bool) -> ExplainRequest:
    """A network whose BatchNorm has seen some cells, and a few cells of dark surroundings."""
    network, images = copy.deepcopy(settled(model_id, dropout=dropout))
    masks = (np.hypot(*np.mgrid[-7.5:8, -7.5:8]) < 7)[None, None].repeat(N, axis=0)
    return ExplainRequest(
        model=network,
        cells=held(images),
        labels=LABELS,
        n_classes=K,
        read_masks=lambda positions: masks[positions].astype(np.uint8),
        mask_kind=MaskKind.CELL,
        roles=(Role.STAIN,) * C,
        train_mean=np.full(C, 0.25),
        retrained=(np.full((N, K), 1 / K),) * C if method.kind == "retraining" else (),
        repeats=1,
        last_convolution=MODELS[model_id].last_convolution,
    )


@pytest.mark.parametrize(
    ("name", "model", "options"),
    every(),
    ids=lambda given: given if isinstance(given, str) else "-".join(v for _, v in given),
)
def test_explains_or_refuses(name: str, model: str, options: tuple[Option, ...]) -> None:
    method = METHODS[name]
    reason = method.refusal(MODELS[model], options)
    request = replace(asked(method, model, dropout=method.needs_dropout), options=options)
    if reason:
        assert reason[0].isupper()
        with pytest.raises(MethodError, match=r"; expected|Choose"):
            method.explain(request)
        return
    state = {key: value.clone() for key, value in request.model.state_dict().items()}
    found = method.explain(request)
    assert found.scores.shape == (1, C, K)
    assert np.isfinite(found.scores).all()
    if method.kind == "attribution" and name != "guided_gradcam":
        # Guided Grad-CAM may find nothing that speaks for a class in an untrained network.
        own = found.aggregates.get("mean_abs", found.cell_drop)
        assert (own.max(axis=0) > 0).all()
    for key, value in request.model.state_dict().items():
        assert torch.equal(value, state[key]), key


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", [name for name in METHODS if METHODS[name].maps])
def test_maps_are_what_scores_are_made_of(name: str, model: str) -> None:
    """Also on a network that was trained with channels missing."""
    method = METHODS[name]
    if reason := method.refusal(MODELS[model], ()):
        pytest.skip(reason)
    request = asked(method, model, dropout=True)
    images = request.cells.batch(torch.arange(N))
    kept = images.clone()
    found = method.maps(
        MapRequest(
            model=request.model,
            images=images,
            targets=torch.from_numpy(LABELS),
            train_mean=request.train_mean,
            last_convolution=request.last_convolution,
            batch_size=4,
        )
    )
    assert found.shape == (N, C, SIDE, SIDE)
    assert found.dtype == torch.float32
    assert not found.requires_grad
    assert torch.equal(images, kept)
    assert not images.requires_grad
    values = np.median(found.flatten(2).numpy(), axis=2).T  # (C, n)
    stored = method.explain(request).aggregates["signed_median"]
    np.testing.assert_allclose(stored, values, rtol=1e-3, atol=1e-4 * float(found.abs().max()))
    plain = asked(method, model, dropout=False)
    without = {key.removeprefix("network."): v for key, v in request.model.state_dict().items()}
    without.pop("channel_dropout.fill")
    plain.model.load_state_dict(without)
    np.testing.assert_allclose(
        method.explain(plain).cell_drop, method.explain(request).cell_drop, rtol=1e-4, atol=1e-9
    )


@pytest.mark.parametrize("model", MODELS)
def test_stages_are_there(model: str) -> None:
    """What refusal promises without building a network."""
    request = BuildRequest(
        n_channels=C, n_classes=K, image_size=(SIDE, SIDE), options=narrow(model)
    )
    names = [name for name, _ in MODELS[model].build(request).named_modules()]
    if MODELS[model].channels == "together":
        assert ("layer1" in names) is ("layer1" in MODELS[model].stages)
    assert set(MODELS[model].stages) <= set(names)


def test_page_is_what_the_code_says() -> None:
    stored = Path(__file__).parents[2] / "docs" / "methods_by_model.md"
    assert stored.read_text(encoding="utf-8") == page(), (
        "run: python -m pxcore.importance.fitting docs/methods_by_model.md"
    )
    assert "no: " in page()
