"""From a file to a registered data set, its gallery, its labels; nothing half-registered."""

from __future__ import annotations

import io
import json
import os
import shutil
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pxcore.api import open_lab
from pxcore.errors import AccessError, DatasetError, MethodError, PanelError, StoreError
from pxcore.runs import datasets, folders, galleries, imports
from pxcore.runs.import_desk import ImportDesk
from pxcore.runs.plan import plan
from pxcore.runs.preview import permuted_example
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import Channel, ImportRequest, ImportState, Panel
from tests.tiny_lab import tiny_spec

N, SHAPE = 24, (3, 12, 12)


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "cells.npz"
    path.parent.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    np.savez(
        path,
        images=rng.integers(0, 4000, (N, *SHAPE)).astype(np.uint16),
        labels=np.array(["a", "b"] * (N // 2)),
    )
    return path


def quiet(_step: str, _share: float) -> None:
    return None


def rows_and_artifacts(store: Store) -> tuple[int, int, int]:
    return (
        len(datasets.all_datasets(store)),
        len(list((store.home / "artifacts").glob("*/*"))),
        len(list((store.home / "temporary").iterdir())),
    )


def test_the_same_file_twice_is_one_data_set(store: Store, stack: Path) -> None:
    told: list[tuple[str, float]] = []
    request = ImportRequest(path=str(stack), title="first", owner="ann")
    first = imports.bring_in(store, request, lambda step, share: told.append((step, share)))
    again = imports.bring_in(store, replace(request, title="second", owner="bob"), quiet)
    assert (again.id, again.title, again.created) == (first.id, "first", first.created)
    assert (first.title, first.owner, first.classes) == ("first", "ann", ("a", "b"))
    assert first.n_cells == N
    assert first.report is not None
    assert told[-1][1] <= 1.0
    assert rows_and_artifacts(store) == (1, 3, 0)
    copy = stack.with_name("renamed.npz")
    copy.write_bytes(stack.read_bytes())
    assert imports.bring_in(store, replace(request, path=str(copy)), quiet).id == first.id


@pytest.mark.parametrize("content", [b"", b"not a file of cells", b"PK\x03\x04 broken"])
def test_a_bad_file_leaves_nothing(store: Store, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.npz"
    path.write_bytes(content)
    with pytest.raises(DatasetError):
        imports.bring_in(store, ImportRequest(path=str(path)), quiet)
    assert rows_and_artifacts(store) == (0, 0, 0)


def test_a_full_disk_is_told_before_the_file_is_opened(
    store: Store, stack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(store.artifacts), "free_bytes", lambda _: 10)
    with pytest.raises(StoreError, match=r"importing 'cells.npz' needs"):
        imports.bring_in(store, ImportRequest(path=str(stack)), quiet)


def test_the_desk_carries_out_queued_imports_one_by_one(tmp_path: Path, stack: Path) -> None:
    store = open_store(Settings(home=tmp_path / "home", data_folders=str(stack.parent)))
    good = imports.queue(store, ImportRequest(path=str(stack)))
    bad = imports.queue(store, ImportRequest(path=str(stack.with_name("gone.npz"))))
    desk = ImportDesk(store)
    assert desk.busy
    deadline = time.monotonic() + 120
    while desk.busy:
        assert time.monotonic() < deadline
        desk.turn()
        time.sleep(0.05)
    done, failed = imports.progress(store, good), imports.progress(store, bad)
    assert (done.state, done.share) == (ImportState.FINISHED, 1.0)
    assert datasets.one(store, done.dataset_id).n_cells == N
    assert failed.state is ImportState.FAILED
    assert "gone.npz" in failed.error
    assert [one.id for one in imports.all_imports(store)] == [bad, good]
    desk.close()
    store.close()


def test_an_import_that_a_runner_left_half_done_is_queued_again(store: Store) -> None:
    import_id = imports.queue(store, ImportRequest(path="/nowhere"))
    desk = ImportDesk(store)
    desk._write(import_id, state=ImportState.RUNNING, share=0.5)
    ImportDesk(store)
    assert imports.progress(store, import_id).state is ImportState.QUEUED


def test_an_upload_goes_after_its_import_even_when_that_fails(store: Store) -> None:
    place = folders.save_upload(store, "my cells.npz", io.BytesIO(b"nothing"), "ann")
    assert place.is_relative_to(store.uploads)
    imports.queue(store, ImportRequest(path=str(place)))
    desk = ImportDesk(store)
    while desk.busy:
        desk.turn()
        time.sleep(0.05)
    assert not place.parent.exists()
    desk.close()


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "..", "", ".hidden", "a\x00b", "x" * 300, "=1+1"]
)
def test_an_upload_never_leaves_its_folder(store: Store, name: str) -> None:
    place = folders.save_upload(store, name, io.BytesIO(b"x"), "../../ann")
    assert place.resolve().parent.parent.parent == store.uploads.resolve()
    assert place.read_bytes() == b"x"


def test_an_upload_over_quota_is_refused_and_removed(tmp_path: Path) -> None:
    small = open_store(Settings(home=tmp_path / "home", max_upload_mb=1))
    with pytest.raises(DatasetError, match=r"larger than the 1 MiB.*PXCORE_MAX_UPLOAD_MB"):
        folders.save_upload(small, "a.h5", io.BytesIO(b"x" * (2**20 + 1)), "ann")
    folders.save_upload(small, "a.h5", io.BytesIO(b"x" * 2**20), "ann")
    assert len([path for path in small.uploads.rglob("*") if path.is_file()]) == 1
    for _ in range(folders.UPLOADS_PER_OWNER - 1):
        folders.save_upload(small, "a.h5", io.BytesIO(b""), "ann")
    with pytest.raises(DatasetError, match="uploads wait"):
        folders.save_upload(small, "a.h5", io.BytesIO(b""), "ann")
    folders.save_upload(small, "a.h5", io.BytesIO(b""), "bob")
    small.close()


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    root = tmp_path / "shelf"
    (root / "inner").mkdir(parents=True)
    (root / "inner" / "b.npz").write_bytes(b"PK\x03\x04")
    (root / "a.txt").write_text("x")
    (root / ".secret").write_text("x")
    (tmp_path / "outside").mkdir()
    (root / "way-out").symlink_to(tmp_path / "outside")
    return root


def test_browsing_shows_what_may_be_registered(tmp_path: Path, shelf: Path) -> None:
    store = open_store(Settings(home=tmp_path / "home", data_folders=str(shelf)))
    assert [(e.name, e.is_folder) for e in folders.browse(store, shelf)] == [
        ("inner", True), ("a.txt", False),
    ]  # fmt: skip
    (entry,) = folders.browse(store, shelf, "inner")
    assert (entry.inside, entry.format, entry.size) == ("inner/b.npz", "NPZ", 4)
    assert entry.path == str(shelf / "inner" / "b.npz")
    folders.check_registrable(store, entry.path)
    folders.check_registrable(store, "demo")
    for inside in ("..", "inner/../..", "way-out", "/etc", "inner/../../outside"):
        with pytest.raises(AccessError):
            folders.browse(store, shelf, inside)
    with pytest.raises(AccessError, match="PXCORE_DATA_FOLDERS"):
        folders.browse(store, tmp_path)
    for path in ("/etc/passwd", f"{shelf}/../outside", f"{shelf}/way-out", "relative", "stack"):
        with pytest.raises(AccessError):
            folders.check_registrable(store, path)
    with pytest.raises(DatasetError, match="cannot be listed"):
        folders.browse(store, shelf, "nothing")
    store.close()


def test_gallery_pages_do_not_overlap_and_stay(store: Store, stack: Path) -> None:
    dataset = imports.bring_in(store, ImportRequest(path=str(stack)), quiet)
    pages = [galleries.pick_cells(store, dataset.id, "b", (page, 5), 3) for page in range(4)]
    everything = [position for page in pages for position in page]
    assert sorted(everything) == list(range(1, N, 2))
    assert galleries.pick_cells(store, dataset.id, "b", (0, 5), 3) == pages[0]
    assert len(galleries.pick_cells(store, dataset.id, None, (0, 100), 0)) == N
    with pytest.raises(DatasetError, match="it has a, b"):
        galleries.pick_cells(store, dataset.id, "c", (0, 5), 0)
    found = galleries.cells(store, dataset.id, [5, 2, 5])
    with np.load(stack) as raw:
        np.testing.assert_array_equal(found.images, raw["images"][[5, 2, 5]])
    assert found.labels.tolist() == [1, 0, 1]
    with pytest.raises(DatasetError, match="at most 256"):
        galleries.cells(store, dataset.id, [0] * 257)
    assert galleries.overview(store, dataset.id).class_by_group.sum() == N


def test_renaming_changes_no_key_and_no_old_run(store: Store, stack: Path) -> None:
    dataset = imports.bring_in(store, ImportRequest(path=str(stack)), quiet)
    spec = replace(tiny_spec(dataset), channels=())
    renamed = Panel(tuple(Channel(name=f"new{i}") for i in range(3)))
    after = datasets.edit(store, dataset.id, "title", renamed)
    assert (after.title, after.panel.names) == ("title", ("new0", "new1", "new2"))
    assert (after.id, after.pixels_key) == (dataset.id, dataset.pixels_key)
    roles = tuple(
        replace(new, role=old.role)
        for new, old in zip(renamed.channels, spec.panel.channels, strict=True)
    )
    keys = [{step.key for step in plan(s)} for s in (spec, replace(spec, panel=Panel(roles)))]
    assert keys[0] == keys[1]
    sheet = galleries.panel_sheet(store, dataset.id).replace("new1", "new1")
    assert galleries.apply_panel_sheet(store, dataset.id, sheet).panel == after.panel
    with pytest.raises(PanelError, match="has 3"):
        datasets.edit(store, dataset.id, "", renamed.take((0,)))
    with pytest.raises(DatasetError, match="is not known here"):
        datasets.one(store, "nothere")


def test_a_folder_of_files_is_offered_and_read_as_one(tmp_path: Path, shared_data: Path) -> None:
    """One file a cell: the folder is seen by names from each level above, and imported whole."""
    shelf = tmp_path / "shelf"
    files = sorted((shared_data / "scifai_layout" / "jurkat").glob("*.h5"))
    for number, file in enumerate(files):
        place = shelf / "lab" / "run" / f"donor{number % 2}" / file.name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)
    (shelf / "texts").mkdir()
    (shelf / "texts" / "a.txt").write_text("x")
    settings = Settings(home=tmp_path / "home", data_folders=str(shelf))
    with closing(open_lab(settings)) as lab:
        seen = {one.name: one.format for one in lab.imports.browse(shelf)}
        assert seen == {"lab": "HDF5 files", "texts": ""}
        (run,) = lab.imports.browse(shelf, "lab")
        made = lab.imports.start(ImportRequest(path=run.path, title=run.name))
        assert lab.imports.progress(made).state is ImportState.QUEUED
        dataset = lab.imports.bring_in(ImportRequest(path=run.path, title=run.name), quiet)
    assert (dataset.title, dataset.n_cells) == ("run", len(files))


