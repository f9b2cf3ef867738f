"""A backup is a store: whole, incremental, and back again with the same results."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import update

from pxcore.errors import AccessError, OutOfDiskError, RunError, StoreError
from pxcore.people import accounts
from pxcore.runs import datasets, heart, imports, ledger, sharing
from pxcore.runs.runner_lock import hold_lock
from pxcore.runs.staged import shelf
from pxcore.runs.upkeep import backup as backups
from pxcore.runs.upkeep import cleanup, deletion, rows
from pxcore.runs.upkeep.checking import check
from pxcore.runs.upkeep.restore import restore
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.store.tables import heartbeats, shares
from pxcore.types import ImportRequest, ImportState
from pxcore.types.people import Rank
from pxcore.types.upkeep import BackedUp, Restored
from tests.report_values import report
from tests.runs.upkeep.made_store import keys_of, made_dataset, made_run, name, put
from tests.runs.upkeep.test_deletion import plan_on


def quiet(_step: str, _share: float) -> None: ...


def back_up(store: Store, target: Path, *, link: bool = False, without_cells: bool = False) -> (
    BackedUp
):  # fmt: skip
    return backups.backup(store, target, quiet, link=link, without_cells=without_cells)


def bring_back(target: Path, home: Path, *, anyway: bool = False) -> Restored:
    return restore(Settings(home=home), target, quiet, anyway=anyway)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "elsewhere" / "backup"


@pytest.fixture
def again(tmp_path: Path) -> Iterator[Path]:
    return tmp_path / "again"


def all_rows(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.database.reading() as connection:
        return {
            table.name: sorted(tuple(row) for row in connection.execute(table.select()))
            for table in rows.metadata.sorted_tables
            if table.name not in rows.LEFT_OUT
        }


def test_a_restored_store_has_every_row_and_every_byte(
    database: str, store: Store, target: Path, again: Path
) -> None:
    dataset = made_dataset(store)
    run_id = made_run(store, dataset)
    plan_on(store, dataset.id, run_id)
    put(store, name("loose"))
    (store.weights / "mine.pt").write_bytes(b"weights")
    (store.artifacts.work(min(keys_of(store, run_id))) / "log.txt").write_text("told")
    done = back_up(store, target)
    assert (done.copied, done.damaged) == (len(keys_of(store, run_id)) + 3, ())
    assert oct((target / rows.DATABASE).stat().st_mode)[-3:] == "600"
    brought = bring_back(target, again)
    assert (brought.datasets, brought.runs, brought.gone) == (1, 1, ())
    with closing(open_store(Settings(home=again))) as other:
        expected = all_rows(store)
        with_files = [row for row in expected["artifacts"] if row[0] != name("loose")]
        assert all_rows(other) == {**expected, "artifacts": with_files}
        assert check(other, quiet).sound
        for key in keys_of(store, run_id):
            assert (other.artifacts.folder(key) / "a.txt").read_text() == "a result"
        assert not other.artifacts.has(name("loose"))
        assert (other.weights / "mine.pt").read_bytes() == b"weights"
        assert shelf.every(other) == shelf.every(store)


def test_a_second_backup_copies_what_is_new_and_drops_what_went(store: Store, target: Path) -> None:
    dataset = made_dataset(store)
    first = made_run(store, dataset)
    back_up(store, target)
    second = made_run(store, dataset, seed=7)
    new = keys_of(store, second) - keys_of(store, first)
    assert back_up(store, target).copied == len(new)
    old = keys_of(store, first) - keys_of(store, second)
    deletion.delete_run(store, first)
    done = back_up(store, target)
    assert (done.copied, done.removed) == (0, len(old))


def test_a_backup_that_is_cut_off_leaves_the_earlier_one(
    store: Store, target: Path, again: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = made_dataset(store)
    first = made_run(store, dataset)
    back_up(store, target)
    made_run(store, dataset, seed=7)

    def cut(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(backups, "_put_rows", cut)
        with pytest.raises(OutOfDiskError, match="is full"):
            back_up(store, target)
    assert bring_back(target, again).runs == 1
    with closing(open_store(Settings(home=again))) as other:
        assert [one.id for one in ledger.records(other)] == [first]
        assert check(other, quiet).sound


def test_what_is_made_after_the_rows_were_read_does_no_harm(
    store: Store, target: Path, again: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = made_dataset(store)
    made_run(store, dataset)
    real, late = backups.copy_artifacts, []

    def while_working(*args: object, **more: object) -> object:
        late.append(made_run(store, dataset, seed=3))
        deletion.delete_run(store, ledger.records(store)[-1].id)
        monkeypatch.setattr(cleanup, "LOCK_SECONDS", 0.1)
        loose = cleanup.preview(store, 0.0)
        with pytest.raises(StoreError, match="under way"):  # files stay until the copy is whole
            cleanup.carry_out(store, loose, 0.0)
        return real(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(backups, "copy_artifacts", while_working)
    back_up(store, target)
    assert bring_back(target, again).gone == ()
    with closing(open_store(Settings(home=again))) as other:
        assert late[0] not in {one.id for one in ledger.records(other)}
        assert check(other, quiet).sound


def test_links_share_files_but_never_the_list_of_checksums(store: Store, target: Path) -> None:
    run_id = made_run(store, made_dataset(store))
    back_up(store, target, link=True)
    key = min(keys_of(store, run_id))
    mine, theirs = (root / "artifacts" / key[:2] / key for root in (store.home, target))
    assert (mine / "a.txt").stat().st_ino == (theirs / "a.txt").stat().st_ino
    assert (mine / ".sha256").stat().st_ino != (theirs / ".sha256").stat().st_ino


def test_damage_is_not_copied_over(store: Store, target: Path, again: Path) -> None:
    run_id = made_run(store, made_dataset(store))
    key = min(keys_of(store, run_id))
    (store.artifacts.folder(key) / "a.txt").write_text("wrong")
    assert back_up(store, target).damaged == (key,)
    assert [run_id in one for one in bring_back(target, again).gone] == [True]


def test_a_damaged_backup_is_refused_and_taken_anyway_when_told(
    store: Store, target: Path, again: Path
) -> None:
    run_id = made_run(store, made_dataset(store))
    back_up(store, target)
    key = min(keys_of(store, run_id))
    file = target / "artifacts" / key[:2] / key / "a.txt"
    file.write_bytes(bytes([file.read_bytes()[0] ^ 1]) + file.read_bytes()[1:])
    with pytest.raises(StoreError, match=r"1 artifacts of the backup.*--anyway"):
        bring_back(target, again)
    brought = bring_back(target, again, anyway=True)  # into what the first try left
    assert brought.damaged == (key,)
    assert len(brought.gone) == 1


def test_without_cells_data_sets_come_back_by_importing_again(
    store: Store, target: Path, again: Path
) -> None:
    dataset = made_dataset(store)
    assert back_up(store, target, without_cells=True).without_cells == 1
    (gone,) = bring_back(target, again).gone
    assert gone.startswith(dataset.pixels_key[:12])
    assert "Import the same file again" in gone


def test_an_import_under_way_is_told_to_begin_again(
    store: Store, target: Path, again: Path
) -> None:
    imports.queue(store, ImportRequest(path="demo"))
    back_up(store, target)
    bring_back(target, again)
    with closing(open_store(Settings(home=again))) as other:
        (one,) = imports.all_imports(other)
    assert one.state is ImportState.FAILED
    assert "start it again" in one.error


def test_nobody_else_may_look_into_a_backup(
    store: Store, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_dataset(store)
    for _ in ("an empty folder, as a mount point is", "an earlier backup"):
        target.mkdir(parents=True, exist_ok=True)
        target.chmod(0o755)
        back_up(store, target)
        assert oct(target.stat().st_mode)[-3:] == "700"
    target.chmod(0o750)
    monkeypatch.setattr(Path, "chmod", lambda *_: None)  # as on a disk that keeps no rights
    with pytest.raises(StoreError, match=r"mode 750.*private runs"):
        back_up(store, target)


def test_links_and_people_of_then_are_not_trusted_blindly(
    store: Store, target: Path, again: Path
) -> None:
    """Between backup and restore somebody was shut out and a link revoked."""
    run_id = made_run(store, made_dataset(store))
    for who, rank in (("Ann", Rank.ADMIN), ("Bob", Rank.MEMBER), ("Cid", Rank.MEMBER)):
        accounts.add(store, who, rank, "four words in a row")
    accounts.set_active(store, "Cid", active=False)
    shown = report(subject=run_id)
    (kept, token), (late, other) = (sharing.keep(store, shown) for _ in range(2))
    (gone, _), (old, _) = (sharing.keep(store, shown) for _ in range(2))
    sharing.revoke(store, gone.id)
    _end_before(store, old.id)
    back_up(store, target)
    sharing.revoke(store, late.id)
    brought = bring_back(target, again)
    assert (brought.links, brought.accounts) == (2, 2)
    with closing(open_store(Settings(home=again))) as there:
        for one in (token, other):
            with pytest.raises(AccessError, match="expired"):
                sharing.opened(there, one)
        with pytest.raises(AccessError, match="for good"):
            sharing.extend(there, gone.id)
        sharing.extend(there, kept.id)
        assert sharing.opened(there, token) == shown


def _end_before(store: Store, share_id: str) -> None:
    with store.database.writing() as connection:
        connection.execute(update(shares).where(shares.c.id == share_id).values(expires=1.0))


def test_wrong_places_are_refused(store: Store, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("mine")
    for wrong, said in (
        (store.home / "backup", "inside each other"),
        (tmp_path, "inside each other"),
        (other, "files that are no backup"),
    ):
        with pytest.raises(StoreError, match=said):
            back_up(store, wrong)
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / backups.NOTE).write_text(json.dumps({"home": "/another/lab"}))
    with pytest.raises(StoreError, match="a backup of the store /another/lab"):
        back_up(store, foreign)
    assert [one.name for one in other.iterdir()] == ["thesis.txt"]


def test_a_store_in_use_is_not_restored_over(store: Store, target: Path, again: Path) -> None:
    made_dataset(store)
    back_up(store, target)
    with pytest.raises(StoreError, match="is not empty"):
        bring_back(target, store.home)
    with (
        closing(open_store(Settings(home=again))) as empty,
        hold_lock(empty),
        pytest.raises(RunError, match="stop it"),
    ):
        bring_back(target, again)
    with closing(open_store(Settings(home=again))) as empty:
        heart.beat(empty, heart.Pulse(workers=1, device="cpu", running=0, queued=0))
        _told_by_another_host(empty, clock_off=0.0)
        with pytest.raises(RunError, match="a runner serves"):  # it has no lock on this host
            bring_back(target, again)
        assert datasets.all_datasets(empty) == ()
        _told_by_another_host(empty, clock_off=-2 * heart.SILENT_SECONDS)
    with pytest.raises(StoreError, match="no finished backup"):
        bring_back(again, again)
    assert bring_back(target, again).datasets == 1
    assert len(datasets.all_datasets(store)) == 1


def _told_by_another_host(store: Store, clock_off: float) -> None:
    """Make the runner's row one that another host wrote, so many seconds from now."""
    told = {"host": "elsewhere", "host_id": "elsewhere", "beat": time.time() + clock_off}
    with store.database.writing() as connection:
        connection.execute(update(heartbeats).values(**told))
