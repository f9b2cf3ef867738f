"""Downloads and the disk: room is asked for again and again; what is told of going on is true."""

from __future__ import annotations

import errno
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from pxcore.data import download as module
from pxcore.data import download_order
from pxcore.data.download import Order, Reached, download
from pxcore.data.download_order import Known, known_of
from pxcore.errors import DatasetError, OutOfDiskError, StoreError
from tests.data.test_download import CONTENT, SHA, left, order, quiet
from tests.file_server import serving

STEP = 100_000


@pytest.fixture
def small_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_order, "ROOM_STEP", STEP)


def refusing(after: int, wanted: list[int]) -> Callable[[int], None]:
    """Return a disk that has no room at the question after so many ones."""

    def room(needed: int) -> None:
        wanted.append(needed)
        if len(wanted) > after:
            message = "too full"
            raise StoreError(message)

    return room


def test_room_is_asked_for_before_the_first_byte(tmp_path: Path) -> None:
    wanted: list[int] = []

    def room(needed: int) -> None:
        wanted.append(needed)
        message = "too full"
        raise StoreError(message)

    with serving(CONTENT) as site, pytest.raises(StoreError, match="too full"):
        download(order(tmp_path, site, room=room), quiet)
    assert wanted == [len(CONTENT)]
    assert left(tmp_path) == set()


def test_a_full_disk_keeps_what_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, calls = module._write, 0

    def full(order: Order, known: Known, put: object, piece: bytes) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise_full = OSError(errno.ENOSPC, "No space left on device")

            def put(_piece: bytes) -> None:
                raise raise_full

        write(order, known, put, piece)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_write", full)
    with serving(CONTENT) as site:
        with pytest.raises(OutOfDiskError, match=r"is full; free some space.*are kept, and"):
            download(order(tmp_path, site), quiet)
        kept = (tmp_path / "file.h5.part").stat().st_size
        assert kept == 2 * module.PIECE
        monkeypatch.undo()
        assert download(order(tmp_path, site), quiet) == SHA
    assert site.asked == [None, f"bytes={kept}-"]


@pytest.mark.usefixtures("small_step")
def test_an_unknown_size_asks_for_room_again_and_stops_in_time(tmp_path: Path) -> None:
    wanted: list[int] = []
    with serving(CONTENT, chunked=True) as site:
        with pytest.raises(OutOfDiskError, match=r"too full\. .* are kept, and the"):
            download(order(tmp_path, site, room=refusing(3, wanted)), quiet)
        kept = (tmp_path / "file.h5.part").stat().st_size
        assert wanted == [STEP] * 4
        assert 3 * STEP <= kept < len(CONTENT)
        assert download(order(tmp_path, site), quiet) == SHA
    assert site.asked == [None, f"bytes={kept}-"]


@pytest.mark.usefixtures("small_step")
def test_a_known_size_asks_for_what_is_left(tmp_path: Path) -> None:
    wanted: list[int] = []
    with serving(CONTENT) as site:
        download(order(tmp_path, site, room=refusing(10**6, wanted)), quiet)
    assert wanted[0] == len(CONTENT)
    assert len(wanted) > 2
    assert all(a - b >= STEP for a, b in pairwise(wanted))


def test_the_disk_of_a_part_that_is_written_over_counts_as_free(tmp_path: Path) -> None:
    wanted: list[int] = []
    (tmp_path / "file.h5.part").write_bytes(bytes(400_000))
    with serving(CONTENT) as site:
        download(order(tmp_path, site, room=refusing(1, wanted)), quiet)
    assert wanted == [len(CONTENT) - 400_000]


@pytest.mark.parametrize(
    ("how", "resumes"),
    [
        ({}, True),
        ({"chunked": True}, True),
        ({"etag": ""}, False),
        ({"etag": 'W/"one"'}, False),
        ({"accept": "none", "ranges": False}, False),
        ({"accept": "bytes"}, True),
    ],
)
def test_it_is_told_whether_a_broken_download_goes_on(
    tmp_path: Path, how: dict[str, object], resumes: bool
) -> None:
    seen: list[Reached] = []
    breaks = [400_000, 0, 0, 0] if resumes else [400_000] * 9
    says = "goes on there" if resumes else "the download begins anew"
    with (
        serving(CONTENT, break_after=breaks, **how) as site,
        pytest.raises(DatasetError, match=says),
    ):
        download(order(tmp_path, site), seen.append)
    found = known_of(tmp_path / "file.h5")
    assert found is not None
    assert found.resumes is resumes
    assert {one.resumes for one in seen if one.done} == {resumes}


def test_a_server_that_ignores_ranges_is_found_out(tmp_path: Path) -> None:
    with (
        serving(CONTENT, ranges=False, break_after=[400_000] * 9) as site,
        pytest.raises(DatasetError, match="the download begins anew"),
    ):
        download(order(tmp_path, site), quiet)
    assert site.asked[1] == "bytes=400000-"
    found = known_of(tmp_path / "file.h5")
    assert found is not None
    assert found.validator == site.etag
    assert not found.resumes


@pytest.mark.parametrize("chunked", [False, True])
def test_a_whole_part_is_not_fetched_again(tmp_path: Path, chunked: bool) -> None:
    """Killed between the last byte and the renaming."""
    total = None if chunked else len(CONTENT)
    with serving(CONTENT, chunked=chunked) as site:
        wanted = order(tmp_path, site)
        wanted.part.write_bytes(CONTENT)
        wanted.remember(Known(url=site.address, validator=site.etag, total=total))
        assert download(wanted, quiet) == SHA
    assert site.asked == ([f"bytes={len(CONTENT)}-"] if chunked else [])
    assert left(tmp_path) == {"file.h5"}
