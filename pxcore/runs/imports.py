"""Imports: rows for the runner to carry out (``import_desk``), or one in the foreground.

A file is opened by ``pxcore.data.ingest`` in its own limited process, which leaves finished
folders in a workspace of the store. Only when all of them are there do they become artifacts
and, last of all, a row: nothing half-registered remains.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from sqlalchemy import insert, select

from pxcore.data.ingest import Ingested, ingest
from pxcore.data.limits import Limits
from pxcore.errors import DatasetError
from pxcore.people.rights import require_member, signed
from pxcore.runs import catalogue, datasets
from pxcore.runs.sources import check_places, expected_bytes
from pxcore.runs.upkeep.quotas import require_quota, writing_within
from pxcore.settings import Settings
from pxcore.store import audit
from pxcore.store.database import next_ordinal, now
from pxcore.store.holds import held
from pxcore.store.home import Store
from pxcore.store.keys import decode, encode, key_of
from pxcore.store.tables import imports
from pxcore.types import Dataset, ImportProgress, ImportRequest, ImportState

Tell = Callable[[str, float], None]


def queue(store: Store, request: ImportRequest) -> str:
    """Return the id of a new queued import.

    Raises AccessError for a reader, StoreError where disk or quota has no room for the cells.
    """
    require_member(store, "Registering cells")
    request = replace(request, owner=signed(store, request.owner))
    purpose = _require_room(store, request)
    import_id = secrets.token_hex(6)
    needed = partial(expected_bytes, request)
    with writing_within(store, request.owner, needed, purpose) as connection:
        connection.execute(
            insert(imports).values(
                id=import_id,
                request=encode(request),
                state=ImportState.QUEUED,
                created=now(),
                ordinal=next_ordinal(connection, imports),
            )
        )
        audit.note(connection, request.owner, "import started", import_id, request.title)
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


def queued(store: Store) -> tuple[ImportProgress, ...]:
    """Return the imports that wait, newest first."""
    return _rows(store, imports.c.state == ImportState.QUEUED)


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
    asked, got = request, catalogue.fetched(store, request, tell, limits)
    request, taking = got.request, got.taking
    purpose = _require_room(store, request)
    require_quota(store, request.owner, expected_bytes(request), purpose, itself=asked)
    workspace = store.artifacts.temporary("import")
    try:
        if taking is None:
            return _register(store, request, ingest(request, workspace, limits, tell))
        with taking.converting():
            found = ingest(request, workspace, limits, got.tell)
            return _register(store, request, taking.noted(found))
    finally:
        shutil.rmtree(workspace, ignore_errors=True)


def _require_room(store: Store, request: ImportRequest) -> str:
    """Return what room is asked for. Raises StoreError where the disk has none for the cells."""
    purpose = f"importing {Path(request.path).name!r}"
    store.require_space(expected_bytes(request), purpose)
    return purpose


def limits_of(settings: Settings) -> Limits:
    """Return the limits that the settings put on an import process."""
    return Limits(
        memory=settings.import_memory_mb * 2**20,
        cpu_seconds=settings.import_seconds,
        source_bytes=int(settings.max_dataset_gb * 2**30),
        dataset_bytes=int(settings.max_dataset_gb * 2**30),
        keep_free=int(settings.min_free_gb * 2**30),
    )


def _register(store: Store, request: ImportRequest, found: Ingested) -> Dataset:
    pixels_key = key_of("pixels", found.pixels_hash)
    annotation_key = key_of("annotation", found.annotation_hash)
    content = (found.pixels_hash, found.annotation_hash)
    overview_key = key_of("overview", *content, *found.overview_parts)
    parts = {
        pixels_key: found.pixels_folder,
        annotation_key: found.annotation_folder,
        overview_key: found.overview_folder,
    }
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
        volumes=found.volumes,
        depth=found.depth,
        report=found.report,
        owner=request.owner,
        pixels_key=pixels_key,
        annotation_key=annotation_key,
    )
    with held(store, parts):
        for key, folder in parts.items():
            store.artifacts.adopt(key, folder)
        return datasets.register(
            store, dataset, overview_key, outdated=key_of("overview", *content)
        )


def dataset_id(pixels_hash: str, annotation_hash: str) -> str:
    """Return the id of a data set: its pixels and labels by content."""
    return key_of("dataset", pixels_hash, annotation_hash)[:16]


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
