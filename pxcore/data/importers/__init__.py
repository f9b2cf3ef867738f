"""The table of formats. To add one: a file beside this one and a line below."""

from pxcore.data.importers import (
    cif,
    dali,
    demo,
    ideas_tiff,
    multiplex_circles,
    scifai,
    stack,
    tissue,
    unlabelled_cells,
)
from pxcore.data.importers.importer import Importer, ImportOptions, RawCell, Source
from pxcore.errors import DatasetError
from pxcore.registry import Registry

IMPORTERS: Registry[Importer] = Registry(
    "format",
    [
        stack.IMPORTER,
        scifai.IMPORTER,
        tissue.IMPORTER,
        ideas_tiff.IMPORTER,
        cif.IMPORTER,
        dali.IMPORTER,
        demo.IMPORTER,
        multiplex_circles.IMPORTER,
        unlabelled_cells.IMPORTER,
    ],
    DatasetError,
)

__all__ = ["IMPORTERS", "ImportOptions", "Importer", "RawCell", "Source"]
