"""Public data sets from a small server: fetched, imported, killed, resumed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from pxcore.data.catalogue import CATALOGUE
from pxcore.doors.public import PublicSets
from pxcore.errors import AccessError, DatasetError, PanelError, StoreError
from pxcore.runs import catalogue, imports
from pxcore.runs.folders import check_registrable
from pxcore.runs.import_desk import ImportDesk
from pxcore.runs.public_places import alone
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import ImportState, Role
from tests.file_server import serving
from tests.public_files import FILES, At, apoptotic, archive, point_to, quiet, state


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(Settings(home=tmp_path / "home", min_free_gb=0.001))
    yield opened
    opened.close()


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    return partial(point_to, monkeypatch)


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
        alone(folder, entry),
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
def tell(reached):
    print(reached.done, flush=True)
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


def test_what_the_blood_classes_were_gated_on_carries_the_badge() -> None:
    channels = CATALOGUE["blood"].panel.channels
    assert all(one.gate_defining == (one.role is Role.STAIN) for one in channels)
    assert sum(one.gate_defining for one in channels) == 9


def test_a_size_that_is_not_told_is_said(lab: Store, at: At) -> None:
    told: list[str] = []
    with serving(FILES["apoptotic"], chunked=True, etag="") as site:
        at("apoptotic", site)
        PublicSets(lab).bring_in("apoptotic", lambda step, _: told.append(step))
    assert any("so far, size unknown; a break would mean to begin anew" in step for step in told)


def test_a_part_that_cannot_go_on_is_known(lab: Store, at: At) -> None:
    content = apoptotic(600)
    with serving(content, etag="", break_after=[len(content) // 2] * 9) as site:
        at("apoptotic", site)
        with pytest.raises(DatasetError, match="the download begins anew"):
            PublicSets(lab).bring_in("apoptotic", quiet)
        now = state(lab, "apoptotic")
        assert (now.state, now.resumes) == ("partly", False)
        site.etag, site.break_after = '"one"', [len(content) // 3, 0, 0]
        with pytest.raises(DatasetError):
            PublicSets(lab).bring_in("apoptotic", quiet)
        assert state(lab, "apoptotic").resumes
