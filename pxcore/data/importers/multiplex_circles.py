"""`multiplex_circles`: drawn images of many protein channels; the path is the importer's name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast, get_args

import numpy as np

from pxcore.data.importers.importer import Importer, ImportOptions, RawCell, Source, by_word
from pxcore.data.synthetic.multiplex_circles import (
    multiplex_images,
    multiplex_labels,
    multiplex_truth,
)
from pxcore.data.synthetic.multiplex_params import (
    Background,
    Modes,
    MultiplexParams,
    Polarity,
    Shares,
    suited,
)
from pxcore.errors import DatasetError
from pxcore.types import Role, Skipped

WORD = "multiplex_circles"
"""Stands in an import request where others give a path."""

SMALL = 48
"""Side of the images where none is asked for: small enough to train on without a GPU."""

OPTIONS = (
    "n_images", "size", "channels", "classes", "per_class", "radius", "n_circles", "low", "high",
    "freq", "background", "shares", "sigma", "noise", "polarity", "modes", "shared_background",
    "seed", "part",
)  # fmt: skip


def read(path: Path, options: ImportOptions) -> Source:  # noqa: ARG001 - there is no file
    """Return drawn images, one a cell. Options: those of `MultiplexParams`.

    Raises
    ------
    DatasetError
        For an unknown option or a number that makes no images.
    """
    params = params_of(options)
    names = params.class_names

    def cells() -> Iterator[RawCell | Skipped]:
        drawn = zip(multiplex_images(params), multiplex_labels(params), strict=True)
        for number, (image, label) in enumerate(drawn):
            yield RawCell(
                images=image,
                label=names[int(label)],
                object_number=number,
                name=f"image {number}",
            )

    return Source(
        channel_names=params.channel_names,
        n_cells=params.n_images,
        dtype=np.dtype(np.uint8),
        cells=cells,
        sizes=np.full((params.n_images, 2), params.size, dtype=np.int64),
        classes=names,
        roles=(Role.STAIN,) * params.channels,
        truth=multiplex_truth(params),
        camera="none",
        notes=(
            f"Drawn, not recorded: images of circles in {params.channels} channels, of which "
            f"{params.classes * params.per_class} tell the classes, seed {params.seed}.",
        ),
        settings=params.texts,
    )


def params_of(options: ImportOptions) -> MultiplexParams:
    """Return what options ask for. Raises DatasetError for what makes no images."""
    options.only(*OPTIONS)
    default = MultiplexParams()
    size = options.number("size", SMALL)
    radius, n_circles = suited(size)
    few, many = options.span("n_circles", n_circles)
    if few != int(few) or many != int(many):
        message = f"option 'n_circles' is {options.text('n_circles', '')!r}; expected whole numbers"
        raise DatasetError(message)
    return MultiplexParams(
        n_images=options.number("n_images", default.n_images),
        size=size,
        channels=options.number("channels", default.channels),
        classes=options.number("classes", default.classes),
        per_class=options.number("per_class", default.per_class),
        radius=options.number("radius", radius),
        n_circles=(int(few), int(many)),
        low=options.span("low", default.low),
        high=options.span("high", default.high),
        freq=options.decimal("freq", default.freq),
        background=cast("Background", options.word("background", get_args(Background))),
        shares=cast("Shares", options.word("shares", get_args(Shares))),
        sigma=options.decimal("sigma", default.sigma),
        noise=options.decimal("noise", default.noise),
        polarity=cast("Polarity", options.word("polarity", get_args(Polarity))),
        modes=cast("Modes", options.word("modes", get_args(Modes))),
        shared_background=options.flag("shared_background"),
        seed=options.number("seed", default.seed),
        part=options.number("part", default.part),
    )


IMPORTER = Importer(
    id=WORD,
    label="Multiplexed circles",
    summary="No file: drawn images of many protein channels, of which a few known ones tell the "
    "classes.",
    extensions=(),
    recognise=by_word(WORD),
    read=read,
    untrusted=False,
)
