"""Rows of data sets."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import insert, select, update

from pxcore.errors import DatasetError, PanelError
from pxcore.people.rights import require_member, signed
from pxcore.store import audit
from pxcore.store.database import next_ordinal, now
from pxcore.store.home import Store
from pxcore.store.keys import decode, encode
from pxcore.store.tables import datasets
from pxcore.types import Dataset, Panel

ALREADY = "these cells are already registered as"
OTHER_FILE = "another file than last time"
"""How the note begins that a public data set's file has another sha256."""


def register(store: Store, dataset: Dataset, overview_key: str, *, outdated: str = "") -> Dataset:
    """Return the registered data set; the same content registered before keeps its names.

    What it keeps in spite of ``dataset`` is told by a note in its report (see `notices`). Its
    overview is exchanged only where it has the key ``outdated``: one from an older import, which
    knew less.
    Whoever brought it first owns it. Raises AccessError for a reader.
    """
    require_member(store, "Registering a data set")
    dataset = replace(dataset, owner=signed(store, dataset.owner))
    parts = {
        "pixels": dataset.pixels_key,
        "annotation": dataset.annotation_key,
        "overview": overview_key,
    }
    store.note_artifacts(parts)
    with store.database.writing() as connection:
        found = connection.scalar(select(datasets.c.value).where(datasets.c.id == dataset.id))
        if found is not None:
            known = decode(Dataset, found)
            kept = _noted(known, (*_kept(known, dataset), *notices(dataset)))
            if kept != known:
                row = update(datasets).where(datasets.c.id == dataset.id)
                connection.execute(row.values(value=encode(kept)))
            if outdated != overview_key:
                older = (datasets.c.id == dataset.id) & (datasets.c.overview_key == outdated)
                row = update(datasets).where(older)
                connection.execute(row.values(overview_key=overview_key))
            return kept
        created = now()
        dataset = replace(_noted(dataset, notices(dataset)), created=created)
        connection.execute(
            insert(datasets).values(
                id=dataset.id,
                value=encode(dataset),
                overview_key=overview_key,
                created=created,
                ordinal=next_ordinal(connection, datasets),
                owner=dataset.owner,
            )
        )
        audit.note(connection, dataset.owner, "data set added", dataset.id, dataset.title)
    return dataset


def notices(dataset: Dataset) -> tuple[str, ...]:
    """Return what is odd about the last import of these cells; empty for nothing."""
    notes = dataset.report.notes if dataset.report else ()
    return tuple(note for note in notes if note.startswith((ALREADY, OTHER_FILE)))


def all_datasets(store: Store) -> tuple[Dataset, ...]:
    """Return every data set, newest first."""
    wanted = select(datasets.c.value).order_by(datasets.c.ordinal.desc())
    with store.database.reading() as connection:
        return tuple(decode(Dataset, value) for value in connection.scalars(wanted))


def one(store: Store, dataset_id: str) -> Dataset:
    """Return one data set. Raises DatasetError for an unknown id."""
    return decode(Dataset, _column(store, dataset_id, "value"))


def overview_key(store: Store, dataset_id: str) -> str:
    """Return the key of a data set's overview."""
    return _column(store, dataset_id, "overview_key")


def edit(store: Store, dataset_id: str, title: str, panel: Panel) -> Dataset:
    """Return the data set with a new title and panel sheet. Keys and old runs do not change.

    Raises PanelError when the panel has another number of channels, AccessError for a reader.
    """
    require_member(store, "Editing a data set")
    old = one(store, dataset_id)
    if len(panel) != len(old.panel):
        message = (
            f"the panel has {len(panel)} channels, but data set {old.title!r} has "
            f"{len(old.panel)}: give every channel one row"
        )
        raise PanelError(message)
    new = replace(_noted(old), title=title.strip() or old.title, panel=panel)
    with store.database.writing() as connection:
        changed = update(datasets).where(datasets.c.id == dataset_id)
        connection.execute(changed.values(value=encode(new)))
        audit.note(connection, store.person.name, "data set edited", dataset_id, new.title)
    return new


def _kept(known: Dataset, asked: Dataset) -> tuple[str, ...]:
    """Return the note on names that were asked for and not taken, or nothing."""
    pairs = (("title", known.title, asked.title), ("panel sheet", known.panel, asked.panel))
    kept = [name for name, old, new in pairs if old != new]
    slices: tuple[str, ...] = ()
    if (known.volumes, known.depth) != (asked.volumes, asked.depth):
        slices = (
            f"{ALREADY} {known.title!r} ({known.id}), with {known.volumes} volumes of "
            f"{known.depth} slices; that stays: to have them otherwise, change a pixel or a label",
        )
    if not kept:
        return slices
    return (
        *slices,
        f"{ALREADY} {known.title!r} ({known.id}); its {' and '.join(kept)} "
        f"{'were' if len(kept) > 1 else 'was'} kept: edit {'them' if len(kept) > 1 else 'it'} "
        "under Data sets",
    )


def _noted(dataset: Dataset, notes: tuple[str, ...] = ()) -> Dataset:
    """Return the data set with these notices in its report instead of earlier ones."""
    if dataset.report is None:
        return dataset
    told = set(notices(dataset))
    others = (note for note in dataset.report.notes if note not in told)
    return replace(dataset, report=replace(dataset.report, notes=(*notes, *others)))


def _column(store: Store, dataset_id: str, name: str) -> str:
    with store.database.reading() as connection:
        wanted = select(datasets.c[name]).where(datasets.c.id == dataset_id)
        value = connection.scalar(wanted)
    if value is None:
        message = (
            f"data set {dataset_id!r} is not known here; import it first "
            "(`python -m pxcore import PATH` prints its id), or find it: the address of a data "
            "set's page ends with its id"
        )
        raise DatasetError(message)
    return str(value)
