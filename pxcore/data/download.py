"""One large file over https: resumed after a break, never more than it may be, checked at the end.

A later call asks for the rest of the very version whose part is here (``Range`` with
``If-Range``): a server that ignores this, names no version, or has another one by now, sends the
whole file, and the download begins again. Free disk is asked for again and again while the file
grows, since its size may be unknown and others write to the disk too. The finished file is
renamed into place only when what is known of size, first bytes and sha256 holds.
"""

from __future__ import annotations

import errno
import http.client
import os
import time
import urllib.error
from collections.abc import Callable

from pxcore.data import download_order
from pxcore.data.download_answer import Broken, accepted, finished, refused, sha256_of
from pxcore.data.download_order import Known, Order, Reached
from pxcore.data.https import Answer, open_url
from pxcore.data.limits import in_words
from pxcore.errors import DatasetError, OutOfDiskError

__all__ = ["Order", "Reached", "download", "sha256_of"]

PIECE = 256 * 1024
Tell = Callable[[Reached], None]


def download(order: Order, tell: Tell) -> str:
    """Return the sha256 of the file now at ``order.target``.

    ``tell`` gets how far the download is, several times a second; an error it raises ends the
    call and leaves the unfinished file for the next one.

    Raises
    ------
    DatasetError
        When the address cannot be reached after all tries, answers with something else than the
        file, or the file is not the one published (it is then removed).
    OutOfDiskError
        When the disk has no room. What was fetched stays.
    """
    order.target.parent.mkdir(parents=True, exist_ok=True)
    failures, reached = 0, order.here
    while True:
        try:
            _connection(order, tell)
            break
        except Broken as broken:
            now = order.here
            failures = 1 if now > reached else failures + 1
            reached = now
            if failures >= order.tries:
                kept = f"; {order.kept(order.known())}" if now else ""
                message = (
                    f"{order.url} could not be fetched ({broken}; {failures} tries without a "
                    f"further byte{kept})"
                )
                raise DatasetError(message) from broken
            _pause(order, min(60.0, order.wait * 2 ** (failures - 1)), tell)
    return finished(order, lambda size: tell(Reached(done=size, total=size)))


def _connection(order: Order, tell: Tell) -> None:
    """Fetch what is missing over one connection. Raises Broken when some still is."""
    known = order.known()
    start = order.here if known.validator else 0
    if start and start == known.total:
        return  # ended between the last byte and the renaming
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers |= {"Range": f"bytes={start}-", "If-Range": known.validator}
    try:
        with open_url(order.url, headers, order.timeout, loopback=order.loopback) as answer:
            begin, known = accepted(order, answer, start)
            _copy(order, answer, begin, known, tell)
    except urllib.error.HTTPError as error:
        with error:
            span = (error.headers.get("Content-Range") or "").strip()
            refused(order, error.code, str(error.reason), span)
    except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError) as bad:
        reason = getattr(bad, "reason", bad)
        raise Broken(str(reason) or type(bad).__name__) from bad


def _copy(order: Order, answer: Answer, begin: int, known: Known, tell: Tell) -> None:
    """Append the body to the unfinished file, from byte ``begin`` on."""
    total, done, asked = known.total, begin, begin
    with order.part.open("r+b" if begin else "wb", buffering=0) as part:
        part.seek(begin)
        while piece := answer.read(PIECE):
            if done + len(piece) > (order.most_bytes if total is None else total):
                order.forget()
                message = (
                    f"{order.url} sends more than {in_words(total or order.most_bytes)}; the "
                    "download was stopped and what there was of it removed"
                )
                raise DatasetError(message)
            if done - asked >= download_order.ROOM_STEP:
                asked = done
                order.ask_room(known)
            _write(order, known, part.write, piece)
            done += len(piece)
            tell(Reached(done=done, total=total, resumes=known.resumes))
        os.fsync(part.fileno())
    if total is not None and done < total:
        message = f"the connection ended after {in_words(done)} of {in_words(total)}"
        raise Broken(message)


def _write(order: Order, known: Known, write: Callable[[bytes], int], piece: bytes) -> None:
    """Write a piece whole. Raises OutOfDiskError when the disk does not take it."""
    try:
        while piece:
            piece = piece[write(piece) :]
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            message = (
                f"the disk of {order.target.parent} is full; free some space and start again. "
                f"{order.kept(known)}"
            )
            raise OutOfDiskError(message) from error
        raise


def _pause(order: Order, seconds: float, tell: Tell) -> None:
    """Wait, and let ``tell`` end the waiting."""
    known, until = order.known(), time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        tell(Reached(done=order.here, total=known.total, resumes=known.resumes or not order.here))
        time.sleep(min(0.2, left))
