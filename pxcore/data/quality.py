"""What looks odd about cells before anything is trained on them, as plain sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pxcore.data.quality_classes import class_warnings, donor_warnings
from pxcore.data.quality_donors import CellFeatures, cell_features, donors_told, told_warnings
from pxcore.data.quality_pixels import Camera, pixel_warnings
from pxcore.data.quality_spill import shared_light, spill_warnings
from pxcore.data.source import CellSource
from pxcore.types import Array, Panel, Role


def check(
    source: CellSource,
    labels: Array,
    groups: Array,
    *,
    panel: Panel | None = None,
    classes: Sequence[str] = (),
    group_names: Sequence[str] = (),
) -> tuple[str, ...]:
    """Return warnings with numbers: about channels first, then cells, classes and donors.

    Parameters
    ----------
    source
        The cells; read once, in blocks of bounded memory. Spill and donors are looked at in a
        sample.
    labels, groups
        (N,) integers: class and donor numbers, -1 for none.
    panel
        Names for the sentences, and roles: only stains spill. Without, numbers and all channels.
    classes, group_names
        Names for the sentences, by number; numbers stand in for missing ones.
    """
    return (
        *check_pixels(source, panel),
        *check_classes(
            labels,
            groups,
            classes=classes,
            group_names=group_names,
            features=cell_features(source),
        ),
    )


def check_pixels(
    source: CellSource, panel: Panel | None = None, *, n_slices: int = 0, camera: Camera = "one"
) -> tuple[str, ...]:
    """Return warnings about channels and cells; they hold whatever the labels are.

    The last ``n_slices`` planes are slices of volumes: that they share light is their nature.
    """
    if source.n_cells == 0:
        return ()
    names = [_name(panel.names if panel else (), i) for i in range(source.image_shape[0])]
    flat = len(names) - n_slices
    light = shared_light(source, [i for i in _stained(panel, len(names)) if i < flat])
    return (*pixel_warnings(source, names, camera), *spill_warnings(light, names))


def check_classes(
    labels: Array,
    groups: Array,
    *,
    classes: Sequence[str] = (),
    group_names: Sequence[str] = (),
    features: CellFeatures | None = None,
) -> tuple[str, ...]:
    """Return warnings about classes and donors; these change when labels are added.

    With ``features`` of some cells it is tried whether their donors can be told apart.
    """
    said = list(class_warnings(labels, len(classes), lambda i: _name(classes, i)))
    known = (labels >= 0) & (groups >= 0)
    n_unknown = np.count_nonzero((labels >= 0) & (groups < 0))
    if known.any() and n_unknown:
        said.append(
            f"{n_unknown} labelled cells come from an unknown donor; they take no part when folds "
            "are made by donor."
        )
    if np.unique(groups[known]).size > 1:
        table = np.zeros((int(labels.max()) + 1, int(groups.max()) + 1), dtype=np.int64)
        np.add.at(table, (labels[known], groups[known]), 1)
        said += donor_warnings(table, lambda i: _name(classes, i), lambda i: _name(group_names, i))
    if features is not None:
        said += told_warnings(donors_told(features, labels, groups))
    return tuple(said)


def _stained(panel: Panel | None, n_channels: int) -> list[int]:
    """Return the channels that light may spill between."""
    roles = [c.role for c in panel.channels] if panel else [Role.STAIN] * n_channels
    return [i for i, role in enumerate(roles) if role in (Role.STAIN, Role.VIABILITY)]


def _name(names: Sequence[str], number: int) -> str:
    """Return a name in quotes, or the number where there is none."""
    return repr(names[number]) if number < len(names) else str(number)
