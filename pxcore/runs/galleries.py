"""Pictures of a few cells, and labels that come later."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pxcore.data.annotation import Annotation, from_csv_text
from pxcore.data.container import Container
from pxcore.data.overview import Overview
from pxcore.data.overviews import with_annotation
from pxcore.data.panel_sheet import SheetForm, apply_sheet, write_sheet, write_yaml
from pxcore.errors import DatasetError
from pxcore.people.rights import require_member
from pxcore.runs import datasets
from pxcore.runs.imports import dataset_id as id_of
from pxcore.store.home import Store
from pxcore.store.keys import key_of
from pxcore.types import CellImages, Dataset, ImportReport

MOST_CELLS = 256
ABOUT_LABELS = (": not used.", "cells are unlabelled.", "labels may be added by object number.")
"""How notes on labels end: those of `from_csv_text`, and one of earlier imports."""


def cells(store: Store, dataset_id: str, positions: Sequence[int]) -> CellImages:
    """Return a few cells in the order asked. Raises DatasetError for more than 256."""
    if len(positions) > MOST_CELLS:
        message = f"{len(positions)} cells were asked for at once; at most {MOST_CELLS} are shown"
        raise DatasetError(message)
    dataset = datasets.one(store, dataset_id)
    annotation = annotation_of(store, dataset)
    wanted = np.asarray(positions, dtype=np.int64).reshape(-1)
    with Container.open(store.artifacts.folder(dataset.pixels_key)) as container:
        return CellImages(
            positions=wanted,
            images=container.images(wanted),
            masks=container.masks(wanted),
            labels=annotation.labels[wanted],
            groups=annotation.groups[wanted],
            object_numbers=container.object_numbers[wanted],
        )


def pick_cells(
    store: Store, dataset_id: str, class_name: str | None, page: tuple[int, int], seed: int
) -> tuple[int, ...]:
    """Return positions of one page of cells of a class (of all with None).

    ``page``: number from 0 and cells a page. The order is drawn from ``seed``, so pages never
    overlap and a page looks the same tomorrow.
    """
    dataset = datasets.one(store, dataset_id)
    labels = annotation_of(store, dataset).labels
    if class_name is None:
        found = np.arange(len(labels))
    elif class_name in dataset.classes:
        found = np.flatnonzero(labels == dataset.classes.index(class_name))
    else:
        message = (
            f"class {class_name!r} is not in data set {dataset.title!r}; it has "
            f"{', '.join(dataset.classes) or 'none'}"
        )
        raise DatasetError(message)
    number, per_page = max(page[0], 0), min(max(page[1], 1), MOST_CELLS)
    order = np.random.default_rng(seed).permutation(found)
    return tuple(order[number * per_page : (number + 1) * per_page].tolist())


def overview(store: Store, dataset_id: str) -> Overview:
    """Return what a data set's page shows at once."""
    return Overview.load(store.artifacts.folder(datasets.overview_key(store, dataset_id)))


def panel_sheet(store: Store, dataset_id: str, form: SheetForm = "csv") -> str:
    """Return the panel as CSV or YAML text."""
    write = write_yaml if form == "yaml" else write_sheet
    return write(datasets.one(store, dataset_id).panel)


def apply_panel_sheet(store: Store, dataset_id: str, text: str) -> Dataset:
    """Return the data set with the sheet's panel. Raises PanelError when they do not match."""
    dataset = datasets.one(store, dataset_id)
    panel, _ = apply_sheet(dataset.panel, text)
    return datasets.edit(store, dataset_id, dataset.title, panel)


def add_labels(store: Store, dataset_id: str, csv_text: str) -> Dataset:
    """Return a new data set: the same pixels with the labels of a CSV; no pixel is copied.

    Raises DatasetError when the table does not fit the cells, AccessError for a reader.
    """
    require_member(store, "Adding labels")
    old = datasets.one(store, dataset_id)
    before = annotation_of(store, old)
    with Container.open(store.artifacts.folder(old.pixels_key)) as container:
        numbers = container.object_numbers
    annotation, notes = from_csv_text(csv_text, numbers, keep=before)
    return relabelled(store, old, annotation, notes)


def relabelled(
    store: Store, old: Dataset, annotation: Annotation, notes: Sequence[str], title: str = ""
) -> Dataset:
    """Return a new data set: the pixels of ``old`` with other labels; no pixel is copied.

    Parameters
    ----------
    notes
        What is to be known of the labels; they stand in the report of the new data set.
    title
        Of the new data set; empty for that of the old one with ``+ labels``.
    """
    with Container.open(store.artifacts.folder(old.pixels_key)) as container:
        pixels_hash = container.content_hash
    key = key_of("annotation", annotation.content_hash)
    with store.artifacts.write(key) as folder:
        annotation.save(folder)
    shown = overview(store, old.id)
    overview_key = key_of("overview", pixels_hash, annotation.content_hash, *shown.own_parts)
    with store.artifacts.write(overview_key) as folder:
        with_annotation(shown, annotation).save(folder)
    report = old.report or ImportReport(source=old.title, format="", n_read=old.n_cells)
    report = replace(report, notes=(*_notes_on_pixels(old), *notes))
    new_id = id_of(pixels_hash, annotation.content_hash)
    new = replace(
        old,
        id=new_id,
        title=title or _labelled_title(store, old.title, new_id),
        classes=annotation.classes,
        class_counts=annotation.class_counts,
        groups=annotation.group_names,
        annotation_key=key,
        report=report,
        owner=store.person.name or old.owner,
    )
    return datasets.register(store, new, overview_key)


def _labelled_title(store: Store, title: str, dataset_id: str) -> str:
    """Return the title of a labelled copy: another one than any other data set's."""
    titles = {one.id: one.title for one in datasets.all_datasets(store)}
    if dataset_id in titles:
        return titles[dataset_id]
    wanted = re.sub(r" \+ labels( \d+)?$", "", title) + " + labels"
    taken = set(titles.values())
    numbered = (f"{wanted} {number}" for number in itertools.count(2))
    return wanted if wanted not in taken else next(one for one in numbered if one not in taken)


def _notes_on_pixels(dataset: Dataset) -> tuple[str, ...]:
    """Return the notes of an import that stay true with other labels."""
    notes = dataset.report.notes if dataset.report else ()
    return tuple(note for note in notes if not note.endswith(ABOUT_LABELS))


def annotation_of(store: Store, dataset: Dataset) -> Annotation:
    """Return the labels and groups of a data set."""
    return Annotation.load(store.artifacts.folder(dataset.annotation_key))
