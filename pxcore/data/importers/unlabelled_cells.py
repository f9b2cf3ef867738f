"""`unlabelled_cells`: drawn cells of hidden kinds; the path is the importer's name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import TypeVar, cast, get_args

import numpy as np

from pxcore.data.importers.importer import Importer, ImportOptions, RawCell, Source, by_word
from pxcore.data.stack_pixels import plane_names
from pxcore.data.synthetic.unlabelled_cells import hidden_kinds, unlabelled_blocks
from pxcore.data.synthetic.unlabelled_params import (
    Form,
    UnlabelledParams,
    channel_names,
    planted,
    role_of,
)
from pxcore.types import Skipped

WORD = "unlabelled_cells"
"""Stands in an import request where others give a path."""

OPTIONS = (
    "form", "n_cells", "size", "depth", "shift", "spread", "contrast", "labels", "seed",
)  # fmt: skip
KNOWN, HIDDEN = "known", "hidden"
Of = TypeVar("Of")


def read(path: Path, options: ImportOptions) -> Source:  # noqa: ARG001 - there is no file
    """Return drawn cells. Options: those of `UnlabelledParams`, and ``labels``.

    Kinds stand as classes, to judge clusters by, or with ``labels=hidden`` nowhere.

    Raises
    ------
    DatasetError
        For an unknown option or a number that makes no cells.
    """
    params, known = params_of(options), options.word("labels", (KNOWN, HIDDEN)) == KNOWN
    planes, names = params.planes, channel_names(params)
    flat = planes.pictures

    def cells() -> Iterator[RawCell | Skipped]:
        kinds, number = hidden_kinds(params), count()
        for images, masks in unlabelled_blocks(params):
            for image, mask, i in zip(images, masks, number, strict=False):
                yield RawCell(
                    images=image,
                    masks=mask[None],
                    label=params.kinds[kinds[i]] if known else None,
                    object_number=i,
                    name=f"cell {i}",
                )

    def of_planes(values: Sequence[Of]) -> tuple[Of, ...]:
        deep = (value for value in values[flat:] for _ in range(planes.depth))
        return (*values[:flat], *deep)

    return Source(
        channel_names=plane_names(names[:flat], names[flat:], planes.depth),
        n_cells=params.n_cells,
        dtype=np.dtype(np.uint16),
        cells=cells,
        sizes=np.full((params.n_cells, 2), params.size, dtype=np.int64),
        classes=params.kinds if known else None,
        roles=of_planes([role_of(name) for name in names]),
        truth=of_planes(planted(params)),
        volumes=planes.volumes,
        depth=planes.depth,
        notes=(
            f"Drawn, not recorded: cells of {len(params.kinds)} hidden kinds, which "
            f"{' and '.join(params.driving)} tell, seed {params.seed}.",
        ),
        settings=_texts(params, known=known),
    )


def params_of(options: ImportOptions) -> UnlabelledParams:
    """Return what options ask for. Raises DatasetError for what makes no cells."""
    options.only(*OPTIONS)
    default = UnlabelledParams()
    return UnlabelledParams(
        form=cast("Form", options.word("form", get_args(Form))),
        n_cells=options.number("n_cells", default.n_cells),
        size=options.number("size", default.size),
        depth=options.number("depth", default.depth),
        shift=options.decimal("shift", default.shift),
        spread=options.decimal("spread", default.spread),
        contrast=options.decimal("contrast", default.contrast),
        seed=options.number("seed", default.seed),
    )


def _texts(params: UnlabelledParams, *, known: bool) -> tuple[tuple[str, str], ...]:
    """Return every setting as its option is written."""
    labels = KNOWN if known else HIDDEN
    return tuple(
        (name, labels if name == "labels" else str(getattr(params, name))) for name in OPTIONS
    )


IMPORTER = Importer(
    id=WORD,
    label="Cells of hidden kinds",
    summary="No file: drawn cells without labels, as pictures, volumes or both, whose kinds and "
    "driving channels are known.",
    extensions=(),
    recognise=by_word(WORD),
    read=read,
    untrusted=False,
)
