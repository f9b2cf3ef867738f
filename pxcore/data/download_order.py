"""What to download, and what is known of the part of it that is here already.

While it grows the file is called ``NAME.part``; beside it ``NAME.part.json`` keeps what the server
said of the version being fetched (`Known`).
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pxcore.data.limits import MIB, in_words
from pxcore.errors import OutOfDiskError, StoreError

ROOM_STEP = 64 * MIB
"""After so many bytes free disk is asked for again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the server said of the version that an unfinished file holds."""

    url: str
    validator: str = ""
    """ETag or date of that version; empty where the server names none."""
    total: int | None = None
    """Bytes of the whole file."""
    ranges: bool = True
    """False once the server has said or shown that it sends whole files only."""

    @property
    def resumes(self) -> bool:
        """True where the server can be asked for the rest of this very version."""
        return bool(self.validator) and self.ranges


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """How far a download is."""

    done: int
    total: int | None
    """None while the server has not told it."""
    resumes: bool = True
    """False where a broken download has to begin anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to fetch and what it may cost."""

    url: str
    target: Path
    most_bytes: int
    room: Callable[[int], None]
    """Raises StoreError when so many further bytes do not fit on the disk."""
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
        return part_of(self.target)

    @property
    def here(self) -> int:
        """Bytes of the unfinished file."""
        return self.part.stat().st_size if self.part.is_file() else 0

    def known(self) -> Known:
        """Return what is known of the unfinished file; nothing where it is of another address."""
        found = known_of(self.target)
        return found if found and found.url == self.url else Known(url=self.url)

    def remember(self, known: Known) -> None:
        """Write down what the server said."""
        _note_of(self.target).write_text(json.dumps(dataclasses.asdict(known)), "utf-8")

    def forget(self, *, part: bool = True) -> None:
        """Remove the note, and the unfinished file unless it has become the finished one."""
        if part:
            self.part.unlink(missing_ok=True)
        _note_of(self.target).unlink(missing_ok=True)

    def kept(self, known: Known) -> str:
        """Return in words what becomes of the unfinished file at the next start."""
        here = in_words(self.here)
        if known.resumes:
            return f"{here} are kept, and the download goes on there when it is started again"
        return (
            f"{here} are here, but this server does not send the rest of a file: when it is "
            "started again the download begins anew"
        )

    def ask_room(self, known: Known) -> None:
        """Ask for the disk that the rest takes, or the next stretch of it where that is unknown.

        Raises OutOfDiskError where it is not there; what was fetched stays.
        """
        needed = ROOM_STEP if known.total is None else max(0, known.total - self.here)
        try:
            self.room(needed)
        except StoreError as error:
            message = f"{error}. {self.kept(known)}" if self.here else str(error)
            raise OutOfDiskError(message) from error


def part_of(target: Path) -> Path:
    """Return the unfinished file of a download."""
    return target.with_name(target.name + ".part")


def known_of(target: Path) -> Known | None:
    """Return what the server said of the unfinished file, None where that is not written down."""
    try:
        found = json.loads(_note_of(target).read_text("utf-8"))
        url, validator, total = str(found["url"]), str(found["validator"]), str(found["total"])
        ranges = bool(found.get("ranges", True))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    whole = int(total) if total.isdigit() else None
    return Known(url=url, validator=validator, total=whole, ranges=ranges)


def _note_of(target: Path) -> Path:
    return target.with_name(target.name + ".part.json")
