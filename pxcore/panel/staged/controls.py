"""The control tubes of a staged plan's runs, as values and as CSV.

For compensation every stain is measured alone; an FMO tube (fluorescence minus one) holds every
stain of a run but one, and shows where that one's negative cells lie.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from pxcore.data.csv_guard import guarded
from pxcore.types.staged_views import RunSheet

__all__ = ["Tube", "control_csv", "control_tubes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tube:
    """One tube to prepare."""

    run: str
    """Title of the run's sheet."""
    kind: str
    """``full stain``, ``unstained``, ``single stain`` or ``FMO``."""
    marker: str
    """Of a single stain: the one that is in; of an FMO: the one that is left out; else empty."""
    stains: tuple[str, ...]
    """Markers in the tube."""


def control_tubes(sheets: Sequence[RunSheet]) -> tuple[Tube, ...]:
    """Return the tubes of every run: full stain, unstained, single stains, FMO."""
    found = []
    for sheet in sheets:
        stains = tuple(slot.marker for slot in sheet.slots if slot.marker)
        minus = [slot.marker for slot in sheet.slots if "FMO" in slot.controls]
        tubes = [("full stain", "", stains), ("unstained", "", ())]
        tubes += [("single stain", one, (one,)) for one in stains]
        tubes += [("FMO", one, tuple(m for m in stains if m != one)) for one in minus]
        found += [
            Tube(run=sheet.title, kind=kind, marker=marker, stains=inside)
            for kind, marker, inside in tubes
        ]
    return tuple(found)


def control_csv(tubes: Sequence[Tube]) -> str:
    """Return the tubes as CSV; texts are guarded against formulas."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("run", "tube", "marker", "stains"))
    for tube in tubes:
        cells = (tube.run, tube.kind, tube.marker, " + ".join(tube.stains))
        writer.writerow([guarded(cell) for cell in cells])
    return stream.getvalue()
