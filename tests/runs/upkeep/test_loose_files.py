"""Files of public data sets: fetched ones go once their cells are in, brought ones stay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pxcore.data.catalogue import CATALOGUE
from pxcore.doors.public import PublicSets
from pxcore.runs import catalogue, imports
from pxcore.runs.public_places import alone
from pxcore.runs.upkeep import cleanup, deletion
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types.upkeep import Loose, LooseKind
from tests.file_server import serving
from tests.public_files import FILES, point_to, quiet


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(Settings(home=tmp_path / "home", min_free_gb=0.001))
    yield opened
    opened.close()


def downloads(store: Store, grace_hours: float = 0.0) -> list[Loose]:
    found = cleanup.preview(store, grace_hours)
    return [one for one in found if one.kind is LooseKind.DOWNLOADS]


def test_a_fetched_file_goes_when_its_cells_are_in_and_nobody_wants_it(
    lab: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = lab.home / "public" / "synapse"
    with serving(FILES["synapse"]) as site:
        point_to(monkeypatch, "synapse", site)
        made = PublicSets(lab).bring_in("synapse", quiet)
        (one,) = downloads(lab)
        assert (one.id, one.n_bytes) == ("public/synapse/synapse.zip", len(FILES["synapse"]))
        assert downloads(lab, 24.0) == []
        with alone(place, CATALOGUE["synapse"]):  # another process is at it
            assert cleanup.carry_out(lab, [one], 0.0).kept == (one,)
        assert cleanup.carry_out(lab, [one], 24.0).kept == (one,)
        assert (place / "synapse.zip").exists()
        assert cleanup.carry_out(lab, [one], 0.0).removed == (one,)
        assert {path.name for path in place.iterdir()} >= {"receipt.json"}
        assert not (place / "synapse.zip").exists()
        assert PublicSets(lab).bring_in("synapse", quiet).id == made.id  # fetched once more
        imports.queue(lab, catalogue.request_for("synapse"))
        assert downloads(lab) == []  # an import waits for it
        assert cleanup.carry_out(lab, [one], 0.0).kept == (one,)


def test_a_fetched_file_stays_while_its_cells_are_not_in(
    lab: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(FILES["synapse"]) as site:
        point_to(monkeypatch, "synapse", site)
        made = PublicSets(lab).bring_in("synapse", quiet)
        deletion.delete_dataset(lab, made.id)
        assert downloads(lab) == []


def test_what_broke_off_goes_and_what_somebody_brought_stays(lab: Store) -> None:
    entry = CATALOGUE["synapse"]
    place = lab.home / "public" / entry.id
    place.mkdir(parents=True)
    broken = {f"{entry.file}.part", f"{entry.file}.part.json"}
    for word in broken:
        (place / word).write_bytes(b"half")
    assert {Path(one.id).name for one in downloads(lab)} == broken
    cleanup.carry_out(lab, downloads(lab), 0.0)
    (place / entry.file).write_bytes(FILES["synapse"])
    PublicSets(lab).bring_in(entry.id, quiet)
    assert downloads(lab) == []
    assert (place / entry.file).exists()
    assert not any((place / word).exists() for word in broken)
