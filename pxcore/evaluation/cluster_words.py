"""What a ranking of channels on clusters must be read with, in words; without torch."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from pxcore.types import Array, Panel
from pxcore.types.unlabelled import Planes

DOMINATES = 0.5
"""Share of all importance above which one channel is said to rule the clusters."""
_SLICE = re.compile(r"\s*\bz\d+$")
"""How the name of a slice ends."""


def units_panel(panel: Panel, planes: Planes) -> Panel:
    """Return the panel in which a volume is one channel, named as its slices without their number.

    >>> from pxcore.types import Channel
    >>> slices = Panel((Channel(name="DAPI z01"), Channel(name="DAPI z02")))
    >>> units_panel(slices, Planes(volumes=1, depth=2)).names
    ('DAPI',)
    """
    first = [panel.channels[unit[0]] for unit in planes.units]
    names = [
        _SLICE.sub("", one.name) or one.name if len(unit) > 1 else one.name
        for one, unit in zip(first, planes.units, strict=True)
    ]
    if len(set(names)) < len(names):
        return Panel(tuple(first))
    return Panel(tuple(replace(one, name=name) for one, name in zip(first, names, strict=True)))


def ruling_words(values: Array, panel: Panel, advice: str = "") -> str:
    """Return a warning where a stain-free channel leads or rules; empty otherwise.

    Brightfield shows where a cell lies and how large it is. Clusters that follow it are as likely
    the nuisance of the picture as kinds of cells.

    Parameters
    ----------
    values
        (channels,) importance, larger = more important.
    panel
        The channels, in the same order.
    advice
        What can still be tried against it, a sentence without its full stop.
    """
    order = np.argsort(-values, kind="stable")
    first = panel.channels[int(order[0])]
    total = float(values.clip(0.0).sum())
    if total <= 0 or not first.role.stain_free:
        return ""
    share = float(values[order[0]]) / total
    how = "rules" if share >= DOMINATES else "leads"
    return (
        f"{first.name} {how} the ranking, and no stain is in it: the clusters may be where cells "
        "lie or how large they are, not kinds of cells. Look at the galleries"
        f"{'. ' if advice else ''}{advice}"
    )
