"""Sanity checks: sound methods pass, and a method broken in one way fails the check for it."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from pxcore.errors import Cancelled, MethodError
from pxcore.importance.attribution.scored import explained, pictured
from pxcore.importance.gates import BOUNDS, check_gates
from pxcore.importance.method import ExplainRequest, MapRequest, Method
from pxcore.importance.methods import METHODS
from pxcore.importance.randomised import randomised
from pxcore.importance.sample import sampled
from pxcore.types import Gate
from tests.planted_cells import TRAIN_MEAN, PictureReader, planted, request_for

CELLS = planted()
CHECKED = [method for method in METHODS.values() if method.gates]


def gates_of(method: Method, request: ExplainRequest | None = None) -> dict[str, Gate]:
    found = check_gates(method, request or request_for(method, CELLS))
    assert tuple(gate.id for gate in found) == method.gates
    return {gate.id: gate for gate in found}


@pytest.mark.parametrize("method", CHECKED, ids=lambda method: method.id)
def test_every_method_passes_on_a_model_that_knows(method: Method) -> None:
    for gate in gates_of(method).values():
        if (method.id, gate.id) == ("lrp", "random_ranking"):
            continue  # relevance goes to bright channels in any network: it fails here too
        assert gate.passed, gate.said
        assert gate.value <= gate.bound == BOUNDS[gate.id]
        assert gate.said.endswith(").")
        assert gate.said[0].isupper()


def test_retraining_has_none() -> None:
    assert check_gates(METHODS["leave_one_out"], request_for(METHODS["occlusion"], CELLS)) == ()


def broken(method: Method, **changes: object) -> Method:
    """An attribution method whose pixel maps are changed."""
    change = changes.pop("change")

    def opened(model: torch.nn.Module):  # type: ignore[no-untyped-def]
        def maps(images: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            mean = np.array(TRAIN_MEAN)
            asked = MapRequest(model=model, images=images, targets=targets, train_mean=mean)
            return change(method.maps(asked), images)

        return maps

    def explain(request: ExplainRequest):  # type: ignore[no-untyped-def]
        return explained(made, request, opened, "mean_abs")

    made = replace(
        method, explain=explain, maps=lambda request: pictured(request, opened), **changes
    )
    return made


def edges(_found: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    """What looks like an explanation and knows nothing of the model."""
    rolled = images.roll(1, 2) - images
    return rolled.abs() + (images.roll(1, 3) - images).abs()


@pytest.mark.parametrize(
    ("name", "gate", "change"),
    [
        ("deeplift", "completeness", lambda found, _images: 1.2 * found),
        ("deeplift", "completeness", lambda found, images: found + 0.02 * images),
        ("lrp", "conservation", lambda found, _images: 1e4 * found),
        ("lrp", "conservation", lambda found, _images: found - found.mean()),
        ("deeplift", "random_weights", edges),
        ("lrp", "random_weights", lambda found, images: 0.02 * found / found.abs().mean()
         * images.mean() + edges(found, images)),
        ("deeplift", "constant_channel", lambda found, _images: found + 1e-4),
        ("lrp", "constant_channel", lambda found, _images: found + found.abs().max() / 100),
    ],
)  # fmt: skip
def test_a_broken_method_fails_its_check(name: str, gate: str, change: object) -> None:
    found = gates_of(broken(METHODS[name], change=change), request_for(METHODS[name], CELLS))
    assert not found[gate].passed
    assert found[gate].value > found[gate].bound
    assert "too much" in found[gate].said


def test_a_perturbation_that_ignores_the_model_fails() -> None:
    """The same drops for every model, made of how much each channel varies."""
    own = METHODS["occlusion"]

    def explain(request: ExplainRequest):  # type: ignore[no-untyped-def]
        made = own.explain(request)
        spread = request.cells.batch(torch.arange(len(request.cells))).std(dim=(0, 2, 3))
        scores = np.broadcast_to(spread.numpy()[None, :, None], made.scores.shape)
        return replace(made, scores=scores)

    found = gates_of(replace(own, explain=explain))
    assert found["random_weights"].value == pytest.approx(1)
    assert not found["random_weights"].passed


@pytest.mark.parametrize(
    ("left", "fails"),
    [(1.0, True), (0.85, True), (0.3, True), (-1.0, False), (0.05, False)],
)
def test_the_same_ranking_at_a_smaller_size_is_not_lost(left: float, fails: bool) -> None:
    """Random networks give the trained model's drops, each ``left`` of its size."""
    own, asked = METHODS["permute_cells"], request_for(METHODS["permute_cells"], CELLS)
    scores = own.explain(asked).scores

    def explain(request: ExplainRequest):  # type: ignore[no-untyped-def]
        other = any(
            not torch.equal(value, asked.model.state_dict()[name])
            for name, value in request.model.state_dict().items()
            if not name.endswith("fill")
        )
        return replace(own.explain(request), scores=scores * left if other else scores)

    gate = gates_of(replace(own, explain=explain, gates=("random_weights",)), asked)
    found = gate["random_weights"]
    assert found.passed is not fails
    assert found.value == pytest.approx(1.0 if fails else 0.0)
    assert ("hardly any score is left" in found.said) is (abs(left) == 0.05)


