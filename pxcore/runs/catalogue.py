"""Public data sets on this host: fetched into ``public/<id>``, or put there by hand.

An import whose path is ``public:<id>`` first sees to the file. What is there is taken, whoever
put it there; else it is downloaded, or the download goes on where an earlier one ended. Once the
cells are in, the file's sha256 is written into ``receipt.json``; a later file with another one is
taken and told, since some servers zip anew for every download.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from pxcore.data.catalogue import CATALOGUE, PublicSet
from pxcore.data.download import Order, Reached, download, sha256_of
from pxcore.data.download_order import known_of, part_of
from pxcore.data.files import check_source
from pxcore.data.limits import Limits, in_words
from pxcore.data.panel_sheet import write_sheet
from pxcore.errors import AccessError, DatasetError
from pxcore.runs import datasets, receipts
from pxcore.runs.public_places import SHEET, alone, folder, there
from pxcore.runs.receipts import Receipt, Taking
from pxcore.store.home import Store
from pxcore.types import ImportRequest
from pxcore.types.public import PublicState

PREFIX = "public:"
FETCHING = 0.6
"""Share of an import's progress that its download takes."""
BY_HAND = "put by hand"
Tell = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """An import whose file is on this host."""

    request: ImportRequest
    tell: Tell
    """Who is told of the rest of the import."""
    taking: Taking | None = None
    """None for every path but ``public:<id>``."""


def named(path: str) -> PublicSet | None:
    """Return the data set that an import's path means, None for every other path."""
    word = path.removeprefix(PREFIX)
    return CATALOGUE[word] if path.startswith(PREFIX) and word in CATALOGUE else None


def request_for(set_id: str, owner: str = "") -> ImportRequest:
    """Return the import of a public data set. Raises DatasetError for an unknown one."""
    entry = CATALOGUE[set_id]
    return ImportRequest(path=PREFIX + entry.id, title=entry.title, owner=owner)


def states(store: Store) -> tuple[PublicState, ...]:
    """Return how far each data set of the catalogue is on this host. Nothing is downloaded."""
    known = {
        one.report.source: one.id for one in datasets.all_datasets(store) if one.report is not None
    }
    found = []
    for entry in CATALOGUE.values():
        place = folder(store, entry)
        file, part, receipt = there(place, entry), part_of(place / entry.file), receipts.of(place)
        lying = file or (part if part.is_file() else None)
        version = known_of(place / entry.file)
        found.append(
            PublicState(
                entry=entry,
                state="here" if file else "partly" if lying else "absent",
                folder=str(place),
                file=file.name if file else "",
                n_bytes=lying.stat().st_size if lying and lying.is_file() else 0,
                resumes=version is not None and version.resumes and version.url == entry.url,
                may_fetch=store.settings.public_downloads and not entry.by_hand,
                sha256=receipt.sha256 if receipt else "",
                dataset_id=known.get(file.name if file else entry.file, ""),
            )
        )
    return tuple(found)


def check_fetchable(store: Store, set_id: str) -> None:
    """Raise AccessError where a data set's file is not here and may not be downloaded."""
    entry = CATALOGUE[set_id]
    place = folder(store, entry)
    if there(place, entry) is not None:
        return
    if entry.by_hand:
        message = (
            f"{entry.title!r} is not fetched by itself. {entry.by_hand} Put the folder into "
            f"{place} and start again; the files are described at {entry.page}"
        )
        raise AccessError(message)
    if not store.settings.public_downloads:
        message = (
            f"{entry.title!r} is not fetched: downloads of public data sets are switched off on "
            f"this host (PXCORE_PUBLIC_DOWNLOADS): {_by_hand(entry, place)}"
        )
        raise AccessError(message)


