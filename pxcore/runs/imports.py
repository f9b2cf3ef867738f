"""Imports: rows that the runner carries out one by one, or one in the foreground.

A file is opened by ``pxcore.data.ingest`` in its own limited process, which leaves finished
folders in a workspace of the store. Only when all of them are there do they become artifacts
and, last of all, a row: nothing half-registered remains.
"""

from __future__ import annotations

import json
import logging
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from pxcore.data.ingest import Ingested, ingest
from pxcore.data.limits import Limits
from pxcore.data.overview import Overview
from pxcore.errors import Cancelled, DatasetError, PxError
from pxcore.runs import catalogue, datasets, folders
from pxcore.runs.sources import check_places, expected_bytes, places
from pxcore.settings import Settings
from pxcore.store.database import next_ordinal, now
from pxcore.store.home import Store
from pxcore.store.keys import decode, encode, key_of
from pxcore.store.tables import imports
from pxcore.types import Dataset, ImportProgress, ImportRequest, ImportState

LOG = logging.getLogger("pxcore.imports")
TELL_SECONDS = 0.5
Tell = Callable[[str, float], None]
Values = dict[str, str | float]


def queue(store: Store, request: ImportRequest) -> str:
    """Return the id of a new queued import."""
    import_id = secrets.token_hex(6)
    with store.database.writing() as connection:
        connection.execute(
            insert(imports).values(
                id=import_id,
                request=encode(request),
                state=ImportState.QUEUED,
                created=now(),
                ordinal=next_ordinal(connection, imports),
            )
        )
    return import_id


def progress(store: Store, import_id: str) -> ImportProgress:
    """Return how far an import is. Raises DatasetError for an unknown id."""
    found = _rows(store, imports.c.id == import_id)
    if not found:
        message = f"import {import_id!r} is not known here; start it again"
        raise DatasetError(message)
    return found[0]


def all_imports(store: Store) -> tuple[ImportProgress, ...]:
    """Return every import, newest first."""
    return _rows(store, imports.c.id != "")


def bring_in(
    store: Store, request: ImportRequest, tell: Tell, *, from_browser: bool = False
) -> Dataset:
    """Return the registered data set of a file; the same content again gives the same one.

    ``from_browser``: only places that a browser may name are opened, as they are now.

    Raises DatasetError or PanelError with what is wrong with the file, AccessError for a place
    that is not allowed, StoreError when the disk is too full. Nothing is left behind then.
    """
    store.artifacts.forget_temporary()
    check_places(store, request, from_browser=from_browser)
    limits = limits_of(store.settings)
    got = catalogue.fetched(store, request, tell, limits)
    request, taking = got.request, got.taking
    store.require_space(expected_bytes(request), f"importing {Path(request.path).name!r}")
    workspace = store.artifacts.temporary("import")
    try:
        if taking is None:
            return _register(store, request, ingest(request, workspace, limits, tell))
        with taking.converting():
            found = ingest(request, workspace, limits, got.tell)
            return _register(store, request, taking.noted(found))
    finally:
        shutil.rmtree(workspace, ignore_errors=True)


def limits_of(settings: Settings) -> Limits:
    """Return the limits that the settings put on an import process."""
    return Limits(
        memory=settings.import_memory_mb * 2**20,
        cpu_seconds=settings.import_seconds,
        source_bytes=int(settings.max_dataset_gb * 2**30),
        dataset_bytes=int(settings.max_dataset_gb * 2**30),
        keep_free=int(settings.min_free_gb * 2**30),
    )


