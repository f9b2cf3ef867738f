"""What a server's answer may look like, and what the fetched file must be."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from email.message import Message
from pathlib import Path

from pxcore.data.download_order import Known, Order
from pxcore.data.https import Answer
from pxcore.data.limits import MIB, in_words
from pxcore.errors import DatasetError

BUSY = (408, 425, 429, 500, 502, 503, 504)
"""Answers after which it is worth trying again."""
ANEW = "start again to fetch it anew, or put the right file there by hand"


class Broken(Exception):  # noqa: N818 - an outcome: the next try goes on
    """The connection ended too early, or the server was busy; its text says why."""


def accepted(order: Order, answer: Answer, start: int) -> tuple[int, Known]:
    """Return at which byte the body of an answer begins, and what is known of the whole file.

    Raises
    ------
    DatasetError
        When the answer is not the file, or the file is larger than it may be.
    Broken
        When the answer is of no use this time.
    OutOfDiskError
        When the disk has no room for the rest.
    """
    headers, known = answer.headers, order.known()
    _check_head(order, headers)
    length = headers.get("Content-Length")
    if answer.status == 206:
        begin, total = _range(headers.get("Content-Range") or "")
        total = known.total if total is None else total
        if begin != start or known.total not in {None, total}:
            order.forget()
            message = "the server sent another part than the one asked for"
            raise Broken(message)
        known = replace(known, total=total)
    elif answer.status == 200:
        begin, total = 0, int(length) if length and length.isdigit() else None
        known = _version(order, headers, total, known if start else None)
    else:
        message = f"answer {answer.status}"
        raise Broken(message)
    check_size(order, total)
    order.ask_room(known)
    order.remember(known)
    return begin, known


def _check_head(order: Order, headers: Message) -> None:
    """Raise DatasetError for an answer that is a web page, or packed."""
    kind = (headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    if kind in {"text/html", "application/xhtml+xml"}:
        message = f"{order.url} answers with a web page, not with the file"
        raise DatasetError(message)
    if (headers.get("Content-Encoding") or "identity").lower() != "identity":
        message = f"{order.url} sends the file packed, although that was not asked for"
        raise DatasetError(message)


def _version(order: Order, headers: Message, total: int | None, asked: Known | None) -> Known:
    """Return what a whole answer tells; ``asked``: the version whose rest was asked for."""
    validator = headers.get("ETag") or ""
    if not validator or validator.startswith("W/"):  # a weak one says nothing of the bytes
        validator = headers.get("Last-Modified") or ""
    ignored = asked is not None and asked.validator == validator
    ranges = (headers.get("Accept-Ranges") or "").strip().lower() != "none" and not ignored
    return Known(url=order.url, validator=validator, total=total, ranges=ranges)


def refused(order: Order, code: int, reason: str, span: str) -> None:
    """Raise what an answer without the file means: Broken to try again, else DatasetError.

    ``span``: its Content-Range, which for 416 names the whole size.
    """
    if code == 416:
        known = order.known()
        if span == f"bytes */{order.here}" and known.total is None:  # nothing is missing
            order.remember(replace(known, total=order.here))
        else:  # what is here goes beyond what the server has: another version
            order.forget()
    if code == 416 or code in BUSY:
        message = f"answer {code} {reason}"
        raise Broken(message)
    message = f"{order.url} cannot be fetched: the server answers {code} {reason}"
    raise DatasetError(message)


def check_size(order: Order, size: int | None) -> None:
    """Raise DatasetError for a size that the file cannot have; None, not told, passes."""
    if size is None:
        return
    if size == 0 or (order.size is not None and size != order.size):
        wanted = "a file with something in it" if order.size is None else in_words(order.size)
        order.forget()
        message = (
            f"{order.url} has {size} bytes; expected {wanted} ({order.size or 'any'} bytes): {ANEW}"
        )
        raise DatasetError(message)
    if size > order.most_bytes:
        message = (
            f"{order.url} has {in_words(size)}; at most {in_words(order.most_bytes)} are taken"
        )
        raise DatasetError(message)


def finished(order: Order, tell: Callable[[int], None]) -> str:
    """Return the sha256 of the whole file, checked and put in its place.

    Raises DatasetError, and removes the file, where size, first bytes or the published sha256
    are not the right ones.
    """
    size = order.here
    check_size(order, size)
    with order.part.open("rb") as stream:
        first = stream.read(max(map(len, order.starts), default=0))
    if order.starts and not first.startswith(order.starts):
        order.forget()
        message = (
            f"{order.url} sent a file that begins with {first!r}, not the kind expected; it was "
            f"removed: {ANEW}"
        )
        raise DatasetError(message)
    found = sha256_of(order.part, lambda _: tell(size))
    if order.sha256 and found != order.sha256:
        order.forget()
        message = (
            f"the file of {order.url} has sha256 {found[:16]}…, expected {order.sha256[:16]}… as "
            f"published: it was damaged on its way or is another file, and was removed: {ANEW}"
        )
        raise DatasetError(message)
    order.part.replace(order.target)
    order.forget(part=False)
    return found


def sha256_of(path: Path, tell: Callable[[int], None]) -> str:
    """Return the sha256 of a file; ``tell`` gets the bytes read so far."""
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while piece := stream.read(MIB):
            digest.update(piece)
            done += len(piece)
            tell(done)
    return digest.hexdigest()


def _range(text: str) -> tuple[int, int | None]:
    """Return first byte and whole size of ``bytes 5-9/10``; (-1, None) where it is not that."""
    with suppress(ValueError):
        unit, _, rest = text.partition(" ")
        span, _, total = rest.partition("/")
        if unit == "bytes":
            return int(span.partition("-")[0]), None if total == "*" else int(total)
    return -1, None
