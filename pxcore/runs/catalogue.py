"""Public data sets on this host: fetched into ``public/<id>``, or put there by hand.

An import whose path is ``public:<id>`` first sees to the file. What is there is taken, whoever
put it there; else it is downloaded, or the download goes on where an earlier one ended. The
sha256 of the first file that is taken is written into ``receipt.json``, and later imports hold
against it.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pxcore.data.catalogue import CATALOGUE, PublicSet
from pxcore.data.download import Order, download, sha256_of
from pxcore.data.files import check_source
from pxcore.data.limits import Limits, in_words
from pxcore.data.panel_sheet import write_sheet
from pxcore.errors import DatasetError
from pxcore.runs import datasets
from pxcore.store.home import Store
from pxcore.types import ImportRequest
from pxcore.types.public import PublicState

PREFIX = "public:"
FETCHING = 0.6
"""Share of an import's progress that its download takes."""
RECEIPT, SHEET, LOCK = "receipt.json", "panel.csv", "lock"
Tell = Callable[[str, float], None]


def named(path: str) -> PublicSet | None:
    """Return the data set that an import's path means, None for every other path."""
    word = path.removeprefix(PREFIX)
    return CATALOGUE[word] if path.startswith(PREFIX) and word in CATALOGUE else None


def request_for(set_id: str, owner: str = "") -> ImportRequest:
    """Return the import of a public data set. Raises DatasetError for an unknown one."""
    entry = CATALOGUE[set_id]
    return ImportRequest(path=PREFIX + entry.id, title=entry.title, owner=owner)


def folder(store: Store, entry: PublicSet) -> Path:
    """Return where a data set's file lies, or is to be put by hand; the folder is made."""
    place = store.home / "public" / entry.id
    place.mkdir(parents=True, exist_ok=True)
    return place


def states(store: Store) -> tuple[PublicState, ...]:
    """Return how far each data set of the catalogue is on this host. Nothing is downloaded."""
    known = {
        one.report.source: one.id for one in datasets.all_datasets(store) if one.report is not None
    }
    found = []
    for entry in CATALOGUE.values():
        place, receipt = folder(store, entry), _receipt(folder(store, entry))
        file, part = _there(place, entry), place / f"{entry.file}.part"
        lying = file or (part if part.exists() else None)
        found.append(
            PublicState(
                entry=entry,
                state="here" if file else "partly" if lying else "absent",
                folder=str(place),
                file=file.name if file else "",
                n_bytes=lying.stat().st_size if lying and lying.is_file() else 0,
                sha256=str(receipt.get("sha256", "")),
                dataset_id=known.get(file.name if file else entry.file, ""),
            )
        )
    return tuple(found)


def fetched(
    store: Store, request: ImportRequest, tell: Tell, limits: Limits
) -> tuple[ImportRequest, Tell]:
    """Return a request that names a file on this host, and who is told of the rest of the import.

    Every path but ``public:<id>`` comes back as it is.

    Raises
    ------
    DatasetError
        When the file is not here and cannot be had: with its address, and the folder to put it
        into by hand. When it is not the file that was taken before.
    StoreError
        When the disk has no room for it.
    """
    entry = named(request.path)
    if entry is None:
        return request, tell
    place = folder(store, entry)
    with _alone(place, entry):
        file = _there(place, entry)
        if file is None:
            file = _download(store, entry, tell, limits)
        else:
            check_source(file, limits)
            _check(entry, file, lambda share: tell("checking the file", FETCHING * share))
        (place / SHEET).write_text(write_sheet(entry.panel), "utf-8")
    made = replace(
        request,
        path=str(file),
        format=entry.format,
        panel_sheet=str(place / SHEET),
        size=request.size or entry.side,
        options=entry.options,
    )
    return made, lambda step, share: tell(step, FETCHING + (1 - FETCHING) * share)