class ImportDesk:
    """The runner's imports: one at a time on a thread, so that the runner's loop never waits."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._owed: tuple[ImportProgress, Values] | None = None
        self._requeue()

    @property
    def busy(self) -> bool:
        """True while an import runs or waits."""
        return self._working() or self._owed is not None or bool(self._queued())

    def turn(self) -> None:
        """Start the oldest queued import when none runs."""
        if self._working() or self._closing.is_set():
            return
        self._settle()
        waiting = () if self._owed else self._queued()
        if waiting:
            row = waiting[-1]
            self._thread = threading.Thread(target=self._carry_out, args=(row,), daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop the import under way; the next runner starts it anew."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def _working(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _queued(self) -> tuple[ImportProgress, ...]:
        return _rows(self._store, imports.c.state == ImportState.QUEUED)

    def _carry_out(self, row: ImportProgress) -> None:
        """Do one import, on the desk's thread. Its end is owed to the row until it is written."""
        self._write(row.id, state=ImportState.RUNNING)
        self._owed = row, self._end_of(row)
        self._settle()

    def _end_of(self, row: ImportProgress) -> Values:
        """Return the row's values after its import; whatever goes wrong is among them."""
        told = 0.0

        def tell(step: str, share: float) -> None:
            nonlocal told
            if self._closing.is_set():
                message = "the runner is ending"
                raise Cancelled(message)
            if time.monotonic() - told > TELL_SECONDS:
                told = time.monotonic()
                self._write(row.id, step=step, share=share)

        try:
            return _finished(
                self._store, bring_in(self._store, row.request, tell, from_browser=True)
            )
        except Cancelled:
            return {"state": ImportState.QUEUED}
        except PxError as error:
            return {"state": ImportState.FAILED, "error": str(error)}
        except Exception:  # the border of a thread: its row must not run for ever
            reference = secrets.token_hex(4)
            LOG.exception("import %s failed, reference %s", row.id, reference)
            message = f"this import failed through a fault of ours, reference {reference}"
            return {"state": ImportState.FAILED, "error": message}

    def _settle(self) -> None:
        """Write the end that is owed; while the database does not take it, it stays owed."""
        if self._owed is None:
            return
        row, values = self._owed
        try:
            self._write(row.id, **values)
        except SQLAlchemyError:
            LOG.exception("the end of import %s cannot be written yet", row.id)
            return
        self._owed = None
        if values["state"] != ImportState.QUEUED:
            for path in places(row.request):  # nobody opens an uploaded file again
                folders.forget_upload(self._store, Path(path))

    def _write(self, import_id: str, **values: str | float) -> None:
        with self._store.database.writing() as connection:
            row = update(imports).where(imports.c.id == import_id)
            connection.execute(row.values(**values))

    def _requeue(self) -> None:
        """Queue what a killed runner left half-done."""
        with self._store.database.writing() as connection:
            left = update(imports).where(imports.c.state == ImportState.RUNNING)
            connection.execute(left.values(state=ImportState.QUEUED, step="", share=0.0))


def _register(store: Store, request: ImportRequest, found: Ingested) -> Dataset:
    pixels_key = key_of("pixels", found.pixels_hash)
    annotation_key = key_of("annotation", found.annotation_hash)
    overview_key = key_of("overview", found.pixels_hash, found.annotation_hash)
    for key, folder in (
        (pixels_key, found.pixels_folder),
        (annotation_key, found.annotation_folder),
        (overview_key, found.overview_folder),
    ):
        store.artifacts.adopt(key, folder)
    dataset = Dataset(
        id=dataset_id(found.pixels_hash, found.annotation_hash),
        title=request.title.strip() or Path(request.path).stem,
        panel=found.panel,
        classes=found.classes,
        class_counts=found.class_counts,
        n_cells=found.n_cells,
        image_shape=found.image_shape,
        dtype=found.dtype,
        mask_kind=found.mask_kind,
        groups=found.groups,
        truth=found.truth,
        report=found.report,
        owner=request.owner,
        pixels_key=pixels_key,
        annotation_key=annotation_key,
    )
    return datasets.register(store, dataset, overview_key)


def dataset_id(pixels_hash: str, annotation_hash: str) -> str:
    """Return the id of a data set: its pixels and labels by content."""
    return key_of("dataset", pixels_hash, annotation_hash)[:16]


def _finished(store: Store, dataset: Dataset) -> Values:
    """Return the values of a finished import's row."""
    shown = Overview.load(store.artifacts.folder(datasets.overview_key(store, dataset.id)))
    return {
        "state": ImportState.FINISHED,
        "share": 1.0,
        "step": "",
        "dataset_id": dataset.id,
        "warnings": json.dumps([*datasets.notices(dataset), *shown.warnings]),
    }


def _rows(store: Store, which: object) -> tuple[ImportProgress, ...]:
    wanted = select(imports).where(which).order_by(imports.c.ordinal.desc())  # type: ignore[arg-type]
    with store.database.reading() as connection:
        return tuple(
            ImportProgress(
                id=row.id,
                request=decode(ImportRequest, row.request),
                state=ImportState(row.state),
                step=row.step,
                share=row.share,
                dataset_id=row.dataset_id,
                error=row.error,
                created=row.created,
                warnings=tuple(json.loads(row.warnings)),
            )
            for row in connection.execute(wanted)
        )
