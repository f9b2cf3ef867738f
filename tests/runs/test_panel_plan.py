"""A question's steps: what is trained whatever comes out, under which words and keys."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import comb

import numpy as np
import pytest

from pxcore.panel.orders import removal_orders, steps, subsets_of
from pxcore.runs.panels import growing
from pxcore.runs.panels import tasks as panel_tasks
from pxcore.runs.panels.notes import later, most_finalist_trainings, panel_notes
from pxcore.runs.panels.plan import PanelSteps, first_steps
from pxcore.runs.plan import plan
from pxcore.runs.saved.screen import Screened, save_screened
from pxcore.runs.tasks import JudgeTask, ScreenTask, TrainTask, key
from pxcore.store.home import Store
from pxcore.training import metrics
from pxcore.types import Channel, MethodSpec, ModelSpec, Panel, Role, RunSpec
from pxcore.types.panel import Members, PanelQuestion
from tests.runs.panel_cells import f1_of, made_screen

TWELVE = Panel(
    (
        Channel(name="BF", role=Role.BRIGHTFIELD),
        *(Channel(name=f"S{n}") for n in range(1, 11)),
        Channel(name="SSC", role=Role.DARKFIELD),
    )
)
STAINS = tuple(range(1, 11))


@pytest.fixture
def asked(spec: RunSpec) -> RunSpec:
    """Four of five channels take part: 0 is stain-free, 1 not measured, 2 to 4 are stains."""
    channels = (*spec.panel.channels, Channel(name="CD4"), Channel(name="CD8"))
    return replace(
        spec,
        panel=Panel(channels),
        channels=(0, 2, 3, 4),
        question=PanelQuestion(always=(0,), finalists=1),
    )


def trained_on(spec: RunSpec) -> set[Members]:
    return {
        step.task.channels
        for step in plan(spec)
        if isinstance(step.task, TrainTask) and any("panel/train" in part for part in step.parts)
    }


def test_a_run_without_a_question_has_no_panel_in_it(spec: RunSpec) -> None:
    assert first_steps(spec) == ()
    assert not [part for step in plan(spec) for part in step.parts if part.startswith("panel")]


def test_parts_say_which_panel_fold_and_start(asked: RunSpec) -> None:
    parts = {part: step for step in plan(replace(asked, seeds=2)) for part in step.parts}
    for members in ("0-2-3-4", "0"):
        judge = parts[f"panel/judge/{members}"].task
        assert isinstance(judge, JudgeTask)
        at = [f"panel/train/{members}/{fold}/{start}" for fold in (0, 1) for start in (0, 1)]
        assert [parts[word].task for word in at] == list(judge.trains)
        assert {part.channels for part in judge.trains} == {tuple(map(int, members.split("-")))}
    screens = [parts[f"panel/screen/{fold}/{start}"] for fold in (0, 1) for start in (0, 1)]
    assert [step.task for step in screens] == list(panel_tasks.screens(replace(asked, seeds=2)))
    for step in screens:
        assert isinstance(step.task, ScreenTask)
        assert step.needs == (key(step.task.train),)


def test_networks_that_know_all_panels_have_more_room_time_and_noise(asked: RunSpec) -> None:
    given = replace(asked.training, max_epochs=7, stop_patience=5, plateau_patience=2, noise=0.02)
    wide = replace(asked.model, id="small_cnn", options=(("dropout", 0.3), ("width", 10)))
    for task in panel_tasks.screens(replace(asked, training=given, model=wide)):
        options = dict(task.train.model.options)
        assert options == {"always": "0", "channel_dropout": True, "dropout": 0.3, "width": 20}
        longer = task.train.training
        assert (longer.max_epochs, longer.stop_patience, longer.plateau_patience) == (28, 20, 8)
        assert longer == replace(
            given, max_epochs=28, stop_patience=20, plateau_patience=8, noise=0.08
        )
    usual = panel_tasks.screens(replace(asked, model=ModelSpec(id="small_cnn")))[0].train
    assert dict(usual.model.options)["width"] == 32


@pytest.mark.parametrize(
    "model", [ModelSpec(id="resnet18"), ModelSpec(id="small_cnn", weights="file:mine.pt")]
)
def test_a_width_that_is_fixed_stays(asked: RunSpec, model: ModelSpec) -> None:
    """ResNet18 has none to set, and weights of a file fit their own width alone."""
    for task in panel_tasks.screens(replace(asked, model=model)):
        assert "width" not in dict(task.train.model.options)


def test_panels_share_trainings_with_the_run_and_its_left_out_channels(asked: RunSpec) -> None:
    asked = replace(
        asked, leave_out=((3,),), question=PanelQuestion(always=(0,), ticked=((0, 2, 4),))
    )
    shared = [step.parts for step in plan(asked) if len(step.parts) > 1 and step.kind == "train"]
    assert all(any(part.startswith("panel/train") for part in parts) for parts in shared)
    assert len(shared) == 2 * asked.n_folds  # the full panel, and the one without channel 3
    with_decoys = replace(asked, decoys=("decoy_empty",))
    tasks = [step.task for step in first_steps(with_decoys)]
    assert not [task for task in tasks if isinstance(task, TrainTask) and task.decoys]
    assert {key(task) for task in tasks} == {s.key for s in first_steps(asked)}


def test_an_excluded_channel_is_screened_nowhere_and_stays_in_the_full_panel(
    asked: RunSpec,
) -> None:
    question = replace(asked.question or PanelQuestion(), exclude=(1, 3), must_keep=(4,))
    spec = replace(asked, question=question)
    assert panel_tasks.everything(spec) == (0, 2, 3, 4)
    assert panel_tasks.allowed(spec) == (0, 2, 4)
    assert panel_tasks.optional(spec) == (2,)
    assert trained_on(spec) == {(0, 2, 3, 4), (0, 2, 4), (0,)}
    screen = panel_tasks.screens(spec)[0]
    assert screen.train.channels == (0, 2, 4)
    assert (screen.always, screen.n_sets) == ((0, 2), 2)  # counted among those it sees
    found = growing.screen_of(
        spec, [made_screen(one, lambda *_: 0.5) for one in panel_tasks.screens(spec)]
    )
    assert [tuple(np.flatnonzero(row)) for row in found.sets] == [(0, 4), (0, 2, 4)]


def test_nothing_is_screened_where_nothing_may_be_in_or_out(asked: RunSpec, store: Store) -> None:
    for question in (
        PanelQuestion(always=(0,), must_keep=(2, 3, 4)),
        PanelQuestion(always=(0,), search=False),
    ):
        spec = replace(asked, question=question)
        assert not [step for step in plan(spec) if step.kind == "screen"]
        assert growing.planned(store, spec).complete


def test_screens_decide_finalists_and_each_folds_own_choice(asked: RunSpec, store: Store) -> None:
    def quality(fold: int, members: Members) -> float:
        best = {0: (0, 2), 1: (0, 3)}[fold]
        return 0.5 + 0.1 * len(members) / 4 + 0.2 * (members == best)

    before = growing.planned(store, asked)
    assert (before.complete, before.steps) == (False, plan(asked))
    for task in panel_tasks.screens(asked):
        with store.artifacts.write(key(task)) as folder:
            save_screened(folder, made_screen(task, quality))
    after = growing.planned(store, asked)
    assert after.complete
    assert {s.key for s in after.steps} > {s.key for s in before.steps}
    assert growing.planned(store, asked) == after  # follows from what is stored alone
    parts = {part: step for step in after.steps for part in step.parts}
    judge = parts["panel/nested/1"].task
    assert isinstance(judge, JudgeTask)
    assert [(train.fold, train.channels) for train in judge.trains] == [(0, (0, 2)), (1, (0, 3))]
    assert [part for part in parts if part.startswith("panel/judge")].count("panel/judge/0-2") == 1
    assert parts["panel/nested/3"] is parts["panel/judge/0-2-3-4"]
    more = {s.key for s in after.steps if s.kind == "train"} - {s.key for s in before.steps}
    assert 0 < len(more) <= most_finalist_trainings(asked)


def test_sizes_above_the_allowed_are_not_retrained(asked: RunSpec, store: Store) -> None:
    spec = replace(asked, question=replace(asked.question or PanelQuestion(), most_stains=1))
    for task in panel_tasks.screens(spec):
        with store.artifacts.write(key(task)) as folder:
            save_screened(folder, made_screen(task, lambda _, members: 0.5 + len(members) / 10))
    steps_found = growing.planned(store, spec).steps
    parts = {part for step in steps_found for part in step.parts}
    assert {part for part in parts if part.startswith("panel/nested")} == {
        "panel/nested/0",
        "panel/nested/1",
    }


def test_six_rankings_need_no_more_trainings_than_there_are_subsets(spec: RunSpec) -> None:
    rng = np.random.default_rng(0)
    rankings = {f"m{n}": rng.random(12) for n in range(6)}
    orders = removal_orders({n: list(v) for n, v in rankings.items()}, STAINS, 3, rng)
    question = PanelQuestion(always=(0, 11), search=False, orders=orders)
    spec = replace(spec, panel=TWELVE, n_folds=5, question=question, methods=spec.methods[:1])
    trainings = [s for s in first_steps(spec) if isinstance(s.task, TrainTask)]
    different = subsets_of(panel_tasks.everything(spec), orders)
    assert len(trainings) == 5 * len(different.members)
    assert len(trainings) < 5 * different.asked
    for one in orders:
        for larger, smaller in pairwise(steps(panel_tasks.everything(spec), one.order)):
            assert {*larger} > {*smaller} >= {0, 11}


def test_the_most_trainings_of_a_search_are_told(asked: RunSpec) -> None:
    spec = replace(asked, panel=TWELVE, channels=(), n_folds=5, seeds=2)
    for question, panels in (
        (
            PanelQuestion(always=(0, 11), finalists=2),
            sum(min(comb(10, k), 3) for k in range(1, 10)),
        ),
        (PanelQuestion(always=(0, 11), finalists=1, most_stains=2), 2 + 2),
        (PanelQuestion(always=(0, 11), must_keep=STAINS[2:], finalists=2), 1 + 2),
        (PanelQuestion(always=(), finalists=1, exclude=STAINS), 2),
    ):
        one = replace(spec, question=question)
        assert most_finalist_trainings(one) == panels * 10, question
        steps_found = plan(one)
        trainings = [s for s in steps_found if panel_tasks.is_training(s.parts)]
        told = panel_notes(one, steps_found, {s.key for s in trainings[1:]})
        assert told[0] == f"The question needs {len(trainings)} trainings, 1 of them already there."
        assert f"at most {panels * 10} trainings more" in told[1]
        keys = {s.key for s in trainings}
        decoys = replace(one, decoys=("decoy_empty",))
        assert "All channels are trained again" in panel_notes(decoys, steps_found, keys)[1]
        assert "trained again" not in " ".join(panel_notes(decoys, steps_found, set()))


def test_what_results_decide_later_has_a_price(asked: RunSpec) -> None:
    spec = replace(asked, panel=TWELVE, channels=(), n_folds=5, seeds=2)
    name = spec.methods[0].id
    searched = PanelQuestion(always=(0, 11), finalists=2)
    compared = PanelQuestion(always=(0, 11), search=False, compare=((name, 3), (name, 10)))
    for question, panels, largest in ((searched, 27, 11), (compared, 1, 5)):
        one = replace(spec, question=question)
        decided = list(later(one))
        assert sum(number for number, _ in decided) == panels * 10
        sizes = [len(task.channels) for n, task in decided if n and isinstance(task, TrainTask)]
        assert max(sizes) == largest  # beside two stain-free channels
        assert all({0, 11} <= {*task.channels} for _, task in decided)  # type: ignore[union-attr]
    assert "at most 10 trainings more" in panel_notes(one, plan(one), set())[1]
    done = panel_notes(one, plan(one), set(), complete=True)
    assert "at most" not in " ".join(done)
    assert list(later(replace(spec, question=None))) == []


def test_a_screen_is_counted_as_retrained_panels_are(asked: RunSpec) -> None:
    tasks = panel_tasks.screens(asked)
    made = [
        made_screen(one, lambda fold, members: 0.5 + fold / 10 + members[-1] / 100) for one in tasks
    ]
    found = growing.screen_of(asked, made)
    assert found.valid_f1 == pytest.approx(np.stack([f1_of(one) for one in made]))
    counts = np.zeros((8, 3, 3), dtype=np.int64)
    counts[:, 0] = (5, 3, 2)  # one class has no cell but is called, one neither
    again = Screened(sets=made[0].sets, valid_counts=counts, test_counts=counts)
    told = growing.screen_of(asked, [again]).valid_f1
    assert told[0] == pytest.approx(metrics.f1_macro(counts))


def test_a_label_says_the_panel(asked: RunSpec) -> None:
    planned = PanelSteps(asked)
    planned.panels([(0, 2), (0, 2, 3, 4)])
    labels = [step.label for step in planned.steps.values()]
    assert labels[:3] == [
        "Train fold 1 of 2 on BF + CD19",
        "Train fold 2 of 2 on BF + CD19",
        "Judge the panel BF + CD19",
    ]
    assert labels[3] == "Train fold 1 of 2 on all channels"


def test_methods_do_not_decide_what_a_panel_is_trained_with(asked: RunSpec) -> None:
    """A run of a method that needs channels missing at random judges panels without that."""
    dropping = replace(asked, methods=(MethodSpec(id="shapley"),))
    assert {s.key for s in first_steps(dropping)} == {s.key for s in first_steps(asked)}
