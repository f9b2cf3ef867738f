"""What an import is about to open: is it allowed, can it be read, how large is it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import psutil

from pxcore.data.importers import IMPORTERS, ImportOptions
from pxcore.errors import DatasetError
from pxcore.runs import folders
from pxcore.store.home import Store
from pxcore.types import ImportRequest


def check_places(store: Store, request: ImportRequest, *, from_browser: bool) -> None:
    """Raise unless every file of a request may be opened, right before it is.

    ``from_browser``: only places that a browser may name, as they are now; between the order and
    its turn a folder may have become a link.

    Raises
    ------
    AccessError
        For a place outside the allowed folders.
    DatasetError
        For a place that this process's user may not read.
    """
    for path in places(request):
        try:
            if from_browser:
                folders.check_registrable(store, path)
            place = Path(path)
            rights = os.R_OK | os.X_OK if place.is_dir() else os.R_OK
            if place.exists() and not os.access(place, rights):
                raise PermissionError
        except PermissionError as error:
            message = (
                f"{path} may not be read by the user who runs the imports here "
                f"({psutil.Process().username()}); expected the right to read it and to enter the "
                "folders above it: grant it (chmod, or the group), or copy the cells elsewhere"
            )
            raise DatasetError(message) from error


def places(request: ImportRequest) -> tuple[str, ...]:
    """Return every path that a request names."""
    return tuple(path for path in (request.path, request.panel_sheet, request.labels) if path)


def expected_bytes(request: ImportRequest) -> int:
    """Return about how much disk the cells will need: the size of their files, or of the drawing.

    0 for a drawing that its generator will refuse.
    """
    path = Path(request.path)
    if folders.is_generator(request.path):
        return _drawn_bytes(request)
    if path.is_file():
        return path.stat().st_size
    if path.is_dir():
        return sum(part.stat().st_size for part in path.rglob("*") if part.is_file())
    return 0


def _drawn_bytes(request: ImportRequest) -> int:
    """Return the bytes of pixels that a generator of ours will draw; nothing is drawn here."""
    try:
        options = ImportOptions(values=request.options)
        source = IMPORTERS[request.path].read(Path(request.path), options)
    except DatasetError:
        return 0
    sizes = np.zeros((0, 2)) if source.sizes is None else source.sizes
    pixels = float(np.prod(sizes, axis=1, dtype=np.float64).sum())
    return int(pixels) * len(source.channel_names) * source.dtype.itemsize