def test_one_class_for_every_cell_is_a_lost_ranking_and_said_so() -> None:
    """A random network that tells no cell apart loses nothing when a channel is spoilt."""
    own = METHODS["occlusion"]
    asked = request_for(own, CELLS)

    def explain(request: ExplainRequest):  # type: ignore[no-untyped-def]
        made = own.explain(request)
        return made if request.model is asked.model else replace(made, scores=0 * made.scores)

    found = gates_of(replace(own, explain=explain, gates=("random_weights",)), asked)
    assert found["random_weights"].value == 0
    assert "in 3 of 3 hardly any score is left" in found["random_weights"].said


def test_an_order_of_channels_that_stays_fails() -> None:
    """Bright channels get more attribution in any network: then the order tells of pictures."""
    method, asked = METHODS["deeplift"], request_for(METHODS["deeplift"], CELLS)
    gate = gates_of(method, asked)["random_ranking"]
    order = float(re.search(r"rank correlation of (-?[\d.]+) to this model", gate.said)[1])
    assert order == pytest.approx(gate.value, abs=0.005)
    assert gate.passed
    same = gates_of(broken(method, change=edges), asked)["random_ranking"]
    assert (same.value, same.passed) == (pytest.approx(1), False)
    assert same.said.endswith("(too much: at most 0.7).")


def test_made_channels_have_no_place_in_the_order() -> None:
    method, asked = METHODS["deeplift"], request_for(METHODS["deeplift"], CELLS)
    made = replace(asked, decoys=tuple(range(2, len(asked.cells.channels))))
    gate = gates_of(method, made)["random_ranking"]
    assert "fewer than 3 channels" in gate.said
    assert gate.passed


def test_scores_of_zero_prove_nothing() -> None:
    own = METHODS["occlusion"]
    nothing = replace(own, explain=lambda request: replace(
        own.explain(request), scores=np.zeros((1, 4, 3))))  # fmt: skip
    found = gates_of(nothing)["random_weights"]
    assert not found.passed
    assert "no ranking that could be lost" in found.said


def test_exploding_relevance_fails_on_a_network_without_canonisers() -> None:
    """Whatever makes relevance grow is seen, also where single cells cancel."""
    method = broken(METHODS["lrp"], change=lambda found, _images: found * found.sign() * 50)
    assert not gates_of(method, request_for(METHODS["lrp"], CELLS))["conservation"].passed


def test_sample_keeps_classes_and_what_belongs_to_cells() -> None:
    cells = planted(600, seed=3)
    asked = replace(request_for(METHODS["pxpermute"], cells), groups=cells.groups)
    small = sampled(asked)
    assert len(small.cells) == len(small.labels) == len(small.groups) == 120
    assert np.bincount(small.labels).tolist() == [40, 40, 40]
    position = 77
    images = small.cells.batch(torch.arange(120))
    everything = asked.cells.batch(torch.arange(600))
    (where,) = np.flatnonzero((everything == images[position]).flatten(1).all(dim=1).numpy())
    assert small.labels[position] == cells.labels[where]
    assert small.groups[position] == cells.groups[where]
    np.testing.assert_array_equal(
        small.read_masks(np.array([position])), asked.read_masks(np.array([where]))
    )
    np.testing.assert_array_equal(small.retrained[1][position], asked.retrained[1][where])


def test_random_weights_are_new_and_their_own() -> None:
    model = PictureReader()
    one, again, other = randomised(model, 0), randomised(model, 0), randomised(model, 1)
    for name in ("layer1.weight", "linear.weight", "linear.bias"):
        old = model.state_dict()[name]
        assert torch.equal(one.state_dict()[name], again.state_dict()[name])
        assert not torch.isclose(one.state_dict()[name], old).any()
        assert not torch.equal(one.state_dict()[name], other.state_dict()[name])
    assert torch.equal(one.missing.fill, model.missing.fill)  # no weight
    assert torch.equal(model.linear.weight, PictureReader().linear.weight)


def test_stops_and_tells() -> None:
    method = METHODS["deeplift"]
    asked = request_for(method, CELLS)
    for last in (0, 1, 3):
        looks = iter(range(10_000))
        with pytest.raises(Cancelled):
            check_gates(method, replace(asked, stop=lambda looks=looks, n=last: next(looks) > n))
    told: list[float] = []
    check_gates(method, replace(
        asked, tell=lambda _s, share: told.append(share)))  # fmt: skip
    assert told == sorted(told)
    assert 0 < told[0] < told[-1] <= 1


def test_unknown_check_is_refused() -> None:
    odd = replace(METHODS["occlusion"], gates=("beauty",))
    with pytest.raises(MethodError, match="'beauty' is not known"):
        check_gates(odd, request_for(odd, CELLS))
    bare = replace(METHODS["occlusion"], gates=("completeness",))
    with pytest.raises(MethodError, match="no pixel attributions"):
        check_gates(bare, request_for(bare, CELLS))
