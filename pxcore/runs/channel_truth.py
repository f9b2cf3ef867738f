"""What is known of a run's channels without any network: planted, or the classes' mean values."""

from __future__ import annotations

from pxcore.data.annotation import Annotation
from pxcore.data.overview import Overview
from pxcore.data.single_cells import SingleCells
from pxcore.errors import PxError
from pxcore.evaluation.class_spread import class_spread
from pxcore.runs import datasets
from pxcore.store.home import Store
from pxcore.types import Dataset, RunSpec
from pxcore.types.truth import ChannelTruth

MANY = 20
"""Channels from which a recorded data set is held against its mean intensities: with few, anybody
sees as much in the histograms."""


def channel_truth(store: Store, spec: RunSpec, dataset: Dataset) -> ChannelTruth | None:
    """Return what the run's rankings can be held against; None where there is nothing.

    For drawn cells the channels that were planted to know a class. For tissue, and for data sets
    of many channels, how far the classes' mean intensities lie apart: means over the single cells
    of label masks where the import had them, else of each stored image. Both were stored at the
    import, so that no image is read.
    """
    taken = spec.channels or tuple(range(len(spec.panel)))
    if dataset.truth:
        planted = set(dataset.informative)
        found = tuple(place for place, source in enumerate(taken) if source in planted)
        return ChannelTruth(kind="planted", informative=found) if found else None
    is_tissue = dataset.report is not None and dataset.report.format == "tissue"
    if len(taken) < 2 or not (is_tissue or len(taken) >= MANY) or len(dataset.classes) < 2:
        return None
    try:
        shown = Overview.load(store.artifacts.folder(datasets.overview_key(store, dataset.id)))
        annotation = Annotation.load(store.artifacts.folder(dataset.annotation_key))
    except PxError:  # the data set has left the store, the result stays
        return None
    n_classes, single = len(dataset.classes), _single(shown, annotation)
    means, counts = shown.inside_means, None
    if single is not None:
        means, counts = single.means, single.counts
    spread = class_spread(
        (shown.cell_means if means is None else means)[:, list(taken)],
        annotation.labels,
        n_classes,
        counts,
    )
    return ChannelTruth(
        kind="means",
        spread=tuple(float(value) for value in spread),
        inside=means is not None and dataset.has_masks,
        single=single is not None,
    )


def _single(shown: Overview, annotation: Annotation) -> SingleCells | None:
    """Return the means of single cells where every class that has an image has some."""
    found = shown.single_cells
    if found is None:
        return None
    labelled = annotation.labels >= 0
    with_cells = labelled & (found.counts > 0)
    same = set(annotation.labels[labelled].tolist()) == set(annotation.labels[with_cells].tolist())
    return found if same else None
