"""What attributions are compared with: the training mean of each channel, or 0 as published."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from pxcore.errors import MethodError
from pxcore.importance.attribution.reference import reference_image, reference_of
from pxcore.importance.gates import check_gates
from pxcore.importance.method import ExplainRequest, MapRequest, Method
from pxcore.importance.methods import METHODS
from pxcore.importance.randomised import held
from pxcore.training.seeding import private_randomness
from pxcore.types import Array

N, C, K, SIDE = 40, 3, 2, 8
BRIGHTFIELD, STAIN, CONSTANT = range(C)
LABELS = np.arange(N) % K
MEANS = np.array([0.6, 0.1, 0.25], dtype=np.float32)
ZERO = (("reference", "zero"),)
WITH_REFERENCE = ("integrated_gradients", "deeplift")


@pytest.fixture(params=WITH_REFERENCE)
def method(request: pytest.FixtureRequest) -> Method:
    return METHODS[request.param]


def images() -> torch.Tensor:
    """A bright field hardly changing, a stain that tells the class, a channel at one value."""
    rng = np.random.default_rng(4)
    made = np.empty((N, C, SIDE, SIDE), np.float32)
    made[:, BRIGHTFIELD] = MEANS[BRIGHTFIELD] + rng.normal(0, 0.01, (N, SIDE, SIDE))
    made[:, STAIN] = 0.2 * LABELS[:, None, None] + rng.uniform(-0.05, 0.05, (N, SIDE, SIDE)) + 0.05
    made[:, CONSTANT] = MEANS[CONSTANT]
    return torch.from_numpy(made.clip(0, 1).astype(np.float32))


@pytest.fixture
def linear() -> nn.Module:
    """Leans on every channel alike."""
    with private_randomness(torch.device("cpu"), 7):
        return nn.Sequential(nn.Flatten(), nn.Linear(C * SIDE * SIDE, K))


@pytest.fixture
def asked(linear: nn.Module) -> ExplainRequest:
    return ExplainRequest(
        model=linear, cells=held(images()), labels=LABELS, n_classes=K, train_mean=MEANS
    )


def per_cell(linear: nn.Module, reference: Array) -> Array:
    """(C, n): the mean of |w (x - reference)|."""
    weights = linear[1].weight.detach()[torch.from_numpy(LABELS)].view(N, C, SIDE, SIDE)
    terms = weights * (images() - torch.tensor(reference)[:, None, None])
    return terms.abs().mean(dim=(2, 3)).T.numpy()


def test_channels_of_a_linear_model_in_closed_form(
    method: Method, asked: ExplainRequest, linear: nn.Module
) -> None:
    mean, zero = method.explain(asked), method.explain(replace(asked, options=ZERO))
    close = {"rtol": 1e-3, "atol": 1e-7}
    np.testing.assert_allclose(mean.cell_drop, per_cell(linear, MEANS), **close)
    np.testing.assert_allclose(zero.cell_drop, per_cell(linear, np.zeros(C, np.float32)), **close)
    same = method.explain(replace(asked, options=(("reference", "mean"),)))
    np.testing.assert_array_equal(same.cell_drop, mean.cell_drop)
    # No cell differs in them from any other: a black image is why they came first.
    assert mean.scores.mean(axis=(0, 2)).argmax() == STAIN
    assert not mean.scores[:, CONSTANT].any()
    assert zero.scores.mean(axis=(0, 2)).argmax() == BRIGHTFIELD
    assert zero.scores[:, CONSTANT].all()


def test_pictures_are_compared_with_the_same(
    method: Method, asked: ExplainRequest, linear: nn.Module
) -> None:
    wanted = MapRequest(
        model=linear, images=images(), targets=torch.from_numpy(LABELS), train_mean=MEANS
    )
    for options, reference in (((), MEANS), (ZERO, np.zeros(C, np.float32))):
        maps = method.maps(replace(wanted, options=options))
        made = maps.abs().mean(dim=(2, 3)).T
        np.testing.assert_allclose(made, per_cell(linear, reference), rtol=1e-3, atol=1e-7)
        stored = method.explain(replace(asked, options=options)).aggregates["mean_abs"]
        np.testing.assert_allclose(made, stored, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize(("options", "held_at"), [((), "0.1"), (ZERO, "0")])
def test_checks_compare_with_the_methods_own_reference(
    method: Method, asked: ExplainRequest, options: tuple[tuple[str, str], ...], held_at: str
) -> None:
    """With f(0) in place of f(mean), or a channel at 0, both would be far off."""
    channel = 2 if not options else 1
    gates = {one.id: one for one in check_gates(method, replace(asked, options=options))}
    assert gates["completeness"].value < 1e-4
    assert gates["constant_channel"].value == 0
    said = gates["constant_channel"].said
    assert said.startswith(f"Channel {channel}, made {held_at} in every cell")
    wrong = replace(method, explain=lambda r: method.explain(replace(r, train_mean=MEANS / 2)))
    failed = {one.id: one.passed for one in check_gates(wrong, asked)}
    assert failed["completeness"]
    assert not failed["constant_channel"]


def test_a_picture_of_another_reference_does_not_add_up(
    method: Method, asked: ExplainRequest
) -> None:
    other = replace(method, maps=lambda r: method.maps(replace(r, options=ZERO)))
    gates = {one.id: one.passed for one in check_gates(other, asked)}
    assert not gates["completeness"]


def test_the_mean_must_be_there(method: Method, asked: ExplainRequest) -> None:
    bare = MapRequest(model=asked.model, images=images(), targets=torch.from_numpy(LABELS))
    for ask in (
        lambda: method.explain(replace(asked, train_mean=None)),
        lambda: method.maps(bare),
        lambda: check_gates(method, replace(asked, train_mean=None)),
    ):
        with pytest.raises(MethodError, match=r"was not given; expected .* reference = zero"):
            ask()
    method.explain(replace(asked, train_mean=None, options=ZERO))
    method.maps(replace(bare, options=ZERO))
    for wrong in (MEANS[:2], np.array([0.1, np.nan, 0.2])):
        with pytest.raises(MethodError, match="expected 3 finite numbers"):
            method.explain(replace(asked, train_mean=wrong))


def test_others_leave_no_choice(asked: ExplainRequest) -> None:
    for method in METHODS.values():
        names = [option.name for option in method.options]
        chooses = method.id in (*WITH_REFERENCE, "channel_embedding")
        assert ("reference" in names) == chooses
        if not chooses:
            assert reference_of(method, asked) is None


def test_reference_image_is_one_value_a_channel() -> None:
    given = torch.rand(2, C, 3, 4, dtype=torch.float64)
    image = reference_image(MEANS, given)
    assert (image.shape, image.dtype) == (given.shape, given.dtype)
    np.testing.assert_array_equal(image[1, :, 2, 3], MEANS.astype(np.float64))
    assert not reference_image(None, given).any()
