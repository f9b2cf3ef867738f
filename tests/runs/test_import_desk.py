"""Imports that go wrong, that are not allowed, that come again, that are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from sqlalchemy import select

from pxcore.errors import AccessError, DatabaseAwayError, DatasetError
from pxcore.runs import datasets, import_desk, imports
from pxcore.runs.import_desk import ImportDesk
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.store.tables import artifacts
from pxcore.types import Channel, ImportProgress, ImportRequest, ImportState, Panel

SMALL = ImportRequest(path="demo", options=(("n_cells", "60"), ("size", "16")))


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    folder = tmp_path / "shelf" / "inner"
    folder.mkdir(parents=True)
    images = np.random.default_rng(0).integers(0, 4000, (12, 2, 8, 8)).astype(np.uint16)
    np.savez(folder / "cells.npz", images=images, labels=np.array(["a", "b"] * 6))
    return folder


@pytest.fixture
def lab(tmp_path: Path, shelf: Path) -> Iterator[Store]:
    opened = open_store(Settings(home=tmp_path / "home", data_folders=str(shelf.parent)))
    yield opened
    opened.close()


def quiet(_step: str, _share: float) -> None:
    return None


def one_by_one(store: Store, *requests: ImportRequest) -> list[ImportProgress]:
    ids = [imports.queue(store, request) for request in requests]
    desk = ImportDesk(store)
    deadline = time.monotonic() + 120
    while desk.busy:
        assert time.monotonic() < deadline
        desk.turn()
        time.sleep(0.02)
    desk.close()
    return [imports.progress(store, import_id) for import_id in ids]


def test_a_second_import_tells_which_names_were_not_taken(lab: Store, shelf: Path) -> None:
    sheet = shelf / "sheet.csv"
    sheet.write_text("channel,name\n1,CD3\n2,CD19\n")
    request = ImportRequest(path=str(shelf / "cells.npz"), title="first")
    renamed = replace(request, title="second", panel_sheet=str(sheet))
    same, told, part = one_by_one(lab, request, request, renamed)[0:3]
    known = datasets.one(lab, same.dataset_id)
    (notice,) = datasets.notices(known)
    assert notice == (
        f"these cells are already registered as 'first' ({known.id}); its title and panel sheet "
        "were kept: edit them under Data sets"
    )
    assert part.warnings[0] == notice
    assert notice not in (*same.warnings, *told.warnings)
    assert known.title == "first"
    assert "CD3" not in known.panel.names
    found = imports.bring_in(lab, replace(request, title="third"), quiet)
    assert "; its title was kept: edit it under" in datasets.notices(found)[0]
    assert datasets.notices(imports.bring_in(lab, request, quiet)) == ()
    imports.bring_in(lab, renamed, quiet)
    edited = datasets.edit(lab, known.id, "", Panel((Channel(name="x"), Channel(name="y"))))
    assert datasets.notices(edited) == ()


def test_the_same_pixels_stay_pictures_or_slices_as_they_came(lab: Store, shelf: Path) -> None:
    with np.load(shelf / "cells.npz") as flat:
        content = dict(flat)
    content["volumes"] = content.pop("images")[:, None]
    np.savez(shelf / "deep.npz", **content)
    first = imports.bring_in(lab, ImportRequest(path=str(shelf / "cells.npz")), quiet)
    again = imports.bring_in(lab, ImportRequest(path=str(shelf / "deep.npz")), quiet)
    assert (again.id, again.volumes) == (first.id, 0)
    assert "with 0 volumes of 0 slices; that stays" in datasets.notices(again)[0]


def test_a_folder_that_became_a_link_after_the_order_is_not_opened(
    lab: Store, shelf: Path, tmp_path: Path
) -> None:
    request = ImportRequest(path=str(shelf / "cells.npz"))
    outside = tmp_path / "outside"
    shelf.rename(outside)
    shelf.symlink_to(outside)
    sheet = replace(SMALL, panel_sheet=str(outside / "cells.npz"))
    for end in one_by_one(lab, request, sheet):
        assert end.state is ImportState.FAILED
        assert "outside the allowed folders" in end.error
    assert datasets.all_datasets(lab) == ()
    with pytest.raises(AccessError):
        imports.bring_in(lab, request, quiet, from_browser=True)
    assert imports.bring_in(lab, request, quiet).n_cells == 12  # at the terminal


def test_no_folder_but_an_uploads_own_is_removed(lab: Store) -> None:
    (lab.uploads / "ann" / "1234").mkdir(parents=True)
    (lab.uploads / "ann" / "1234" / "x.npz").write_text("x")
    paths = [lab.uploads, lab.uploads / "ann", lab.uploads / "ann" / "1234"]
    for end in one_by_one(lab, *(ImportRequest(path=str(path)) for path in paths)):
        assert end.state is ImportState.FAILED
    assert (lab.uploads / "ann" / "1234" / "x.npz").exists()


def test_an_upload_stays_until_its_last_import_has_ended(lab: Store, shelf: Path) -> None:
    """The second import of the same file still finds it."""
    place = lab.uploads / "ann" / "1234" / "cells.npz"
    place.parent.mkdir(parents=True)
    place.write_bytes((shelf / "cells.npz").read_bytes())
    ends = one_by_one(lab, *(ImportRequest(path=str(place), title=t) for t in ("one", "two")))
    assert [end.state for end in ends] == [ImportState.FINISHED] * 2
    assert not place.parent.exists()


def test_a_result_that_cannot_be_shown_ends_the_row(
    lab: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr(import_desk.Overview, "load", broken)
    (end,) = one_by_one(lab, SMALL)
    assert end.state is ImportState.FAILED
    assert "a fault of ours, reference" in end.error


def test_an_end_that_the_database_does_not_take_is_written_later(
    lab: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[str] = []
    write = ImportDesk._write

    def stubborn(desk: ImportDesk, import_id: str, **values: str | float) -> None:
        if values.get("state") == ImportState.FAILED and len(refused) < 3:
            refused.append(import_id)
            message = "database is locked"
            raise DatabaseAwayError(message)
        write(desk, import_id, **values)

    monkeypatch.setattr(ImportDesk, "_write", stubborn)
    bad, good = one_by_one(lab, ImportRequest(path=str(lab.uploads / "gone")), SMALL)
    assert len(refused) == 3
    assert (bad.state, good.state) == (ImportState.FAILED, ImportState.FINISHED)


@pytest.mark.parametrize("locked", ["file", "folder"])
def test_what_may_not_be_read_is_told(
    locked: str, lab: Store, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shelf / "cells.npz"
    if locked == "file":  # root may read everything: the system's answer is made up
        monkeypatch.setattr(os, "access", lambda *_: False)
    else:

        def refuse(place: Path) -> bool:
            raise PermissionError(13, "Permission denied", str(place))

        monkeypatch.setattr(Path, "is_dir", refuse)
    with pytest.raises(DatasetError, match=r"cells\.npz may not be read by the user .*\(chmod"):
        imports.bring_in(lab, ImportRequest(path=str(path)), quiet)


def test_pixels_labels_and_overview_have_their_rows(lab: Store) -> None:
    dataset = imports.bring_in(lab, SMALL, quiet)
    imports.bring_in(lab, SMALL, quiet)
    with lab.database.reading() as connection:
        rows = connection.execute(select(artifacts)).all()
    assert {row.kind: row.key for row in rows} == {
        "pixels": dataset.pixels_key,
        "annotation": dataset.annotation_key,
        "overview": datasets.overview_key(lab, dataset.id),
    }
    assert len(rows) == 3
    assert all(row.size == lab.artifacts.size(row.key) > 0 for row in rows)


@pytest.mark.skipif(sys.platform != "linux", reason="the parent's death is told on Linux only")
def test_a_kill_in_mid_import_leaves_no_child_and_soon_no_folder(lab: Store) -> None:
    code = (
        "import sys; from pathlib import Path; from pxcore.runs import imports\n"
        "from pxcore.settings import Settings; from pxcore.store.home import open_store\n"
        "from pxcore.types import ImportRequest\n"
        "imports.bring_in(open_store(Settings(home=Path(sys.argv[1]))), ImportRequest(\n"
        "    path='demo', options=(('n_cells', '20000'),)), lambda step, share: None)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(lab.home)]) as parent:
        deadline = time.monotonic() + 60
        while not (found := psutil.Process(parent.pid).children()) or not any(
            (lab.home / "temporary").glob("import*/pixels")
        ):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        (child,) = found
        child.suspend()  # it cannot notice by a broken pipe
        os.kill(parent.pid, signal.SIGKILL)
    gone, alive = psutil.wait_procs([child], timeout=10)
    for process in alive:
        process.kill()
    assert (gone, alive) == ([child], [])
    assert any((lab.home / "temporary").iterdir())
    imports.bring_in(lab, SMALL, quiet)
    assert not any((lab.home / "temporary").iterdir())
