"""`demo`: drawn cells with planted truth instead of a file; the path is the word ``demo``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pxcore.data.importers.importer import Importer, ImportOptions, RawCell, Source, by_word
from pxcore.data.synthetic import (
    IfcParams,
    class_names,
    group_names,
    ifc_blocks,
    ifc_panel,
    truth_of,
)
from pxcore.types import Skipped

WORD = "demo"
"""Stands in an import request where others give a path."""


def read(path: Path, options: ImportOptions) -> Source:  # noqa: ARG001 - there is no file
    """Return drawn cells. Options: n_cells, seed, n_noise, size, classes, donors.

    Raises
    ------
    DatasetError
        For an unknown option or a number that makes no cells.
    """
    options.only("n_cells", "seed", "n_noise", "size", "classes", "donors")
    default = IfcParams()
    params = IfcParams(
        n_cells=options.number("n_cells", default.n_cells),
        size=options.number("size", default.size),
        n_classes=options.number("classes", default.n_classes),
        n_donors=options.number("donors", default.n_donors),
        n_noise=options.number("n_noise", default.n_noise),
        seed=options.number("seed", default.seed),
    )
    classes, donors = class_names(params.n_classes), group_names(params)
    panel, kinds = ifc_panel(params.n_noise)

    def cells() -> Iterator[RawCell | Skipped]:
        for block in ifc_blocks(params):
            for i in range(len(block.labels)):
                number = block.start + i
                yield RawCell(
                    images=block.images[i],
                    label=classes[block.labels[i]],
                    group=donors[block.groups[i]],
                    masks=block.masks[i],
                    object_number=number,
                    name=f"cell {number}",
                )

    return Source(
        channel_names=panel.names,
        n_cells=params.n_cells,
        dtype=np.dtype(np.uint16),
        cells=cells,
        sizes=np.full((params.n_cells, 2), params.size, dtype=np.int64),
        classes=classes,
        roles=tuple(channel.role for channel in panel.channels),
        truth=tuple(truth_of(kind, params.n_classes) for kind in kinds),
        notes=(f"Drawn, not recorded: synthetic cells with planted truth, seed {params.seed}.",),
    )


IMPORTER = Importer(
    id="demo",
    label="Demonstration cells",
    summary="No file: synthetic cells whose informative channels are known, drawn from a seed.",
    extensions=(),
    recognise=by_word(WORD),
    read=read,
    untrusted=False,
)
