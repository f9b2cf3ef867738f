"""The runner's desk of imports: rows in, one import at a time, its end written to its row."""

from __future__ import annotations

import json
import logging
import secrets
import threading
import time
from contextlib import suppress
from pathlib import Path

from sqlalchemy import update

from pxcore.data.overview import Overview
from pxcore.errors import Cancelled, DatabaseAwayError, PxError
from pxcore.runs import datasets, folders
from pxcore.runs.imports import bring_in, queued
from pxcore.runs.sources import places
from pxcore.store.home import Store
from pxcore.store.tables import imports
from pxcore.types import Dataset, ImportProgress, ImportState

LOG = logging.getLogger("pxcore.imports")
TELL_SECONDS = 0.5
Values = dict[str, str | float]


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
        return queued(self._store)

    def _carry_out(self, row: ImportProgress) -> None:
        """Do one import, on the desk's thread. Its end is owed to the row until it is written."""
        with suppress(DatabaseAwayError):
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
                with suppress(DatabaseAwayError):  # the import goes on, unseen for a while
                    self._write(row.id, step=step, share=share)

        try:
            return _finished(
                self._store, bring_in(self._store, row.request, tell, from_browser=True)
            )
        except (Cancelled, DatabaseAwayError):  # it is done again
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
        except DatabaseAwayError as error:
            LOG.warning("the end of import %s cannot be written yet: %s", row.id, error)
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
