"""Uploads go with their import, are swept when nothing names them, and stay within bounds."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from pxcore.errors import DatasetError
from pxcore.runs import folders, imports
from pxcore.runs.sources import expected_bytes
from pxcore.runs.upkeep import cleanup
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import ImportRequest

LONG = folders.SWEPT_AFTER + 60


@pytest.fixture
def an_hour_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the host run for an hour more: what is uploaded keeps its first moment."""
    clock = SimpleNamespace(time=time.time, monotonic=lambda: time.monotonic() + LONG)
    begun = folders.owned
    monkeypatch.setattr(folders, "owned", lambda _: begun(f"{time.monotonic():.0f}"))
    monkeypatch.setattr(folders, "time", clock)


def age(path: Path, seconds: float = LONG) -> None:
    for one in (path, path.parent):
        os.utime(one, (time.time() - seconds,) * 2)


def dead(path: Path) -> Path:
    """Return an upload as a process left it that has died."""
    begun, host, *_ = path.parent.name.split("~")
    left = path.parent.rename(path.parent.with_name(f"{begun}~{host}~{2**22 + 1}~1~00000000"))
    return left / path.name


def upload(store: Store, content: bytes = b"x", owner: str = "ann") -> Path:
    return folders.save_upload(store, "a.h5", io.BytesIO(content), owner)


@pytest.mark.usefixtures("an_hour_on")
def test_only_old_uploads_that_no_import_names_are_swept(store: Store) -> None:
    named, sheet, left, fresh = (upload(store) for _ in range(4))
    imports.queue(store, ImportRequest(path=str(named), panel_sheet=str(sheet)))
    for path in (named, sheet, left):
        age(path)
    folders.sweep_uploads(store)
    assert [path.exists() for path in (named, sheet, left, fresh)] == [True, True, False, True]


@pytest.mark.usefixtures("an_hour_on")
def test_nobody_is_locked_out_after_failures(store: Store) -> None:
    for _ in range(folders.UPLOADS_PER_OWNER):
        age(upload(store))
    assert upload(store).exists()
    assert len(list((store.uploads / "ann").iterdir())) == 1


def test_a_clock_that_is_set_forward_sweeps_no_open_form(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the process lives that took the file; what a dead one left goes."""
    mine, left = upload(store), dead(upload(store))
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 2 * 86_400)
    assert [one.label for one in cleanup.preview(store)] == ["upload without an import"]
    assert cleanup.preview(store)[0].id == left.parent.relative_to(store.home).as_posix()
    folders.sweep_uploads(store)
    assert (mine.exists(), left.exists()) == (True, False)


@pytest.mark.usefixtures("an_hour_on")
def test_an_upload_that_is_still_written_is_not_swept(store: Store) -> None:
    place = upload(store)
    age(place)
    os.utime(place)  # the folder is old, the file grows
    folders.sweep_uploads(store)
    assert place.exists()


def test_forgetting_removes_uploads_only(store: Store, tmp_path: Path) -> None:
    mine, named = upload(store), upload(store)
    imports.queue(store, ImportRequest(path=str(named)))
    outside = tmp_path / "kept" / "a.h5"
    outside.parent.mkdir()
    outside.write_bytes(b"x")
    for path in (mine, named, outside, store.uploads / "ann", store.uploads):
        folders.forget_upload(store, path)
    assert not mine.parent.exists()
    assert named.exists()
    assert outside.exists()


def test_all_uploads_together_are_bounded_and_nothing_half_stays(tmp_path: Path) -> None:
    small = open_store(Settings(home=tmp_path / "home", max_upload_mb=1))
    for number in range(folders.ALL_UPLOADS):
        upload(small, b"x" * 2**20, owner=f"owner{number}")
    with pytest.raises(DatasetError, match=r"more than 4 MiB.*wait for their imports"):
        upload(small, owner="late")
    assert list((small.uploads / "late").iterdir()) == []
    small.close()


def test_a_source_that_breaks_leaves_nothing(store: Store) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(size)

    with pytest.raises(OSError, match="1048576"):
        folders.save_upload(store, "a.h5", Broken(), "ann")
    assert list((store.uploads / "ann").iterdir()) == []


def test_a_home_behind_a_link_still_takes_uploads(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    linked = open_store(Settings(home=tmp_path / "link"))
    folders.check_registrable(linked, str(upload(linked)))
    linked.close()


def test_a_drawing_is_reckoned_with_before_it_is_drawn() -> None:
    options = (("n_images", "100"), ("channels", "40"), ("size", "64"))
    request = ImportRequest(path="multiplex_circles", options=options)
    assert expected_bytes(request) == 100 * 40 * 64 * 64
    demo = ImportRequest(path="demo", options=(("n_cells", "50"), ("size", "20")))
    assert expected_bytes(demo) == 50 * 9 * 20 * 20 * 2
    assert expected_bytes(ImportRequest(path="demo", options=(("n_cells", "none"),))) == 0
