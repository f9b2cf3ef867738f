"""The cells and labels of a job's data set, opened for reading."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pxcore.data.annotation import Annotation
from pxcore.data.container import Container
from pxcore.runs.execute.context import Context


@contextmanager
def opened(context: Context) -> Iterator[tuple[Container, Annotation]]:
    """Yield the container and the annotation of the job's data set."""
    dataset = context.job.dataset
    annotation = Annotation.load(context.artifacts.folder(dataset.annotation_key))
    with Container.open(context.artifacts.folder(dataset.pixels_key) / "cells.h5") as cells:
        yield cells, annotation