def test_labels_that_come_later_make_another_data_set_of_the_same_pixels(
    store: Store, stack: Path
) -> None:
    dataset = imports.bring_in(store, ImportRequest(path=str(stack)), quiet)
    numbers = galleries.cells(store, dataset.id, range(N)).object_numbers
    rows = [f"{number},{'x' if i < 9 else 'y'},d{i % 3}" for i, number in enumerate(numbers)]
    text = "\n".join(["object_number,label,group", *rows])
    new = galleries.add_labels(store, dataset.id, text)
    assert new.id != dataset.id
    assert new.pixels_key == dataset.pixels_key
    assert (new.classes, new.class_counts) == (("x", "y"), (9, N - 9))
    assert new.has_groups
    assert new.title == f"{dataset.title} + labels"
    assert galleries.overview(store, new.id).class_by_group[:2].sum() == N
    assert galleries.add_labels(store, dataset.id, text) == new
    with pytest.raises(DatasetError, match="none of 1 object numbers"):
        galleries.add_labels(store, dataset.id, "object_number,label\n999999,a")
    assert len(datasets.all_datasets(store)) == 2
    once = "object_number,label\n999999,x\n" + "\n".join(f"{n},w" for n in numbers[:5])
    part = galleries.add_labels(store, new.id, once)
    assert part.title == f"{dataset.title} + labels 2"
    assert part.report is not None
    assert sum("no cell of this data set" in note for note in part.report.notes) == 1
    again = galleries.add_labels(store, part.id, "object_number,label\n" + f"{numbers[0]},v")
    assert again.report is not None
    assert not any("no cell of this data set" in note for note in again.report.notes)