def _download(store: Store, entry: PublicSet, tell: Tell, limits: Limits) -> Path:
    place = folder(store, entry)
    order = Order(
        url=entry.url,
        target=place / entry.file,
        most_bytes=min(entry.most_bytes, limits.source_bytes),
        room=lambda needed: store.require_space(needed, f"downloading {entry.title!r}"),
        size=entry.size,
        sha256=entry.sha256 or str(_receipt(place).get("sha256", "")),
        starts=entry.starts,
    )
    try:
        sha256 = download(order, lambda done, total: tell(*_words(done, total)))
    except DatasetError as error:
        message = (
            f"{error}. Without the internet: fetch {entry.url} (described at {entry.page}) on "
            f"another machine, put the file into {place} and start again"
        )
        raise DatasetError(message) from error
    _keep(place, order.target, sha256, entry.url)
    return order.target


def _words(done: int, total: int | None) -> tuple[str, float]:
    """Return step and share of a download."""
    if not total:
        return f"downloading, {in_words(done)} so far", 0.0
    return f"downloading {in_words(done)} of {in_words(total)}", FETCHING * done / total


def _check(entry: PublicSet, file: Path, tell: Callable[[float], None]) -> None:
    """Hold a file that is here against what is known of it; a folder is taken as it is."""
    if not file.is_file():
        return
    size, place = file.stat().st_size, file.parent
    with file.open("rb") as stream:
        first = stream.read(max(map(len, entry.starts)))
    if file.name == entry.file and not first.startswith(entry.starts):
        message = (
            f"{file} begins with {first!r}; expected the file of {entry.url}. Perhaps a web page "
            "was saved in its place: remove it and put the file itself there"
        )
        raise DatasetError(message)
    receipt = _receipt(place)
    if receipt.get("file") == file.name and receipt.get("stamp") == _stamp(file):
        return
    sha256 = sha256_of(file, lambda done: tell(done / size))
    expected = entry.sha256 if file.name == entry.file else ""
    expected = expected or (str(receipt["sha256"]) if receipt.get("file") == file.name else "")
    if expected and sha256 != expected:
        message = (
            f"{file} has sha256 {sha256[:16]}…, expected {expected[:16]}…, that of the file first "
            f"taken: put that one back, or remove {place / RECEIPT} to take this one"
        )
        raise DatasetError(message)
    _keep(place, file, sha256, "put by hand")


def _there(place: Path, entry: PublicSet) -> Path | None:
    """Return the entry's file, or the one other file or folder that somebody put there."""
    if (place / entry.file).is_file():
        return place / entry.file
    ours = {RECEIPT, SHEET, LOCK}
    others = [
        path
        for path in sorted(place.iterdir())
        if path.name not in ours
        and not path.name.startswith((".", entry.file))
        and not path.name.endswith((".part", ".part.json"))
    ]
    if len(others) > 1:
        message = (
            f"{place} holds {', '.join(path.name for path in others[:5])}; expected one file or "
            "folder with the cells: leave only that one there"
        )
        raise DatasetError(message)
    return others[0] if others else None


def _receipt(place: Path) -> dict[str, object]:
    try:
        found = json.loads((place / RECEIPT).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _keep(place: Path, file: Path, sha256: str, source: str) -> None:
    """Write down what was taken, whole or not at all."""
    content = {"file": file.name, "sha256": sha256, "source": source, "stamp": _stamp(file)}
    part = place / f"{RECEIPT}.part"
    part.write_text(json.dumps(content, indent=1), "utf-8")
    part.replace(place / RECEIPT)


def _stamp(file: Path) -> list[int]:
    found = file.stat()
    return [found.st_size, found.st_mtime_ns]


@contextmanager
def _alone(place: Path, entry: PublicSet) -> Iterator[None]:
    """Hold the folder for this process; a killed one lets go of it."""
    handle = os.open(place / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"{entry.title!r} is being fetched by another process; wait for its end"
            raise DatasetError(message) from error
        yield
    finally:
        os.close(handle)
