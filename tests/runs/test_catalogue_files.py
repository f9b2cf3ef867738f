"""Files of public data sets: put by hand, incomplete, zipped anew, not allowed to be fetched."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from pxcore.data.catalogue import CATALOGUE
from pxcore.doors.public import PublicSets
from pxcore.errors import AccessError, DatasetError
from pxcore.runs import datasets, import_desk, imports, receipts
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import Dataset
from tests.file_server import serving
from tests.public_files import FILES, At, apoptotic, point_to, quiet, state
from tests.tissue_writer import study


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(Settings(home=tmp_path / "home", min_free_gb=0.001))
    yield opened
    opened.close()


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    return partial(point_to, monkeypatch)


def place(lab: Store, set_id: str) -> Path:
    return lab.home / "public" / set_id


def other_file(dataset: Dataset) -> list[str]:
    return [one for one in datasets.notices(dataset) if one.startswith(datasets.OTHER_FILE)]


def zipped_anew(content: bytes) -> bytes:
    """Return the same members in an archive of other bytes, as made on the fly."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return stream.getvalue()


def test_without_internet_the_folder_is_told_and_a_file_put_there_is_taken(
    lab: Store, at: At
) -> None:
    with serving(b"") as site:
        at("apoptotic", site)
    with pytest.raises(DatasetError) as refused:
        PublicSets(lab).bring_in("apoptotic", quiet)
    folder = lab.home / "public" / "apoptotic"
    assert f"put the file into {folder}" in str(refused.value)
    assert site.address in str(refused.value)
    assert CATALOGUE["apoptotic"].page in str(refused.value)
    (folder / "copied from a stick.h5").write_bytes(FILES["apoptotic"])
    assert state(lab, "apoptotic").state == "here"
    assert PublicSets(lab).bring_in("apoptotic", quiet).n_cells == 24
    (folder / "second.h5").write_bytes(b"x")
    with pytest.raises(DatasetError, match=r"expected one file or folder with the cells"):
        PublicSets(lab).bring_in("apoptotic", quiet)


def test_an_unpacked_folder_put_by_hand_is_taken(lab: Store) -> None:
    folder = lab.home / "public" / "synapse" / "mine"
    with zipfile.ZipFile(io.BytesIO(FILES["synapse"])) as file:
        file.extractall(folder)
    assert PublicSets(lab).bring_in("synapse", quiet).n_cells == 4


def test_tissue_is_never_fetched_and_taken_from_a_folder(lab: Store) -> None:
    with pytest.raises(AccessError, match=r"not fetched by itself.*write images\.csv") as refused:
        PublicSets(lab).bring_in("imc", quiet)
    folder = lab.home / "public" / "imc"
    assert str(folder) in str(refused.value)
    with pytest.raises(AccessError, match="not fetched by itself"):
        PublicSets(lab).start("imc", "ann")
    assert not state(lab, "imc").may_fetch
    study(folder / "jackson")
    found = PublicSets(lab).bring_in("imc", quiet)
    assert (found.n_cells, found.image_shape) == (4, (5, 224, 224))
    assert found.panel.names[0] == "Channel 1"  # the catalogue names none by position
    assert state(lab, "imc").dataset_id == found.id


def test_a_web_page_saved_in_its_place_is_told(lab: Store) -> None:
    folder = lab.home / "public" / "blood"
    folder.mkdir(parents=True)
    (folder / "white_blood_cells.zip").write_bytes(b"<!doctype html><p>Log in")
    with pytest.raises(DatasetError, match=r"Perhaps a web page was saved in its place"):
        PublicSets(lab).bring_in("blood", quiet)


