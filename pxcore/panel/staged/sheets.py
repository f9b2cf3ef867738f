"""Run sheets, order list and channel map of a staged plan, as values and as CSV.

Which stain is measured in which channel is proposed in the order of the channels; spectra and
lasers are not known here, so people check it against their instrument. For one sample a run takes
of each antibody: one test in the full stain, one in its single stain, and one in every FMO tube
(fluorescence minus one) of another marker.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from pxcore.data.csv_guard import guarded
from pxcore.errors import PanelError
from pxcore.evaluation.numbers import count
from pxcore.panel.staged.instruments import stain_channels
from pxcore.panel.staged.matching import marker_key
from pxcore.types.staged import Candidate, Instrument, StagedRun
from pxcore.types.staged_views import OrderRow, RunSheet, SheetSlot

__all__ = [
    "OrderRow", "RunSheet", "SheetSlot", "channel_map_csv", "order_csv", "order_list", "run_sheet",
    "same_dyes", "sheet_csv",
]  # fmt: skip


def run_sheet(
    run: StagedRun,
    candidates: Sequence[Candidate],
    instrument: Instrument,
    fmo: Sequence[str] = (),
) -> RunSheet:
    """Return the sheet of one run: every channel of the instrument, in order, with its controls.

    Parameters
    ----------
    fmo
        Markers for which an FMO control was decided; those not in this run are passed over.

    Raises
    ------
    PanelError
        When a marker is no candidate, or the run has more markers than slots.
    """
    known = _known(candidates)
    wanted = _wanted(fmo, known)
    free = stain_channels(instrument)
    if len(run.markers) > len(free):
        message = (
            f"run {run.number} has {count(len(run.markers), 'marker')}, but "
            f"{instrument.label!r} has {count(len(free), 'slot')} for stains; plan again with "
            "this instrument"
        )
        raise PanelError(message)
    at = {number: _of(name, known) for number, name in zip(free, run.markers, strict=False)}
    slots = []
    for number in range(1, instrument.slots + 1):
        if number in instrument.brightfield or number in instrument.darkfield:
            kind = "brightfield" if number in instrument.brightfield else "darkfield"
            slots.append(SheetSlot(number=number, kind=kind))
        elif number in at:
            slots.append(_stain(number, at[number], wanted))
        else:
            slots.append(SheetSlot(number=number, kind="empty"))
    return RunSheet(
        title="Final run" if run.final else f"Run {run.number}",
        instrument=instrument.label,
        slots=tuple(slots),
        notes=_notes([at[number] for number in sorted(at)], wanted),
    )


def order_list(
    runs: Sequence[StagedRun],
    candidates: Sequence[Candidate],
    fmo: Sequence[str] = (),
    samples: int = 1,
) -> tuple[OrderRow, ...]:
    """Return what to order for these runs, in the order of the candidates; none without a run.

    Each sample takes one full stain a run; controls are measured once a run.

    Raises
    ------
    PanelError
        For fewer than one sample, or a marker that is no candidate.
    """
    if samples < 1:
        message = f"{samples} samples a run; expected at least 1"
        raise PanelError(message)
    known = _known(candidates)
    wanted = _wanted(fmo, known)
    inside = {run.number: [marker_key(_of(m, known).marker) for m in run.markers] for run in runs}
    rows = []
    for key, candidate in known.items():
        held = tuple(number for number, keys in inside.items() if key in keys)
        tubes = sum(len(wanted & set(inside[number]) - {key}) for number in held)
        tests = len(held) * (samples + 1) + tubes
        if held:
            rows.append(
                OrderRow(
                    marker=candidate.marker,
                    clone=candidate.clone,
                    fluorochrome=candidate.fluorochrome,
                    runs=held,
                    tests=tests,
                    cost=tests * candidate.cost,
                )
            )
    return tuple(rows)


def sheet_csv(sheet: RunSheet) -> str:
    """Return a run sheet as CSV; texts are guarded against formulas."""
    rows = [
        (s.number, s.kind, s.marker, s.clone, s.fluorochrome, " + ".join(s.controls))
        for s in sheet.slots
    ]
    return _csv(("channel", "kind", "marker", "clone", "fluorochrome", "controls"), rows)


def order_csv(rows: Sequence[OrderRow]) -> str:
    """Return an order list as CSV, its sum in the last line; texts are guarded."""
    lines: list[tuple[object, ...]] = [
        (r.marker, r.clone, r.fluorochrome, " ".join(map(str, r.runs)), r.tests, money(r.cost))
        for r in rows
    ]
    tests, cost = sum(row.tests for row in rows), sum(row.cost for row in rows)
    lines.append(("total", "", "", "", tests, money(cost)))
    return _csv(("marker", "clone", "fluorochrome", "runs", "tests", "cost"), lines)


def money(cost: float) -> str:
    """Return a cost with two places; one that nobody has given is 0 and stays empty.

    >>> money(12.5), money(0.0)
    ('12.50', '')
    """
    return f"{cost:.2f}" if cost else ""


def channel_map_csv(sheets: Sequence[RunSheet]) -> str:
    """Return which marker is in which channel of which run, a line a channel and a column a run."""
    numbers = sorted({slot.number for sheet in sheets for slot in sheet.slots})
    at = [{slot.number: slot.marker or slot.kind for slot in sheet.slots} for sheet in sheets]
    rows = [(number, *(column.get(number, "") for column in at)) for number in numbers]
    return _csv(("channel", *(sheet.title for sheet in sheets)), rows)


def _csv(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([guarded(name) for name in head])
    for row in rows:
        writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in row])
    return stream.getvalue()


def _known(candidates: Sequence[Candidate]) -> dict[str, Candidate]:
    return {marker_key(candidate.marker): candidate for candidate in candidates}


def _of(name: str, known: dict[str, Candidate]) -> Candidate:
    if marker_key(name) not in known:
        names = ", ".join(candidate.marker for candidate in known.values())
        message = f"marker {name!r} is no candidate of this plan; there is {names}"
        raise PanelError(message)
    return known[marker_key(name)]


def _wanted(fmo: Sequence[str], known: dict[str, Candidate]) -> set[str]:
    """Return the keys of the markers with an FMO control, each a candidate."""
    return {marker_key(_of(name, known).marker) for name in fmo}


def _stain(number: int, candidate: Candidate, fmo: set[str]) -> SheetSlot:
    decided = marker_key(candidate.marker) in fmo
    return SheetSlot(
        number=number,
        kind="stain",
        marker=candidate.marker,
        clone=candidate.clone,
        fluorochrome=candidate.fluorochrome,
        always_on=candidate.always_on,
        controls=("single stain", "FMO") if decided else ("single stain",),
    )


def same_dyes(stains: Sequence[Candidate]) -> tuple[tuple[str, ...], ...]:
    """Return the markers that share a fluorochrome, a group each; none is given to some."""
    by_dye: dict[str, list[str]] = {}
    for candidate in stains:
        if candidate.fluorochrome.strip():
            by_dye.setdefault(marker_key(candidate.fluorochrome), []).append(candidate.marker)
    return tuple(tuple(names) for names in by_dye.values() if len(names) > 1)


def _notes(stains: Sequence[Candidate], fmo: set[str]) -> tuple[str, ...]:
    """Return what to check and to prepare, doubled fluorochromes first."""
    clashes = [
        f"{', '.join(names[:-1])} and {names[-1]} have the same fluorochrome and cannot be told "
        f"apart in one run; order {'one' if len(names) == 2 else 'all but one'} of them with "
        "another."
        for names in same_dyes(stains)
    ]
    minus = sum(marker_key(candidate.marker) in fmo for candidate in stains)
    tubes = f"1 full stain, 1 unstained, {len(stains)} single stains, {minus} FMO"
    return (
        *clashes,
        f"Tubes: {tubes}.",
        "Channels are proposed in order; check them against the fluorochromes' spectra.",
    )
