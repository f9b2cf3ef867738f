"""Downloads against a server on loopback: whole, broken, resumed, changed, wrong, refused."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from pxcore.data.download import Order, Reached, download
from pxcore.data.https import check_address
from pxcore.errors import Cancelled, DatasetError
from tests.file_server import Site, serving

CONTENT = b"GOOD" + np.random.default_rng(0).bytes(900_000)
SHA = hashlib.sha256(CONTENT).hexdigest()


def order(folder: Path, site: Site, **more: object) -> Order:
    given = {"most_bytes": 10**7, "starts": (b"GOOD",), "wait": 0.01, "tries": 3, "timeout": 5.0}
    return Order(
        url=site.address,
        target=folder / "file.h5",
        loopback=True,
        **{"room": lambda _: None, **given, **more},  # type: ignore[arg-type]
    )


def quiet(_reached: Reached) -> None:
    return None


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("chunked", [False, True])
def test_a_whole_file(tmp_path: Path, chunked: bool) -> None:
    seen: list[Reached] = []
    with serving(CONTENT, chunked=chunked) as site:
        found = download(order(tmp_path, site), seen.append)
    assert found == SHA
    assert (tmp_path / "file.h5").read_bytes() == CONTENT
    assert left(tmp_path) == {"file.h5"}
    done = [one.done for one in seen]
    assert done == sorted(done)
    assert done[-1] == len(CONTENT)
    assert {one.total for one in seen[:2]} == {None if chunked else len(CONTENT)}


def test_a_broken_connection_is_taken_up_where_it_ended(tmp_path: Path) -> None:
    with serving(CONTENT, break_after=[300_000, 200_000]) as site:
        assert download(order(tmp_path, site), quiet) == SHA
    assert site.asked == [None, "bytes=300000-", "bytes=500000-"]


def test_a_later_call_goes_on_and_fetches_nothing_twice(tmp_path: Path) -> None:
    with serving(CONTENT, break_after=[400_000, 0, 0, 0]) as site:
        with pytest.raises(DatasetError, match=r"3 tries without a further byte; 390\.6 KiB are"):
            download(order(tmp_path, site), quiet)
        assert left(tmp_path) == {"file.h5.part", "file.h5.part.json"}
        site.break_after.clear()
        site.asked.clear()
        assert download(order(tmp_path, site), quiet) == SHA
    assert site.asked == ["bytes=400000-"]


@pytest.mark.parametrize("how", ["no ranges", "changed", "no validator", "shrunk"])
def test_it_begins_anew_where_the_rest_cannot_be_had(tmp_path: Path, how: str) -> None:
    with serving(CONTENT, break_after=[400_000, 0, 0, 0]) as site:
        if how == "no validator":
            site.etag = ""
        with pytest.raises(DatasetError, match="could not be fetched"):
            download(order(tmp_path, site), quiet)
        site.break_after.clear()
        if how == "no ranges":
            site.ranges = False
        if how == "changed":
            site.content, site.etag = b"GOOD" + bytes(500_000), '"two"'
        if how == "shrunk":  # the same name for another version: beyond its end
            site.content = b"GOOD" + bytes(1000)
        download(order(tmp_path, site), quiet)
    assert (tmp_path / "file.h5").read_bytes() == site.content
    assert left(tmp_path) == {"file.h5"}


def test_another_part_than_the_one_asked_for_is_never_pasted_on(tmp_path: Path) -> None:
    with serving(CONTENT, break_after=[400_000], lie=5) as site:
        assert download(order(tmp_path, site), quiet) == SHA
    assert site.asked == [None, "bytes=400000-", None]


def test_busy_servers_are_asked_again(tmp_path: Path) -> None:
    with serving(CONTENT, busy=2) as site:
        assert download(order(tmp_path, site), quiet) == SHA
    with serving(CONTENT, busy=3) as site, pytest.raises(DatasetError, match="answer 503"):
        download(order(tmp_path, site), quiet)


@pytest.mark.parametrize(
    ("how", "asked", "says"),
    [
        ({}, {"sha256": "0" * 64}, r"has sha256 .*expected 0000000000000000….* was removed"),
        ({}, {"size": 5}, r"has 900004 bytes; expected 5 bytes"),
        ({}, {"most_bytes": 1000}, r"has 878\.9 KiB; at most 1000 bytes are taken"),
        ({"chunked": True}, {"most_bytes": 1000}, r"sends more than 1000 bytes"),
        ({}, {"starts": (b"\x89HDF",)}, r"begins with b'GOOD', not the kind expected"),
        ({"status": 404}, {}, r"the server answers 404"),
        ({"status": 403}, {}, r"the server answers 403"),
        ({"kind": "text/html; charset=utf-8"}, {}, r"a web page, not with the file"),
        ({"location": "file:///etc/passwd"}, {}, r"302.*not allowed"),
        ({"location": "ftp://example.org/x"}, {}, r"only https addresses"),
        ({"location": "http://example.org/x"}, {}, r"only https addresses"),
        ({"location": "https://ann@example.org/x"}, {}, r"only https addresses"),
    ],
)
def test_what_is_not_the_file_is_refused_and_not_kept(
    tmp_path: Path, how: dict[str, object], asked: dict[str, object], says: str
) -> None:
    with serving(CONTENT, **how) as site, pytest.raises(DatasetError, match=says):
        download(order(tmp_path, site, **asked), quiet)
    assert left(tmp_path) == set()


def test_a_redirect_within_what_is_allowed_is_followed(tmp_path: Path) -> None:
    with serving(CONTENT, location="/moved") as site:
        assert download(order(tmp_path, site), quiet) == SHA
    with serving(CONTENT, location="/again") as site, pytest.raises(DatasetError, match="302"):
        download(order(tmp_path, site), quiet)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/x", "file:///x", "ftp://a/x", "https:///x", "data:,x", "x"]
)
def test_only_https_is_fetched(url: str) -> None:
    with pytest.raises(DatasetError, match="only https addresses"):
        check_address(url, loopback=False)
    check_address("https://example.org/x", loopback=False)
    with pytest.raises(DatasetError):
        check_address("http://example.org/x", loopback=True)


def test_a_cancel_stops_at_once_and_keeps_the_part(tmp_path: Path) -> None:
    def tell(reached: Reached) -> None:
        if reached.done:
            message = "stop"
            raise Cancelled(message)

    with serving(CONTENT) as site:
        with pytest.raises(Cancelled):
            download(order(tmp_path, site), tell)
        assert 0 < (tmp_path / "file.h5.part").stat().st_size < len(CONTENT)
        assert download(order(tmp_path, site), quiet) == SHA


def test_nobody_there(tmp_path: Path) -> None:
    with serving(CONTENT) as site:
        pass
    with pytest.raises(DatasetError, match=r"could not be fetched \(.*refused.*3 tries"):
        download(order(tmp_path, site), quiet)
