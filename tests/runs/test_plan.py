"""A plan's keys hold what decides the numbers, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pxcore.importance.methods import METHODS
from pxcore.runs import spec_tasks
from pxcore.runs import tasks as planning
from pxcore.runs.method_names import method_name
from pxcore.runs.plan import plan
from pxcore.runs.spec_tasks import gates, trains
from pxcore.runs.tasks import ExplainTask, GateTask, Lane, RankTask, TrainTask, key
from pxcore.store.keys import decode, encode, key_of
from pxcore.types import (
    MaskKind,
    MethodSpec,
    ModelSpec,
    Panel,
    Role,
    RunSpec,
    TrainingParams,
)
from pxcore.types.panel import PanelQuestion
from tests.runs.ranking_stages import OF_RANKINGS


def keys(spec: RunSpec, kind: str = "") -> set[str]:
    return {step.key for step in plan(spec) if not kind or step.kind == kind}


def test_a_run_is_folds_times_starts_times_methods(spec: RunSpec) -> None:
    steps = plan(replace(spec, n_folds=3, seeds=2))
    kinds = [step.kind for step in steps]
    assert (kinds.count("train"), kinds.count("explain"), kinds.count("rank")) == (6, 12, 2)
    assert len({step.key for step in steps}) == len(steps) == 20
    assert len({step.label for step in steps}) == 20


def test_needs_come_before_those_who_need_them(spec: RunSpec) -> None:
    seen: set[str] = set()
    for step in plan(spec):
        assert seen.issuperset(step.needs)
        seen.add(step.key)
    for step in plan(spec):
        assert (step.lane is Lane.LIGHT) == (step.kind == "rank")


def test_names_titles_and_owners_are_not_in_keys(spec: RunSpec) -> None:
    renamed = Panel(
        tuple(replace(old, name=f"x{i}", cost=i) for i, old in enumerate(spec.panel.channels))
    )
    other = replace(
        spec, panel=renamed, classes=("c", "d"), title="t", owner="bob", priority=5, preset="paper"
    )
    assert keys(other) == keys(spec)


@pytest.mark.parametrize(
    ("change", "shared"),
    [
        ({"dataset_id": "e" * 16}, set()),
        ({"channels": (0, 1)}, set()),
        ({"model": ModelSpec(id="resnet18")}, set()),
        ({"training": TrainingParams(noise=0.5)}, set()),
        ({"n_folds": 3}, set()),
        ({"split": "cell"}, set()),
        ({"seed": 1}, set()),
        ({"repeats": 7}, {"train"}),
        ({"max_repeats": 50}, {"train"}),
        ({"methods": (MethodSpec(id="occlusion"),)}, {"train"}),
    ],
)
def test_what_decides_numbers_is_in_keys(
    spec: RunSpec, change: dict[str, object], shared: set[str]
) -> None:
    other = replace(spec, **change)  # type: ignore[arg-type]
    for kind in ("train", "explain", "rank"):
        common = keys(spec, kind) & keys(other, kind)
        assert bool(common) == (kind in shared), kind


def test_all_channels_said_or_unsaid_is_one_run(spec: RunSpec) -> None:
    assert keys(replace(spec, channels=(0, 1, 2))) == keys(spec)


def test_an_unused_limit_makes_no_other_key(spec: RunSpec) -> None:
    fixed = replace(spec, repeats=9)
    assert keys(replace(fixed, max_repeats=3)) == keys(fixed)


def test_roles_are_in_keys_only_where_a_method_looks_at_them(spec: RunSpec) -> None:
    """An edited panel sheet reuses everything else; stored outlines need no roles at all."""
    old = spec.panel.channels
    edited = Panel((old[0], replace(old[1], role=Role.VIABILITY), old[2]))
    for method, mask_kind, same in (
        ("pxpermute", MaskKind.NONE, True),
        ("permute_cells", MaskKind.NONE, True),
        ("occlusion", MaskKind.NONE, True),
        ("pxpermute_mask", MaskKind.NONE, False),
        ("pxpermute_mask", MaskKind.FRAME, False),
        ("pxpermute_mask", MaskKind.CELL, True),
    ):
        before = replace(spec, methods=(MethodSpec(id=method),), mask_kind=mask_kind)
        after = replace(before, panel=edited)
        assert keys(before, "train") == keys(after, "train")
        assert (keys(before) == keys(after)) is same, (method, mask_kind)


def test_a_method_without_chance_has_no_repeats_in_its_keys(spec: RunSpec) -> None:
    once = replace(spec, methods=(MethodSpec(id="occlusion"),))
    assert keys(replace(once, repeats=7)) == keys(replace(once, max_repeats=50)) == keys(once)


def test_a_second_method_reuses_the_first_ones_work(spec: RunSpec) -> None:
    one = replace(spec, methods=spec.methods[:1])
    assert keys(one) < keys(spec)


def test_a_weights_file_counts_by_content(spec: RunSpec) -> None:
    def with_weights(name: str, sha: str) -> set[str]:
        return keys(replace(spec, model=ModelSpec(weights=name, weights_sha256=sha)))

    assert with_weights("file:a", "1" * 64) == with_weights("file:b", "1" * 64)
    assert with_weights("file:a", "1" * 64) != with_weights("file:a", "2" * 64)


def test_order_of_settings_does_not_matter(spec: RunSpec) -> None:
    options = (("fill", "mean"), ("a", 1))
    forth = replace(spec, methods=(MethodSpec(id="occlusion", options=options),))
    back = replace(spec, methods=(MethodSpec(id="occlusion", options=options[::-1]),))
    assert keys(forth) == keys(back)
    assert method_name(forth.methods[0]) == "occlusion:a=1:fill=mean"


def test_every_training_and_method_has_its_own_seed(spec: RunSpec) -> None:
    tasks = [step.task for step in plan(replace(spec, n_folds=3, seeds=2))]
    seeds = [task.seed for task in tasks]
    assert len(set(seeds)) == len(seeds)
    assert {task.split_seed for task in tasks if isinstance(task, TrainTask)} == {spec.seed}


def test_a_stage_version_changes_its_stage_and_what_follows(
    spec: RunSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = replace(
        spec, gates=True, redundancy=True, leave_out=((0,),), question=PanelQuestion(always=(0,))
    )
    before = {kind: keys(spec, kind) for kind in OF_RANKINGS}
    assert all(before.values())
    monkeypatch.setitem(planning.VERSIONS, "explain", 99)
    same = {kind for kind in OF_RANKINGS if keys(spec, kind) == before[kind]}
    assert same == {"train", "judge", "screen"}
    monkeypatch.setitem(planning.VERSIONS, "train", 99)
    assert not [kind for kind in OF_RANKINGS if keys(spec, kind) & before[kind]]


def test_only_methods_with_checks_are_checked(spec: RunSpec) -> None:
    every = tuple(MethodSpec(id=one) for one in METHODS)
    spec = replace(spec, gates=True, n_folds=3, methods=every)
    checked = [step.task for step in plan(spec) if isinstance(step.task, GateTask)]
    for method in every:
        own = [one for one in checked if one.explain.method == method]
        assert set(own) == set(gates(spec, method))
        assert len(own) == (3 if METHODS[method.id].gates else 0), method
    assert [one for one in METHODS if not METHODS[one].gates] == ["leave_one_out"]
    alone = replace(spec, methods=(MethodSpec(id="leave_one_out"),))
    assert keys(alone) == keys(replace(alone, gates=False))


def test_tasks_survive_their_way_to_the_worker(spec: RunSpec) -> None:
    for step in plan(spec):
        kind: type[TrainTask | ExplainTask | RankTask] = planning.KINDS[step.kind]
        back = decode(kind, encode(step.task))
        assert back == step.task
        assert key(back) == step.key


def test_a_runs_own_trainings_see_all_channels_unless_no_method_does(spec: RunSpec) -> None:
    def dropping(*methods: str) -> set[object]:
        own = trains(replace(spec, methods=tuple(MethodSpec(id=one) for one in methods)))
        return {dict(train.model.options).get("channel_dropout") for train in own}

    assert dropping("shapley", "pxpermute") == {None}
    assert dropping("shapley") == {True}


def test_the_way_to_average_is_part_of_the_ranks_key_only_where_it_differs(spec: RunSpec) -> None:
    """Rankings made before there was a choice, and their specs, are still found and read."""
    (ours, *_), published = spec_tasks.ranks(spec), replace(spec, averaging="published")
    earlier = key_of(
        "rank", planning.VERSIONS["rank"], [key(explain) for explain in ours.explains], ours.seed
    )
    assert key(ours) == earlier
    assert key(spec_tasks.ranks(published)[0]) != earlier
    assert {s.key for s in plan(spec)} ^ {s.key for s in plan(published)} == {
        key(task) for one in (spec, published) for task in spec_tasks.ranks(one)
    }
    stored = json.loads(encode(published))
    assert stored.pop("averaging") == "published"
    assert decode(RunSpec, json.dumps(stored)) == spec
