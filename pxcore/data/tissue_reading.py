"""Passes over the images of a tissue study: each as one cell, or cut into the cells of its mask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pxcore.data.importers.importer import RawCell
from pxcore.data.limits import Limits
from pxcore.data.single_cells import cell_means
from pxcore.data.tiff_stack import read_labels, read_stack
from pxcore.data.tissue_crops import crops
from pxcore.data.tissue_files import Study, StudyImage
from pxcore.data.tissue_table import IMAGES
from pxcore.errors import DatasetError
from pxcore.types import Array, Skipped

Cells = Iterator[RawCell | Skipped]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a pass over the images needs."""

    study: Study
    dtype: np.dtype[np.generic]
    group: str
    """``patient``, ``image`` or ``none``."""
    min_pixels: int
    """An outline of fewer is no cell."""
    limits: Limits

    def pixels(self, one: StudyImage) -> Array:
        """Return (C, h, w) of an image. Raises DatasetError where it is damaged."""
        return read_stack(one.files, self.limits).astype(self.dtype, copy=False)

    def labels(self, one: StudyImage) -> Array:
        """Return (h, w) cell numbers of an image with a mask. Raises DatasetError."""
        if one.mask is None:
            message = f"no mask in {IMAGES}"
            raise DatasetError(message)
        return read_labels(one.mask, (one.header.height, one.header.width), self.limits)

    def group_of(self, one: StudyImage) -> str | None:
        """Return whose image it is."""
        return {"patient": one.row.patient, "image": one.row.image}.get(self.group)

    def whole(self) -> Cells:
        """Yield every image as one cell; its mask is what lies inside any outline."""
        yield from self.study.skipped
        for number, one in enumerate(self.study.images):
            try:
                images = self.pixels(one)
                masks, inside = None, None
                if one.mask is not None:
                    labels = self.labels(one)
                    masks = (labels > 0).astype(np.uint8)[None]
                    inside = cell_means(images, labels, self.min_pixels)
            except DatasetError as error:
                yield Skipped(reason=str(error), count=1, examples=(one.row.image[:200],))
                continue
            yield RawCell(
                images=images,
                label=one.row.label,
                group=self.group_of(one),
                masks=masks,
                inside=inside,
                object_number=number,
                name=one.row.image[:200],
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutting:
    """How images are cut into cells."""

    reading: Reading
    window: int
    classes: dict[tuple[str, int], str | None] | None
    """By image and cell; None where cells have the class of their image."""
    first: tuple[int, ...]
    """Object number of each image's first cell."""
    lost: Skipped | None = None
    """Lines of the table of cells that name no cell."""

    def cells(self) -> Cells:
        """Yield the cells of every image, by their number in the mask."""
        yield from self.reading.study.skipped
        if self.lost is not None:
            yield self.lost
        for one, first in zip(self.reading.study.images, self.first, strict=True):
            try:
                images, labels = self.reading.pixels(one), self.reading.labels(one)
            except DatasetError as error:
                yield Skipped(reason=str(error), count=1, examples=(one.row.image[:200],))
                continue
            yield from self._of(one, images, labels, first)

    def _of(self, one: StudyImage, images: Array, labels: Array, first: int) -> Cells:
        group, image = self.reading.group_of(one), one.row.image
        for place, crop in enumerate(crops(labels, self.window)):
            name = f"{image[:200]} cell {crop.number}"
            if crop.n_pixels < self.reading.min_pixels:
                reason = f"an outline of fewer than {self.reading.min_pixels} pixels"
                yield Skipped(reason=reason, count=1, examples=(name,))
                continue
            label = one.row.label
            if self.classes is not None:
                label = self.classes.get((image, crop.number))
            yield RawCell(
                images=images[:, crop.rows, crop.columns].copy(),
                label=label,
                group=group,
                masks=crop.mask,
                object_number=first + place,
                name=name,
            )
