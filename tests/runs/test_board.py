"""Events in, changes out: shared work, failures and cancels touch the right runs only."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from pxcore.runs.board import Board, Change, Failure, LiveRun, RunChange, Stop, TaskChange
from pxcore.runs.plan import plan
from pxcore.runs.schedule import Start, choose
from pxcore.runs.tasks import Lane, Step
from pxcore.types import Channel, MethodSpec, Panel, RunSpec, RunState, TaskState

SPEC = RunSpec(
    dataset_id="d" * 16,
    panel=Panel((Channel(name="BF"), Channel(name="CD3"))),
    classes=("a", "b"),
    n_folds=2,
)
ONE = plan(SPEC)
TWO = plan(replace(SPEC, methods=(*SPEC.methods, MethodSpec(id="permute_cells"))))
FREE = {Lane.HEAVY: 1, Lane.LIGHT: 1}


def live(number: int, steps: tuple[Step, ...], owner: str = "ann") -> LiveRun:
    return LiveRun(id=f"r{number}", owner=owner, priority=0, ordinal=number, steps=steps)


def start(board: Board) -> Start:
    chosen = choose(board.waiting(), board.load(), FREE)[0]
    board.started(chosen)
    return chosen


def states(changes: list[Change]) -> dict[str, RunState]:
    return {change.run_id: change.state for change in changes if isinstance(change, RunChange)}


def drain(board: Board) -> tuple[list[str], list[Change]]:
    """Carry out whatever waits; the keys in order, and every change."""
    computed: list[str] = []
    changes: list[Change] = []
    while starts := choose(board.waiting(), board.load(), FREE):
        changes += board.started(starts[0])
        computed.append(starts[0].key)
        changes += board.finished(starts[0].key, 1.0)
    return computed, changes


def test_a_run_ends_when_its_last_step_does() -> None:
    board = Board()
    board.add(live(1, ONE), done=())
    computed, changes = drain(board)
    assert sorted(computed) == sorted(step.key for step in ONE)
    assert states(changes) == {"r1": RunState.FINISHED}
    assert board.runs == {}


def test_shared_tasks_are_computed_once_and_reused_by_the_other() -> None:
    board = Board()
    board.add(live(1, ONE), done=())
    board.add(live(2, TWO, "bob"), done=())
    computed, changes = drain(board)
    assert len(computed) == len(set(computed)) == len(TWO)
    done = [c for c in changes if isinstance(c, TaskChange) and c.state is TaskState.DONE]
    for step in ONE:
        owners = [change.reused for change in done if change.key == step.key]
        assert sorted(owners) == [False, True]
    assert states(changes) == {"r1": RunState.FINISHED, "r2": RunState.FINISHED}


def test_the_same_run_again_computes_nothing() -> None:
    board = Board()
    changes = board.add(live(1, ONE), done={step.key for step in ONE})
    assert states(changes) == {"r1": RunState.FINISHED}
    assert all(change.reused for change in changes if isinstance(change, TaskChange))
    assert board.waiting() == ()


def test_what_it_computed_in_an_earlier_life_is_not_called_reused() -> None:
    keys = {step.key for step in ONE}
    changes = Board().add(live(1, ONE), done=keys, own={ONE[0].key})
    reused = {c.key: c.reused for c in changes if isinstance(c, TaskChange)}
    assert [key for key, flag in reused.items() if not flag] == [ONE[0].key]


def test_a_failure_fails_those_who_need_it_only() -> None:
    board = Board()
    board.add(live(1, ONE), done=())
    board.add(live(2, plan(replace(SPEC, seed=5)), "bob"), done=())
    failed = start(board)
    changes = board.failed(failed.key, Failure(error_class="defect", message="broke"))
    assert states(changes) == {"r1": RunState.FAILED}
    error = next(c.error for c in changes if isinstance(c, RunChange))
    assert error == "Train fold 1 of 2: defect: broke"
    assert list(board.runs) == ["r2"]
    assert states(drain(board)[1]) == {"r2": RunState.FINISHED}


def test_cancel_stops_what_nobody_else_needs() -> None:
    board = Board()
    board.add(live(1, ONE), done=())
    key = start(board).key
    changes = board.cancel("r1")
    assert Stop(key=key) in changes
    assert states(changes) == {"r1": RunState.CANCELLED}
    assert board.waiting() == ()
    assert board.stopped(key) == []
    assert board.load() == {}


def test_cancel_leaves_what_another_run_needs() -> None:
    board = Board()
    board.add(live(1, ONE), done=())
    board.add(live(2, ONE, "bob"), done=())
    key = start(board).key
    assert not [change for change in board.cancel("r1") if isinstance(change, Stop)]
    assert key in board.running
    assert states(board.finished(key, 1.0) + drain(board)[1]) == {"r2": RunState.FINISHED}


def test_a_task_wanted_again_while_it_stops_runs_again() -> None:
    board = Board()
    board.add(live(1, ONE), done=())
    key = start(board).key
    board.cancel("r1")
    board.add(live(2, ONE), done=())
    assert key not in {task.key for task in board.waiting()}
    changes = board.stopped(key)
    assert changes == [TaskChange(run_id="r2", key=key, state=TaskState.WAITING)]
    assert states(drain(board)[1]) == {"r2": RunState.FINISHED}


def test_cancelling_an_unknown_or_ended_run_does_nothing() -> None:
    assert Board().cancel("nobody") == []


@settings(deadline=None)
@given(st.data())
def test_whatever_happens_every_run_ends_once(data: st.DataObject) -> None:
    board, ends = Board(), []
    plans = [ONE, TWO, plan(replace(SPEC, seed=1))]
    for number in range(3):
        ends += _ends(board.add(live(number, plans[number], f"o{number % 2}"), done=()))
    for _ in range(200):
        if not board.runs and not board.running:
            break
        ends += _ends(_random_event(board, data))
    assert sorted(run_id for run_id, _ in ends) == ["r0", "r1", "r2"]
    assert not board.stopping


def _random_event(board: Board, data: st.DataObject) -> list[Change]:
    starts = choose(board.waiting(), board.load(), FREE) if len(board.running) < 2 else ()
    event = data.draw(st.sampled_from(["start", "finish", "finish", "fail", "cancel"]))
    if starts and (event == "start" or not board.running):
        return board.started(starts[0])
    if event == "cancel" and board.runs and data.draw(st.booleans()):
        return board.cancel(data.draw(st.sampled_from(sorted(board.runs))))
    key = data.draw(st.sampled_from(sorted(board.running)))
    if key in board.stopping:
        return board.stopped(key)
    if event == "fail" and data.draw(st.booleans()):
        return board.failed(key, Failure(error_class="killed", message="x"))
    return board.finished(key, 1.0)


def _ends(changes: list[Change]) -> list[tuple[str, RunState]]:
    return [(c.run_id, c.state) for c in changes if isinstance(c, RunChange) and c.state.final]