def fetched(store: Store, request: ImportRequest, tell: Tell, limits: Limits) -> Fetched:
    """Return a request that names a file on this host; any other path comes back as it is.

    Raises
    ------
    DatasetError
        When the file is not here and cannot be had: with its address, and the folder to put it
        into by hand. When it is not the one published.
    AccessError
        When it would have to be downloaded, and that is switched off here.
    StoreError
        When the disk has no room for it.
    """
    entry = named(request.path)
    if entry is None:
        return Fetched(request=request, tell=tell)
    place = folder(store, entry)
    with alone(place, entry):
        file = there(place, entry)
        if file is None:
            check_fetchable(store, entry.id)
            taking = _download(store, entry, tell, limits)
        else:
            check_source(file, limits)
            taking = _check(entry, file, lambda share: tell("checking the file", FETCHING * share))
        if not entry.by_hand:
            (place / SHEET).write_text(write_sheet(entry.panel), "utf-8")
    made = replace(
        request,
        path=str(taking.path),
        format=entry.format,
        panel_sheet="" if entry.by_hand else str(place / SHEET),
        size=request.size or entry.side,
        options=entry.options,
    )
    rest = 1 - FETCHING
    return Fetched(
        request=made,
        tell=lambda step, share: tell(step, FETCHING + rest * share),
        taking=replace(taking, notes=_changed(receipts.of(place), taking.receipt)),
    )


def _download(store: Store, entry: PublicSet, tell: Tell, limits: Limits) -> Taking:
    place = folder(store, entry)
    order = Order(
        url=entry.url,
        target=place / entry.file,
        most_bytes=min(entry.most_bytes, limits.source_bytes),
        room=lambda needed: store.require_space(needed, f"downloading {entry.title!r}"),
        size=entry.size,
        sha256=entry.sha256,
        starts=entry.starts,
    )
    try:
        sha256 = download(order, lambda reached: tell(*_words(reached)))
    except DatasetError as error:
        message = f"{error}. Without the internet: {_by_hand(entry, place)}"
        raise DatasetError(message) from error
    return _taking(order.target, sha256, entry.url)


def _taking(file: Path, sha256: str, source: str) -> Taking:
    stamp = receipts.stamp(file)
    receipt = Receipt(file=file.name, sha256=sha256, source=source, stamp=stamp)
    return Taking(path=file, receipt=receipt)


def _by_hand(entry: PublicSet, place: Path) -> str:
    return (
        f"fetch {entry.url} (described at {entry.page}) on another machine, put the file into "
        f"{place} and start again"
    )


def _changed(last: Receipt | None, now: Receipt | None) -> tuple[str, ...]:
    """Return the note on a file that is not the one last imported, or nothing."""
    if last is None or now is None or last.sha256 == now.sha256:
        return ()
    return (
        f"{datasets.OTHER_FILE}: {now.file} has sha256 {now.sha256}, the one imported before "
        f"({last.file}) had {last.sha256}. No checksum is published: the file may have been zipped "
        "anew or changed by its authors, or be damaged; compare the numbers of cells and classes",
    )


def _words(reached: Reached) -> tuple[str, float]:
    """Return step and share of a download."""
    done, total = reached.done, reached.total
    anew = "" if reached.resumes else "; a break would mean to begin anew"
    if not total:
        return f"downloading, {in_words(done)} so far, size unknown{anew}", 0.0
    return f"downloading {in_words(done)} of {in_words(total)}{anew}", FETCHING * done / total


def _check(entry: PublicSet, file: Path, tell: Callable[[float], None]) -> Taking:
    """Hold a file that is here against what is known of it; a folder is taken as it is."""
    if not file.is_file():
        return Taking(path=file)
    size, last = file.stat().st_size, receipts.of(file.parent)
    with file.open("rb") as stream:
        first = stream.read(max(map(len, entry.starts)))
    if file.name == entry.file and not first.startswith(entry.starts):
        message = (
            f"{file} begins with {first!r}; expected the file of {entry.url}. Perhaps a web page "
            "was saved in its place: remove it and put the file itself there"
        )
        raise DatasetError(message)
    if last is not None and last.file == file.name and last.stamp == receipts.stamp(file):
        return Taking(path=file, receipt=last)
    made = _taking(file, sha256_of(file, lambda done: tell(done / size)), BY_HAND)
    sha256 = made.receipt.sha256 if made.receipt else ""
    if file.name == entry.file and entry.sha256 and sha256 != entry.sha256:
        message = (
            f"{file} has sha256 {sha256[:16]}…, expected {entry.sha256[:16]}… as published: remove "
            "it to have it fetched anew, or give it another name to import it all the same"
        )
        raise DatasetError(message)
    return made