def test_an_incomplete_first_download_does_not_stand_in_the_way(lab: Store, at: At) -> None:
    whole = FILES["synapse"]
    file = place(lab, "synapse") / "synapse.zip"
    with serving(whole[: len(whole) // 2]) as site:
        at("synapse", site)
        for _ in range(2):  # told both times, fetched once, never removed unasked
            with pytest.raises(DatasetError) as refused:
                PublicSets(lab).bring_in("synapse", quiet)
            assert f"is kept as {file}: where it came incomplete" in str(refused.value)
            assert "remove it and start again" in str(refused.value)
        assert len(site.asked) == 1
        assert file.stat().st_size == len(whole) // 2
        assert receipts.of(file.parent) is None
        file.unlink()
        site.content = whole
        made = PublicSets(lab).bring_in("synapse", quiet)
    assert made.n_cells == 4
    assert not other_file(made)
    assert state(lab, "synapse").sha256 == hashlib.sha256(whole).hexdigest()


def test_an_archive_zipped_anew_is_taken_and_told(lab: Store, at: At) -> None:
    again = zipped_anew(FILES["synapse"])
    with serving(FILES["synapse"]) as site:
        at("synapse", site)
        first = PublicSets(lab).bring_in("synapse", quiet)
        (place(lab, "synapse") / "synapse.zip").unlink()
        site.content = again
        second = PublicSets(lab).bring_in("synapse", quiet)
    assert not other_file(first)
    assert second.id == first.id
    (told,) = other_file(second)
    assert hashlib.sha256(again).hexdigest() in told
    assert hashlib.sha256(FILES["synapse"]).hexdigest() in told
    assert state(lab, "synapse").sha256 == hashlib.sha256(again).hexdigest()
    third = PublicSets(lab).bring_in("synapse", quiet)  # the same file once more: no note
    assert not other_file(third)


def test_a_file_that_changed_since_the_first_time_is_taken_and_told(lab: Store, at: At) -> None:
    with serving(FILES["apoptotic"]) as site:
        at("apoptotic", site)
        PublicSets(lab).bring_in("apoptotic", quiet)
    (place(lab, "apoptotic") / "X_M1.h5").write_bytes(apoptotic(10))
    made = PublicSets(lab).bring_in("apoptotic", quiet)
    assert made.n_cells == 10
    assert len(other_file(made)) == 1
    assert made.report is not None
    assert other_file(made)[0] in made.report.notes
    assert other_file(made)[0] in import_desk._finished(lab, made)["warnings"]


def test_a_bad_file_put_by_hand_leaves_no_receipt(lab: Store) -> None:
    file = place(lab, "apoptotic") / "mine.h5"
    file.parent.mkdir(parents=True)
    file.write_bytes(FILES["apoptotic"][:3000])
    with pytest.raises(DatasetError, match=r"is kept as .*mine\.h5: where it came incomplete"):
        PublicSets(lab).bring_in("apoptotic", quiet)
    assert receipts.of(file.parent) is None
    file.write_bytes(FILES["apoptotic"])
    made = PublicSets(lab).bring_in("apoptotic", quiet)
    assert not other_file(made)
    receipt = receipts.of(file.parent)
    assert receipt is not None
    assert (receipt.file, receipt.source) == ("mine.h5", "put by hand")


def test_a_published_checksum_is_held_against(lab: Store, at: At) -> None:
    file = place(lab, "apoptotic") / "X_M1.h5"
    with serving(FILES["apoptotic"]) as site:
        at("apoptotic", site, sha256="0" * 64)
        with pytest.raises(DatasetError, match=r"as published.*was removed: start again to fetch"):
            PublicSets(lab).bring_in("apoptotic", quiet)
        file.write_bytes(FILES["apoptotic"])
        with pytest.raises(DatasetError, match=r"remove it to have it fetched anew, or give it an"):
            PublicSets(lab).bring_in("apoptotic", quiet)
        assert file.is_file()
        file.rename(file.with_name("all the same.h5"))
        assert PublicSets(lab).bring_in("apoptotic", quiet).n_cells == 24


def test_where_downloads_are_off_only_what_is_here_is_taken(tmp_path: Path, at: At) -> None:
    lab = open_store(Settings(home=tmp_path / "off", min_free_gb=0.001, public_downloads=False))
    says = r"switched off on this host \(PXCORE_PUBLIC_DOWNLOADS\): fetch http"
    with serving(FILES["apoptotic"]) as site:
        at("apoptotic", site)
        with pytest.raises(AccessError, match=says):
            PublicSets(lab).bring_in("apoptotic", quiet)
        with pytest.raises(AccessError, match=says):
            PublicSets(lab).start("apoptotic", "ann")
        assert not imports.all_imports(lab)
        assert not state(lab, "apoptotic").may_fetch
        (place(lab, "apoptotic") / "X_M1.h5").write_bytes(FILES["apoptotic"])
        assert PublicSets(lab).bring_in("apoptotic", quiet).n_cells == 24
        assert PublicSets(lab).start("apoptotic", "ann")
    assert site.asked == []
    lab.close()
