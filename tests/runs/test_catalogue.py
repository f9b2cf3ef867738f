"""Public data sets from a small server: fetched, imported, put by hand, killed, resumed."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pytest

from pxcore.data.catalogue import CATALOGUE
from pxcore.data.download import Order
from pxcore.doors.public import PublicSets
from pxcore.errors import AccessError, DatasetError, PanelError, StoreError
from pxcore.registry import Registry
from pxcore.runs import catalogue, imports
from pxcore.runs.folders import check_registrable
from pxcore.runs.imports import ImportDesk
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import ImportState
from tests.file_server import Site, serving

PIXELS = np.random.default_rng(1)
At = Callable[..., None]


def hdf5(**arrays: object) -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        for name, values in arrays.items():
            file[name] = values
    return stream.getvalue()


def apoptotic(n: int = 24) -> bytes:
    images = PIXELS.integers(0, 4000, (n, 32, 32, 2)).astype(np.uint16)
    return hdf5(X=images, y=np.arange(n) % 2, fnames=np.array([b"x"] * n))


def archive(channels: int, labels: tuple[str | None, ...]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for i, label in enumerate(labels):
            image = PIXELS.integers(0, 4000, (20, 20, channels)).astype(np.uint16)
            arrays: dict[str, object] = {"image": image, "mask": image > 900}
            if label is not None:
                arrays["label"] = np.bytes_(label)
            name = f"data/Experiment_1/Donor_{i % 2}/condition_1/cell_{i}.h5"
            file.writestr(name, hdf5(**arrays))
    return stream.getvalue()


FILES = {
    "apoptotic": apoptotic(),
    "synapse": archive(8, ("B cell", "T cell", None, "T cell", "B cell", None)),
    "blood": archive(12, ("CD4+ T", "CD8+ T", "unknown", "CD4+ T")),
}


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(Settings(home=tmp_path / "home", min_free_gb=0.001))
    yield opened
    opened.close()


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    return partial(point_to, monkeypatch)


def point_to(monkeypatch: pytest.MonkeyPatch, set_id: str, site: Site, **more: object) -> None:
    """Let one entry of the catalogue be fetched from a server on loopback."""
    entries = [
        replace(entry, url=site.address, **more) if entry.id == set_id else entry  # type: ignore[arg-type]
        for entry in CATALOGUE.values()
    ]
    monkeypatch.setattr(catalogue, "CATALOGUE", Registry("public data set", entries, DatasetError))
    quick = partial(Order, loopback=True, wait=0.01, tries=2, timeout=5.0)
    monkeypatch.setattr(catalogue, "Order", quick)


def quiet(_step: str, _share: float) -> None:
    return None


def state(lab: Store, set_id: str) -> catalogue.PublicState:
    return next(one for one in PublicSets(lab).states() if one.entry.id == set_id)


@pytest.mark.parametrize(("set_id", "n_cells"), [("apoptotic", 24), ("synapse", 4), ("blood", 4)])
def test_each_is_fetched_and_imported_with_its_panel(
    lab: Store, at: At, set_id: str, n_cells: int
) -> None:
    entry, told = CATALOGUE[set_id], []
    assert state(lab, set_id).state == "absent"
    with serving(FILES[set_id]) as site:
        at(set_id, site)
        made = PublicSets(lab).bring_in(set_id, lambda step, share: told.append((step, share)))
        assert PublicSets(lab).bring_in(set_id, quiet).id == made.id
    assert len(site.asked) == 1
    assert made.title == entry.title
    assert made.panel == entry.panel
    assert made.n_cells == n_cells
    assert made.image_shape == (len(entry.panel), entry.side, entry.side)
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] > 0.9
    assert any(step.startswith("downloading ") and " of " in step for step, _ in told)
    now = state(lab, set_id)
    assert (now.state, now.file, now.dataset_id) == ("here", entry.file, made.id)
    assert now.n_bytes == len(FILES[set_id])
    assert len(now.sha256) == 64


def test_labels_and_donors_of_each(lab: Store, at: At) -> None:
    with serving(FILES["apoptotic"]) as site:
        at("apoptotic", site)
        made = PublicSets(lab).bring_in("apoptotic", quiet)
    assert made.classes == ("apoptotic", "non-apoptotic")
    assert made.class_counts == (12, 12)
    with serving(FILES["synapse"]) as site:
        at("synapse", site)
        made = PublicSets(lab).bring_in("synapse", quiet)
    assert made.classes == ("B cell", "T cell")
    assert made.groups == ("Donor_0", "Donor_1")
    assert made.report is not None
    assert [(one.reason, one.count) for one in made.report.skipped] == [("no label", 2)]


def test_the_runner_fetches_and_a_closed_desk_loses_nothing(lab: Store, at: At) -> None:
    content = apoptotic(600)
    with serving(content, break_after=[len(content) // 2]) as site:
        at("apoptotic", site)
        made = PublicSets(lab).start("apoptotic", "ann")
        desk, deadline = ImportDesk(lab), time.monotonic() + 60
        while desk.busy:
            assert time.monotonic() < deadline
            desk.turn()
            time.sleep(0.02)
        desk.close()
    found = imports.progress(lab, made)
    assert (found.state, found.error) == (ImportState.FINISHED, "")
    assert found.request.owner == "ann"
    assert site.asked[1] == f"bytes={len(content) // 2}-"


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


def test_a_web_page_saved_in_its_place_is_told(lab: Store) -> None:
    folder = lab.home / "public" / "blood"
    folder.mkdir(parents=True)
    (folder / "white_blood_cells.zip").write_bytes(b"<!doctype html><p>Log in")
    with pytest.raises(DatasetError, match=r"Perhaps a web page was saved in its place"):
        PublicSets(lab).bring_in("blood", quiet)


def test_a_file_that_changed_since_the_first_time_is_told(lab: Store, at: At) -> None:
    with serving(FILES["apoptotic"]) as site:
        at("apoptotic", site)
        PublicSets(lab).bring_in("apoptotic", quiet)
    file = lab.home / "public" / "apoptotic" / "X_M1.h5"
    file.write_bytes(apoptotic(10))
    with pytest.raises(DatasetError, match=r"that of the file first taken.*receipt\.json"):
        PublicSets(lab).bring_in("apoptotic", quiet)
    file.with_name("receipt.json").unlink()
    assert PublicSets(lab).bring_in("apoptotic", quiet).n_cells == 10


def test_a_later_download_must_be_the_same_file(lab: Store, at: At) -> None:
    with serving(FILES["apoptotic"]) as site:
        at("apoptotic", site)
        PublicSets(lab).bring_in("apoptotic", quiet)
        (lab.home / "public" / "apoptotic" / "X_M1.h5").unlink()
        site.content = apoptotic(10)
        with pytest.raises(DatasetError, match=r"was damaged on its way or is another file"):
            PublicSets(lab).bring_in("apoptotic", quiet)


def test_another_number_of_channels_is_told(lab: Store, at: At) -> None:
    with serving(archive(3, ("a", "b"))) as site:
        at("blood", site)
        with pytest.raises(PanelError, match=r"channel .* is not in the data set"):
            PublicSets(lab).bring_in("blood", quiet)


def test_a_full_disk_is_told_before_the_download(tmp_path: Path, at: At) -> None:
    full = open_store(Settings(home=tmp_path / "full", min_free_gb=1e9))
    with serving(FILES["apoptotic"]) as site:
        at("apoptotic", site)
        with pytest.raises(StoreError, match=r"downloading 'Apoptotic cells' needs .* GiB"):
            PublicSets(full).bring_in("apoptotic", quiet)
    assert state(full, "apoptotic").state == "absent"
    full.close()


def test_only_words_of_the_catalogue_pass_the_gate(lab: Store) -> None:
    check_registrable(lab, "public:blood")
    for path in ("public:", "public:../x", "public:nothing", "public:blood/../../etc"):
        with pytest.raises(AccessError):
            check_registrable(lab, path)
    with pytest.raises(DatasetError, match=r"'x' is not known; there is apoptotic, synapse, blood"):
        PublicSets(lab).start("x", "")


def test_two_do_not_fetch_the_same_at_once(lab: Store, at: At) -> None:
    entry = CATALOGUE["apoptotic"]
    folder = catalogue.folder(lab, entry)
    with (
        catalogue._alone(folder, entry),
        pytest.raises(DatasetError, match="is being fetched by another process"),
    ):
        PublicSets(lab).bring_in("apoptotic", quiet)


KILLED = """
import sys, time
from pathlib import Path
from pxcore.data.download import Order, download
folder, url = Path(sys.argv[1]), sys.argv[2]
order = Order(url=url, target=folder / "X_M1.h5", most_bytes=10**8, room=lambda n: None,
              loopback=True)
def tell(done, total):
    print(done, flush=True)
    time.sleep(0.05)
download(order, tell)
"""


def test_a_killed_process_leaves_what_the_next_one_needs(lab: Store, at: At) -> None:
    content = apoptotic(600)
    folder = catalogue.folder(lab, CATALOGUE["apoptotic"])
    with serving(content) as site:
        at("apoptotic", site)
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(folder), site.address], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        while int(process.stdout.readline()) < 500_000:
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert state(lab, "apoptotic").state == "partly"
        assert PublicSets(lab).bring_in("apoptotic", quiet).n_cells == 600
    start = int(str(site.asked[1]).removeprefix("bytes=").rstrip("-"))
    assert 0 < start < len(content)


def test_the_catalogue_is_complete() -> None:
    for entry in CATALOGUE.values():
        assert entry.url.startswith("https://")
        assert entry.page.startswith("https://")
        assert entry.starts
        assert all((entry.citation, entry.doi, entry.licence, entry.summary, entry.assumed))
        assert entry.n_cells > 0
