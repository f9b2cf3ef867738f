"""Keys name computations: equal values agree, different ones differ, nothing odd gets in."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxcore.errors import StoreError
from pxcore.store.keys import canonical_json, decode, derive_seed, encode, key_of
from pxcore.types import Channel, MethodSpec, ModelSpec, Panel, Role, RunSpec, TrainingParams

SPEC = RunSpec(
    dataset_id="d" * 16,
    panel=Panel((Channel(name="BF", role=Role.BRIGHTFIELD), Channel(name="CD3", cost=1.5))),
    classes=("α", "b"),
    model=ModelSpec(options=(("width", 2), ("rate", 0.5), ("wide", True), ("act", "relu"))),
    methods=(MethodSpec(id="occlusion", options=(("fill", "mean"),)),),
)

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_canonical_json_is_json_and_canonical(value: object) -> None:
    text = canonical_json(value)
    assert canonical_json(json.loads(text)) == text


@given(st.dictionaries(st.text(), st.integers(), min_size=2, max_size=5))
def test_order_of_a_mapping_does_not_matter(value: dict[str, int]) -> None:
    assert key_of(value) == key_of(dict(reversed(value.items())))


def test_a_run_spec_survives_storage_with_its_types() -> None:
    back = decode(RunSpec, encode(SPEC))
    assert back == SPEC
    assert [type(value) for _, value in back.model.options] == [int, float, bool, str]
    assert back.panel.channels[0].role is Role.BRIGHTFIELD


def test_integers_given_for_floats_are_the_same_computation_after_storage() -> None:
    one = replace(SPEC, training=TrainingParams(learning_rate=1))
    assert encode(decode(RunSpec, encode(one))) == encode(
        replace(SPEC, training=TrainingParams(learning_rate=1.0))
    )


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), {1: 2}, {"a": {1}}, b"x", object()])
def test_what_has_no_one_text_is_refused(odd: object) -> None:
    with pytest.raises(StoreError, match="cannot become a key"):
        canonical_json({"deep": [odd]})


def test_every_field_of_a_value_reaches_its_key() -> None:
    changed = [
        replace(SPEC.training, max_epochs=3),
        replace(SPEC.training, flips=False),
        replace(SPEC.training, noise=0.02),
    ]
    assert len({key_of(value) for value in [SPEC.training, *changed]}) == 4


@given(st.lists(st.integers(0, 50), min_size=2, max_size=2, unique=True))
def test_seeds_differ_by_part_and_fit_torch(parts: list[int]) -> None:
    seeds = {derive_seed("train", part, fold) for part in parts for fold in range(3)}
    assert len(seeds) == 6
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_a_value_of_another_version_says_so() -> None:
    with pytest.raises(StoreError, match=r"stored RunSpec cannot be read: dataset_id.*another"):
        decode(RunSpec, "{}")