def test_the_example_is_drawn_by_the_method_itself(store: Store, stack: Path) -> None:
    """Permuting pixels keeps the pixels; permuting cells brings another cell's; kept then."""
    dataset = imports.bring_in(store, ImportRequest(path=str(stack)), quiet)
    image = galleries.cells(store, dataset.id, [4]).images[0, 1]
    pixels = permuted_example(store, dataset.id, 4, 1, "pxpermute")
    np.testing.assert_array_equal(pixels.before, image)
    assert sorted(pixels.after.ravel()) == sorted(image.ravel())
    assert (pixels.after != image).mean() > 0.9
    cells = permuted_example(store, dataset.id, 4, 1, "permute_cells")
    others = galleries.cells(store, dataset.id, range(N)).images[:, 1]
    assert any(np.array_equal(cells.after, other) for other in others)
    assert not np.array_equal(cells.after, image)
    began = time.monotonic()
    permuted_example(store, dataset.id, 4, 1, "pxpermute")
    assert time.monotonic() - began < 0.5
    with pytest.raises(MethodError, match="is not known"):
        permuted_example(store, dataset.id, 4, 1, "magic")
    with pytest.raises(PanelError, match="has 3"):
        permuted_example(store, dataset.id, 4, 3, "pxpermute")


def test_a_row_is_json_that_people_can_read(store: Store) -> None:
    import_id = imports.queue(store, ImportRequest(path="/a/b", options=(("n_cells", "5"),)))
    with store.database.reading() as connection:
        text = connection.exec_driver_sql("SELECT request FROM imports").scalar_one()
    assert json.loads(text)["options"] == [["n_cells", "5"]]
    assert imports.progress(store, import_id).request.options == (("n_cells", "5"),)
    with pytest.raises(DatasetError, match="is not known here"):
        imports.progress(store, "nothere")


def test_no_link_of_the_store_points_out(store: Store, stack: Path) -> None:
    imports.bring_in(store, ImportRequest(path=str(stack)), quiet)
    for folder, _, files in os.walk(store.home):
        assert not any((Path(folder) / name).is_symlink() for name in files)
