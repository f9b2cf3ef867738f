"""Deleting: by owners, of what has ended, with what uses it or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update

from pxcore.errors import AccessError, DatasetError, PanelError, PlanChangedError, RunError
from pxcore.runs import datasets, heart, ledger, sharing
from pxcore.runs.board import RunChange
from pxcore.runs.staged import shelf
from pxcore.runs.upkeep import deletion, users
from pxcore.store import audit
from pxcore.store.home import Store
from pxcore.store.tables import metadata
from pxcore.types import RunState
from pxcore.types.people import Person, Rank
from pxcore.types.staged import Instrument, StagedPlan, StagedRun
from tests.report_values import report
from tests.runs.upkeep.made_store import made_dataset, made_run, queued_run


def seen_by(store: Store, name: str, rank: Rank = Rank.MEMBER) -> Store:
    return store.seen_by(Person(name=name, rank=rank, id=name))


def plan_on(store: Store, dataset_id: str, run_id: str = "", owner: str = "ann") -> StagedPlan:
    run = StagedRun(number=1, markers=("CD3",), dataset_id=dataset_id, run_id=run_id)
    plan = StagedPlan(
        id="", title="stages", version=0, step=3, owner=owner, runs=(run,),
        instrument=Instrument(id="unknown", label="unknown", slots=4),
    )  # fmt: skip
    return shelf.add(store, plan, owner, "made")


def told(store: Store) -> list[tuple[str, str, str]]:
    return [(one.who, one.action, one.subject) for one in audit.rows(store)]


def test_an_owner_deletes_a_run_and_it_is_written_down(store: Store) -> None:
    run_id = made_run(store, made_dataset(store))
    deletion.delete_run(seen_by(store, "ann"), run_id)
    assert ledger.records(store) == ()
    assert ledger.task_rows(store, run_id) == ()
    assert ("ann", "run deleted", run_id) in told(store)
    with pytest.raises(RunError, match="not known"):
        deletion.delete_run(store, run_id)


@pytest.mark.parametrize(
    ("name", "rank"), [("bob", Rank.MEMBER), ("ann", Rank.READER), ("", Rank.MEMBER)]
)
def test_others_and_readers_do_not(store: Store, name: str, rank: Rank) -> None:
    run_id = made_run(store, made_dataset(store))
    asking = seen_by(store, name, rank)
    assert not deletion.may_delete(asking, "run", run_id)
    with pytest.raises(AccessError):
        deletion.delete_run(asking, run_id)
    assert len(ledger.records(store)) == 1
    assert deletion.may_delete(seen_by(store, "eve", Rank.ADMIN), "run", run_id)


def test_a_private_run_of_somebody_else_is_not_there_at_all(store: Store) -> None:
    dataset = made_dataset(store)
    run_id = made_run(store, dataset, title="secret")
    _set(store, "runs", private=True)
    _set(store, "datasets", owner="bob")
    bob = seen_by(store, "bob")
    assert not deletion.may_delete(bob, "run", run_id)
    with pytest.raises(RunError, match="not known"):
        users.uses(bob, "run", run_id)
    with pytest.raises(DatasetError, match="is used by 1 more") as found:
        deletion.delete_dataset(bob, dataset.id)
    assert run_id not in str(found.value)
    assert "secret" not in str(found.value)
    assert users.uses(bob, "dataset", dataset.id).foreign == 1
    with pytest.raises(RunError, match="not known") as unknown:
        users.kind_of(bob, run_id)
    with pytest.raises(RunError) as never:
        users.kind_of(bob, "0" * 12)
    assert str(unknown.value).replace(run_id, "") == str(never.value).replace("0" * 12, "")
    assert users.kind_of(seen_by(store, "ann"), run_id) == "run"


@pytest.mark.parametrize(
    ("name", "rank"), [("bob", Rank.MEMBER), ("ann", Rank.READER), ("", Rank.MEMBER)]
)
def test_only_whoever_may_delete_is_told_what_uses_it(store: Store, name: str, rank: Rank) -> None:
    """The count has others' private runs in it."""
    dataset = made_dataset(store)
    run_id = made_run(store, dataset)
    plan = plan_on(store, dataset.id)
    _set(store, "datasets", owner="ann")
    for kind, subject in (("dataset", dataset.id), ("run", run_id), ("plan", plan.id)):
        with pytest.raises(AccessError):
            users.uses(seen_by(store, name, rank), kind, subject)  # type: ignore[arg-type]
        assert users.uses(seen_by(store, "ann"), kind, subject).title  # type: ignore[arg-type]


