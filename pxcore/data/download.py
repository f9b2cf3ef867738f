"""One large file over https: resumed after a break, never more than it may be, checked at the end.

While it grows the file is called ``NAME.part``; beside it ``NAME.part.json`` keeps what the server
said of the version being fetched (ETag or date, whole size). A later call asks for the rest of
that very version (``Range`` with ``If-Range``): a server that ignores this, or has another version
by now, sends the whole file, and the download begins again. The finished file is renamed into
place only when size, first bytes and sha256 are right.
"""

from __future__ import annotations

import errno
import hashlib
import http.client
import json
import os
import time
import urllib.error
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pxcore.data.https import Answer, open_url
from pxcore.data.limits import in_words
from pxcore.errors import DatasetError, OutOfDiskError

PIECE = 256 * 1024
BUSY = (408, 425, 429, 500, 502, 503, 504)
"""Answers after which it is worth trying again."""
Tell = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to fetch and what it may cost."""

    url: str
    target: Path
    most_bytes: int
    room: Callable[[int], None]
    """Raises when so many further bytes do not fit on the disk."""
    size: int | None = None
    sha256: str = ""
    starts: tuple[bytes, ...] = ()
    timeout: float = 30.0
    """Seconds without any answer or byte after which a connection is given up."""
    tries: int = 6
    """Connections in a row that may bring nothing."""
    wait: float = 1.0
    """Seconds before the second try; doubled each time, at most a minute."""
    loopback: bool = False
    """Allow plain http to this very host, for tests."""

    @property
    def part(self) -> Path:
        """The unfinished file."""
        return self.target.with_name(self.target.name + ".part")

    @property
    def note(self) -> Path:
        """What is known of the version that the unfinished file holds."""
        return self.target.with_name(self.target.name + ".part.json")


class _Broken(Exception):  # noqa: N818 - an outcome: the next try goes on
    """The connection ended too early, or the server was busy; its text says why."""


def download(order: Order, tell: Tell) -> str:
    """Return the sha256 of the file now at ``order.target``.

    ``tell`` gets the bytes on the disk and the whole size (None while unknown), several times a
    second; an error it raises ends the call and leaves the unfinished file for the next one.

    Raises
    ------
    DatasetError
        When the address cannot be reached after all tries, answers with something else than the
        file, or the file is not the one expected (it is then removed).
    OutOfDiskError
        When the disk is full. What was fetched stays.
    """
    order.target.parent.mkdir(parents=True, exist_ok=True)
    failures, reached = 0, _size(order.part)
    while True:
        try:
            _connection(order, tell)
            break
        except _Broken as broken:
            now = _size(order.part)
            failures = 1 if now > reached else failures + 1
            reached = now
            if failures >= order.tries:
                message = (
                    f"{order.url} could not be fetched ({broken}; {failures} tries without a "
                    f"further byte, {in_words(now)} are kept for the next time)"
                )
                raise DatasetError(message) from broken
            _pause(min(60.0, order.wait * 2 ** (failures - 1)), tell, now)
    return _finished(order, tell)


def sha256_of(path: Path, tell: Callable[[int], None]) -> str:
    """Return the sha256 of a file; ``tell`` gets the bytes read so far."""
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while piece := stream.read(4 * PIECE):
            digest.update(piece)
            done += len(piece)
            tell(done)
    return digest.hexdigest()


def _connection(order: Order, tell: Tell) -> None:
    """Fetch what is missing over one connection. Raises _Broken when some still is."""
    start, known = _resumable(order)
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers |= {"Range": f"bytes={start}-", "If-Range": known["validator"]}
    try:
        with open_url(order.url, headers, order.timeout, loopback=order.loopback) as answer:
            begin = _accepted(order, answer, start, known)
            _copy(order, answer, begin, tell)
    except urllib.error.HTTPError as error:
        with error:
            _refused(order, error.code, str(error.reason))
    except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError) as bad:
        reason = getattr(bad, "reason", bad)
        raise _Broken(str(reason) or type(bad).__name__) from bad


def _resumable(order: Order) -> tuple[int, dict[str, str]]:
    """Return where to go on and what is known of the version; (0, {}) to begin anew."""
    size = _size(order.part)
    try:
        known = json.loads(order.note.read_text("utf-8"))
        fits = known["url"] == order.url and bool(known["validator"]) and size > 0
    except (OSError, ValueError, TypeError, KeyError):
        fits = False
    return (size, known) if fits else (0, {})


def _accepted(order: Order, answer: Answer, start: int, known: dict[str, str]) -> int:
    """Return at which byte the body of an answer begins, after everything its head tells."""
    headers = answer.headers
    kind = (headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    if kind in {"text/html", "application/xhtml+xml"}:
        message = f"{order.url} answers with a web page, not with the file"
        raise DatasetError(message)
    if (headers.get("Content-Encoding") or "identity").lower() != "identity":
        message = f"{order.url} sends the file packed, although that was not asked for"
        raise DatasetError(message)
    length = headers.get("Content-Length")
    rest = int(length) if length and length.isdigit() else None
    begin, total = 0, rest
    if answer.status == 206:
        begin, total = _range(headers.get("Content-Range") or "")
        if begin != start or known["total"] not in {"None", str(total)}:
            _forget(order)
            message = "the server sent another part than the one asked for"
            raise _Broken(message)
    elif answer.status != 200:
        message = f"answer {answer.status}"
        raise _Broken(message)
    _check_size(order, total)
    order.room(max(0, (total or 0) - begin))
    if not begin:
        validator = headers.get("ETag") or ""
        if not validator or validator.startswith("W/"):  # a weak one says nothing of the bytes
            validator = headers.get("Last-Modified") or ""
        found = {"url": order.url, "validator": validator, "total": str(total)}
        order.note.write_text(json.dumps(found), "utf-8")
    return begin


def _copy(order: Order, answer: Answer, begin: int, tell: Tell) -> None:
    """Append the body to the unfinished file, from byte ``begin`` on."""
    total = _total(order)
    done = begin
    with order.part.open("r+b" if begin else "wb") as part:
        part.seek(begin)
        try:
            while piece := answer.read(PIECE):
                done += len(piece)
                if done > order.most_bytes or (total is not None and done > total):
                    part.close()
                    _forget(order)
                    message = (
                        f"{order.url} sends more than {in_words(total or order.most_bytes)}; the "
                        "download was stopped"
                    )
                    raise DatasetError(message)
                _write(order, part.write, piece)
                tell(done, total)
        finally:
            if not part.closed:
                _write(order, lambda _: part.flush(), b"")
        os.fsync(part.fileno())
    if total is not None and done < total:
        message = f"the connection ended after {in_words(done)} of {in_words(total)}"
        raise _Broken(message)


def _write(order: Order, write: Callable[[bytes], object], piece: bytes) -> None:
    try:
        write(piece)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            message = (
                f"the disk of {order.target.parent} is full; free some space and start again: "
                "the download goes on where it stopped"
            )
            raise OutOfDiskError(message) from error
        raise


def _finished(order: Order, tell: Tell) -> str:
    """Check the whole file and put it in its place."""
    size = _size(order.part)
    _check_size(order, size)
    with order.part.open("rb") as stream:
        first = stream.read(max(map(len, order.starts), default=0))
    if order.starts and not first.startswith(order.starts):
        _forget(order)
        message = f"{order.url} sent a file that begins with {first!r}, not the kind expected"
        raise DatasetError(message)
    found = sha256_of(order.part, lambda _: tell(size, size))
    if order.sha256 and found != order.sha256:
        _forget(order)
        message = (
            f"the file of {order.url} has sha256 {found[:16]}…, expected "
            f"{order.sha256[:16]}…: it was damaged on its way or is another file, and was removed"
        )
        raise DatasetError(message)
    order.part.replace(order.target)
    order.note.unlink(missing_ok=True)
    return found


def _check_size(order: Order, size: int | None) -> None:
    if size is None:
        return
    if size == 0 or (order.size is not None and size != order.size):
        wanted = "a file with something in it" if order.size is None else in_words(order.size)
        _forget(order)
        message = f"{order.url} has {size} bytes; expected {wanted} ({order.size or 'any'} bytes)"
        raise DatasetError(message)
    if size > order.most_bytes:
        message = (
            f"{order.url} has {in_words(size)}; at most {in_words(order.most_bytes)} are taken"
        )
        raise DatasetError(message)


def _refused(order: Order, code: int, reason: str) -> None:
    if code == 416:  # what is there goes beyond what the server has: another version
        _forget(order)
    if code == 416 or code in BUSY:
        message = f"answer {code} {reason}"
        raise _Broken(message)
    message = f"{order.url} cannot be fetched: the server answers {code} {reason}"
    raise DatasetError(message)


def _range(text: str) -> tuple[int, int | None]:
    """Return first byte and whole size of ``bytes 5-9/10``; (-1, None) where it is not that."""
    with suppress(ValueError):
        unit, _, rest = text.partition(" ")
        span, _, total = rest.partition("/")
        if unit == "bytes":
            return int(span.partition("-")[0]), None if total == "*" else int(total)
    return -1, None


def _total(order: Order) -> int | None:
    total = str(json.loads(order.note.read_text("utf-8"))["total"])
    return int(total) if total.isdigit() else None


def _pause(seconds: float, tell: Tell, done: int) -> None:
    """Wait, and let ``tell`` end the waiting."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        tell(done, None)
        time.sleep(min(0.2, left))


def _forget(order: Order) -> None:
    order.part.unlink(missing_ok=True)
    order.note.unlink(missing_ok=True)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
