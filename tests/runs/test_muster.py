"""Who may take tasks of a foreign cluster, and what is told of those who may not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pxcore.runs.execute.roll_call import NONCE, Answer, answer, code
from pxcore.runs.muster import (
    AGAIN_SECONDS,
    GRACE_SECONDS,
    OURS,
    Muster,
    arrival,
    difference,
    refusal,
)
from pxcore.runs.tasks import KINDS, Lane
from pxcore.runs.work import MARK


@pytest.fixture
def mine(tmp_path: Path) -> Answer:
    (tmp_path / "temporary").mkdir()
    (tmp_path / NONCE).write_text("ab" * 16)
    return answer(str(tmp_path), "runner")


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def muster(mine: Answer, tmp_path: Path, now: list[float]) -> Muster:
    return Muster(home=tmp_path, mine=mine, clock=lambda: now[0])


def card(muster: Muster, *names: str, admitted: bool = True, process: str = "p1") -> dict:
    own = (*names, muster.grant) if admitted else names
    return {"id": process, "name": "w", "resources": dict.fromkeys(own, 1.0)}


def test_one_that_agrees_is_admitted(mine: Answer, tmp_path: Path) -> None:
    assert mine["code"] == code()
    assert (tmp_path / "temporary" / mine["wrote"]).read_text() == mine["nonce"]
    assert refusal(mine, answer(str(tmp_path), "1"), tmp_path) == ""


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"version": "0.0.9"}, r"runs pxcore 0\.0\.9 .*install the same"),
        ({"code": "0" * 12}, r"\(code 000000000000\), the runner .*install the same"),
        ({"error": "Permission denied"}, r"cannot use the store .*Permission denied.*mount"),
        ({"nonce": "cd" * 16}, r"is another store than the runner's"),
    ],
)
def test_one_that_differs_is_refused_with_what_to_do(
    mine: Answer, tmp_path: Path, changed: dict[str, str], told: str
) -> None:
    other: Answer = {**mine, **changed}  # type: ignore[typeddict-item]
    assert re.search(told, refusal(mine, other, tmp_path))


def test_a_store_that_is_not_there_is_told(mine: Answer, tmp_path: Path) -> None:
    told = refusal(mine, answer(str(tmp_path / "elsewhere"), "1"), tmp_path / "elsewhere")
    assert "No such file or directory" in told


@pytest.mark.parametrize(
    ("key", "stopped", "told"),
    [
        ("train-" + "ab" * 8 + "-12", True, "earlier tasks"),
        ("train-" + "cd" * 8 + "-1", False, "earlier tasks"),  # somebody waits for it
        *((key, False, "somebody else") for key in (
            "sum", "a--1", "a-*-1", "a-?b*-1", "a-../work/ab*-1", "a-ab-1",
            "('x-" + "ab" * 8 + "-1', 0)", "x-train-" + "ab" * 8 + "-1", "",
        )),
    ],
)  # fmt: skip
def test_only_an_earlier_task_of_our_own_is_asked_to_stop(
    mine: Answer, tmp_path: Path, key: str, stopped: bool, told: str
) -> None:
    folders = [tmp_path / "work" / (two * 32) for two in ("ab", "cd")]
    for folder in folders:
        folder.mkdir(parents=True)
    newcomer: Answer = {**answer(str(tmp_path), "1"), "busy": [key]}
    assert told in arrival(mine, newcomer, tmp_path, {"cd" * 32: "train-" + "cd" * 8 + "-2"})
    assert [(folder / MARK).exists() for folder in folders] == [stopped, False]
    assert all(OURS.fullmatch(f"{kind}-{'ab' * 8}-1") for kind in KINDS)


def test_a_newcomer_that_is_idle_is_ready_once_its_file_is_here(
    mine: Answer, tmp_path: Path
) -> None:
    newcomer = answer(str(tmp_path), "1")
    assert arrival(mine, newcomer, tmp_path, ()) == ""
    assert "is not seen here" in arrival(mine, newcomer, tmp_path, ())


def test_other_versions_of_torch_and_python_are_told_only(mine: Answer, tmp_path: Path) -> None:
    other: Answer = {**mine, "python": "3.9.1", "packages": {**mine["packages"], "torch": "1.0"}}
    assert refusal(mine, other, tmp_path) == ""
    assert "Python 3.9.1 (the runner: " in difference(mine, other)
    assert "torch 1.0 (the runner: " in difference(mine, other)
    assert difference(mine, mine) == ""


def test_only_the_admitted_count(muster: Muster) -> None:
    workers = {"a": card(muster, "CPU"), "b": card(muster, "CPU", admitted=False),
               "c": card(muster, "LIGHT")}  # fmt: skip
    assert muster.due(workers) == ["b"]
    assert muster.lanes(workers) == {Lane.HEAVY: 1, Lane.LIGHT: 1}
    assert muster.resource(Lane.HEAVY, muster.admitted(workers)) == "CPU"


def test_workers_without_resources_take_everything(muster: Muster) -> None:
    workers = {"a": card(muster), "b": card(muster)}
    assert muster.lanes(workers) == {Lane.HEAVY: 2, Lane.LIGHT: 1}
    assert muster.resource(Lane.LIGHT, workers) == ""
    assert muster.problem(workers) == ""


def test_a_gpu_that_starts_again_is_waited_for_then_another_serves(
    muster: Muster, now: list[float]
) -> None:
    both = {"g": card(muster, "GPU"), "c": card(muster, "CPU"), "l": card(muster, "LIGHT")}
    assert muster.resource(Lane.HEAVY, both) == "GPU"
    rest = {at: one for at, one in both.items() if at != "g"}
    now[0] = GRACE_SECONDS - 1
    assert muster.lanes(rest)[Lane.HEAVY] == 0
    assert "no worker that offers GPU or CPU is connected" in muster.problem(rest)
    now[0] = GRACE_SECONDS + 1
    assert muster.resource(Lane.HEAVY, rest) == "CPU"
    assert muster.lanes(rest)[Lane.HEAVY] == 1


def test_a_refused_worker_is_asked_again_later_or_when_it_is_another_process(
    muster: Muster, now: list[float]
) -> None:
    workers = {"a": card(muster, admitted=False)}
    muster.heard("a", workers["a"], "it differs")
    assert muster.due(workers) == []
    assert "worker w (a): it differs" in muster.problem(workers)
    assert "no worker that is connected may take tasks" in muster.problem(workers)
    assert muster.due({"a": card(muster, admitted=False, process="p2")}) == ["a"]
    now[0] = AGAIN_SECONDS + 1
    assert muster.due(workers) == ["a"]
    muster.due({})
    assert muster.problem({}).startswith("no worker is connected")


def test_many_problems_are_told_in_few_words(muster: Muster) -> None:
    workers = {str(n): card(muster, admitted=False) for n in range(9)}
    for at, one in workers.items():
        muster.heard(at, one, "it differs")
    assert muster.problem(workers).endswith("(and 7 more)")
