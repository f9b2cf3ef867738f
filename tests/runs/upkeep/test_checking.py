"""A check finds what is wrong, tells whom it concerns, and mends what can be mended."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import delete

from pxcore.runs.upkeep import checking, deletion
from pxcore.store.home import Store
from pxcore.store.manifests import MANIFEST
from pxcore.store.tables import artifacts
from pxcore.types.upkeep import Checked, Trouble
from tests.runs.upkeep.made_store import keys_of, made_dataset, made_run, name, put


def check(store: Store, *, repair: bool = False) -> Checked:
    return checking.check(store, lambda _step, _share: None, repair=repair)


def found(checked: Checked) -> set[tuple[Trouble, str]]:
    return {(one.trouble, one.key) for one in checked.findings}


@pytest.fixture
def run_id(store: Store) -> str:
    return made_run(store, made_dataset(store))


def test_a_whole_store_is_sound(store: Store, run_id: str) -> None:
    checked = check(store)
    assert checked.sound
    assert checked.findings == ()
    assert checked.artifacts == len(keys_of(store, run_id)) + 3


@pytest.mark.parametrize("what", ["flip", "remove", "add", "shorten"])
def test_one_changed_byte_or_file_is_found_and_named(store: Store, run_id: str, what: str) -> None:
    key = min(keys_of(store, run_id))
    file = store.artifacts.folder(key) / "a.txt"
    content = file.read_bytes()
    {
        "flip": lambda: file.write_bytes(content[:3] + bytes([content[3] ^ 1]) + content[4:]),
        "remove": file.unlink,
        "add": lambda: file.with_name("b.txt").write_text("foreign"),
        "shorten": lambda: file.write_bytes(content[:-1]),
    }[what]()
    checked = check(store)
    assert not checked.sound
    assert found(checked) == {(Trouble.DAMAGED, key)}
    assert run_id in checked.findings[0].said


def test_a_repair_sets_damage_aside_so_that_it_is_computed_again(store: Store, run_id: str) -> None:
    key = min(keys_of(store, run_id))
    (store.artifacts.folder(key) / "a.txt").write_text("wrong")
    repaired = check(store, repair=True)
    assert not repaired.sound  # it was not: the run has to be started again
    assert repaired.findings[0].repaired.startswith("set aside")
    assert not store.artifacts.has(key)
    assert list((store.home / "damaged").rglob("a.txt"))
    assert found(check(store)) == {(Trouble.GONE, key)}
    put(store, key)  # as the run does that is started again
    assert check(store).findings == ()


def test_files_that_are_gone_are_told_with_what_to_do(store: Store, run_id: str) -> None:
    dataset_key = "0" * 64
    key = min(keys_of(store, run_id))
    for one in (key, dataset_key):
        shutil.rmtree(store.artifacts.folder(one))
    checked = check(store)
    said = {one.key: one.said for one in checked.findings}
    assert found(checked) == {(Trouble.GONE, key), (Trouble.GONE, dataset_key)}
    assert "start the run again" in said[key]
    assert "Import the same file again" in said[dataset_key]


def test_rows_and_files_alone_are_told_apart_and_mended(store: Store, run_id: str) -> None:
    lost, left = name("lost"), name("left")
    put(store, lost)
    put(store, left)
    shutil.rmtree(store.artifacts.folder(lost))
    needed = min(keys_of(store, run_id))
    with store.database.writing() as connection:
        connection.execute(delete(artifacts).where(artifacts.c.key.in_([left, needed])))
    expected = {
        (Trouble.ROW_ALONE, lost), (Trouble.FILES_ALONE, left), (Trouble.FILES_ALONE, needed),
    }  # fmt: skip
    checked = check(store)
    assert found(checked) == expected
    assert checked.sound
    check(store, repair=True)
    assert found(check(store)) == {(Trouble.FILES_ALONE, left)}  # for a clean-up


def test_older_artifacts_without_a_checksum_are_no_damage(store: Store, run_id: str) -> None:
    key = min(keys_of(store, run_id))
    (store.artifacts.folder(key) / MANIFEST).unlink()
    checked = check(store)
    assert found(checked) == {(Trouble.NO_CHECKSUM, key)}
    assert checked.sound


def test_what_is_deleted_meanwhile_is_not_missed(
    store: Store, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, once = keys_of(store, run_id), []
    real = checking._of_files

    def of_files(*args: object) -> object:
        if not once:
            once.append(1)
            deletion.delete_run(store, run_id)
            for key in keys:
                shutil.rmtree(store.artifacts.folder(key))
            with store.database.writing() as connection:
                connection.execute(delete(artifacts).where(artifacts.c.key.in_(keys)))
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(checking, "_of_files", of_files)
    assert check(store).findings == ()


def test_sha256sum_reads_what_an_artifact_says_of_itself(store: Store, run_id: str) -> None:
    tool = shutil.which("sha256sum")
    if tool is None:
        pytest.skip("no sha256sum on this host")
    folder: Path = store.artifacts.folder(min(keys_of(store, run_id)))
    done = subprocess.run([tool, "-c", MANIFEST], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0