def test_links_that_others_made_end_with_what_they_show(store: Store) -> None:
    """Its owner could not revoke them afterwards: nothing says any more that it was theirs."""
    dataset = made_dataset(store)
    run_id, other = made_run(store, dataset), made_run(store, dataset, seed=3)
    plan = plan_on(store, dataset.id)
    ann, bob = seen_by(store, "ann"), seen_by(store, "bob")
    both = replace(report(subject=f"{run_id},{other}"), kind="comparison")
    shown = (report(subject=run_id), both, replace(report(subject=plan.id), kind="plan"))
    own, foreign = ([sharing.keep(one, what) for what in shown] for one in (ann, bob))
    spared = sharing.keep(bob, report(subject="another"))
    ended, stays = sharing.keep(bob, shown[0]), users.uses(ann, "plan", plan.id)
    sharing.revoke(bob, ended[0].id)
    assert (stays.links, stays.links_end) == (1, 1)
    told_first = users.uses(ann, "run", run_id)
    assert (told_first.links, told_first.links_end) == (2, 2)
    deletion.delete_run(ann, run_id)
    deletion.delete_plan(ann, plan.id)
    for (row, token), what in zip(foreign, shown, strict=True):
        with pytest.raises(AccessError, match="was taken back"):
            sharing.opened(store, token)
        assert ("ann", "share revoked", row.id) in told(store), what
    for (_, token), what in zip((*own, spared), (*shown, report(subject="another")), strict=True):
        assert sharing.opened(store, token) == what


def test_links_end_with_the_data_set_that_takes_their_run_along(store: Store) -> None:
    dataset = made_dataset(store)
    run_id = made_run(store, dataset)
    _, token = sharing.keep(seen_by(store, "bob"), report(subject=run_id))
    assert users.uses(store, "dataset", dataset.id).links_end == 1
    deletion.delete_dataset(store, dataset.id, and_runs=True)
    with pytest.raises(AccessError, match="was taken back"):
        sharing.opened(store, token)


def _set(store: Store, table: str, **values: object) -> None:
    with store.database.writing() as connection:
        connection.execute(update(metadata.tables[table]).values(**values))


@pytest.mark.parametrize("state", [RunState.QUEUED, RunState.RUNNING])
def test_a_run_that_has_not_ended_is_refused(store: Store, state: RunState) -> None:
    run_id = queued_run(store, made_dataset(store))
    ledger.apply(store, [RunChange(run_id=run_id, state=state)])
    with pytest.raises(RunError, match="cancel it first"):
        deletion.delete_run(store, run_id)


def test_a_cancelled_run_that_nobody_began_goes_unless_a_runner_may_be_at_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = queued_run(store, made_dataset(store))
    ledger.request_cancel(store, run_id, "ann")
    with monkeypatch.context() as patch:
        patch.setattr(heart, "locked", lambda _store: True)
        with pytest.raises(RunError, match="is being cancelled"):
            deletion.delete_run(store, run_id)
    deletion.delete_run(store, run_id)
    assert ledger.records(store) == ()


def test_a_data_set_in_use_says_by_what_and_goes_with_it_only_when_told(
    database: str, store: Store
) -> None:
    dataset = made_dataset(store)
    run_id = made_run(store, dataset, title="ranked")
    plan = plan_on(store, dataset.id, run_id)
    uses = users.uses(store, "dataset", dataset.id)
    assert (uses.runs, uses.plans) == (((run_id, "ranked"),), ((plan.id, "stages"),))
    with pytest.raises(DatasetError, match=r"run 'ranked'.*--and-runs"):
        deletion.delete_dataset(store, dataset.id)
    deletion.delete_dataset(store, dataset.id, and_runs=True)
    assert (datasets.all_datasets(store), ledger.records(store)) == ((), ())
    assert shelf.every(store) == ()
    assert {action for _, action, _ in told(store)} >= {
        "dataset deleted", "run deleted", "plan deleted",
    }  # fmt: skip


def test_nothing_goes_when_one_part_may_not(store: Store) -> None:
    dataset = made_dataset(store)
    _set(store, "datasets", owner="bob")
    run_id = made_run(store, dataset, owner="ann")
    with pytest.raises(AccessError, match="1 runs or plans of others"):
        deletion.delete_dataset(seen_by(store, "bob"), dataset.id, and_runs=True)
    queued_run(store, dataset, seed=9)
    with pytest.raises(RunError, match="cancel it first"):
        deletion.delete_dataset(store, dataset.id, and_runs=True)
    assert run_id in {one.id for one in ledger.records(store)}
    assert users.uses(store, "dataset", dataset.id).live == 1


def test_a_run_that_a_plan_once_named_asks_first(store: Store) -> None:
    dataset = made_dataset(store)
    run_id = made_run(store, dataset)
    plan = plan_on(store, dataset.id, run_id)
    later = shelf.save(store, replace(plan, runs=()), "ann", "detached")
    with pytest.raises(RunError, match="'stages'"):
        deletion.delete_run(store, run_id)
    deletion.delete_run(store, run_id, and_plans=True)
    with pytest.raises(PanelError, match="not known"):
        shelf.one(store, later.id)


def test_a_deleted_plan_does_not_come_back_by_a_tab_that_was_open(store: Store) -> None:
    plan = plan_on(store, made_dataset(store).id)
    assert users.kind_of(store, plan.id) == "plan"
    deletion.delete_plan(store, plan.id)
    with pytest.raises(PanelError, match="deleted"):
        shelf.save(store, plan, "ann", "went on")
    assert shelf.every(store) == ()
    assert not issubclass(PanelError, PlanChangedError)
