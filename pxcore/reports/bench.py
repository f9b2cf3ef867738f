"""What goes to the bench for one panel: order list, channel map, control list, run sheet.

Made for one sample: of each antibody one test in the full stain, one in its single stain, and one
in the FMO tube (fluorescence minus one) of every other stain.
"""

from __future__ import annotations

import csv
import io
from dataclasses import replace

from pxcore.data.csv_guard import guarded
from pxcore.panel.staged.controls import control_csv, control_tubes
from pxcore.panel.staged.printed import printed_html
from pxcore.panel.staged.sheets import OrderRow, channel_map_csv, sheet_csv
from pxcore.plots.panel_instrument import panel_slots
from pxcore.types import Channel, Panel
from pxcore.types.panel import Members
from pxcore.types.reports import Cell, ReportFile, ReportTable
from pxcore.types.staged_views import RunSheet, SheetSlot

__all__ = ["ORDERED", "bench_files", "order_table"]

ORDERED = (
    "Tests for one sample: the full stain, the single stain, and the FMO tubes of the other stains."
)
CONTROLS = ("single stain", "FMO")
Order = tuple[Cell, ...]


def order_table(panel: Panel, seen: Members, members: Members) -> ReportTable:
    """Return what to order of each stain, and what is saved for a stain that is left out.

    Parameters
    ----------
    seen
        Channels that took part, positions in ``panel``.
    members
        Of these, the channels that are ordered.
    """
    rows: list[Order] = [
        (
            _marker(channel),
            channel.clone,
            channel.fluorochrome,
            c in members,
            tests if c in members else 0,
            *_costs(channel.cost, tests, inside=c in members),
        )
        for c, channel, tests in _stains(panel, seen, members)
    ]
    ordered = sum(int(row[4] or 0) for row in rows)
    priced = any(row[5] is not None for row in rows)
    cost, saved = (sum(float(row[at] or 0) for row in rows) if priced else None for at in (6, 7))
    total: Order = ("total", "", "", None, ordered, None, cost, saved)
    columns = (
        *("marker", "clone", "fluorochrome", "in_panel", "tests"),
        *("cost_of_a_test", "cost", "cost_saved_a_test"),
    )
    return ReportTable(
        name="order_list",
        title="Order list",
        columns=columns,
        rows=(*rows, total),
        note=ORDERED,
    )


def bench_files(
    panel: Panel, seen: Members, members: Members, title: str
) -> tuple[ReportFile, ...]:
    """Return the files for the bench; the CSV are guarded against formulas.

    ``title``: of the run that they are for.
    """
    sheet = _sheet(panel, seen, members)
    order = order_table(panel, seen, members)
    printed = printed_html(title, [sheet], _order_rows(panel, seen, members), ordered=ORDERED)
    tubes = control_tubes([sheet])
    return (
        ReportFile(name="order_list.csv", text=_csv(order), what="Order list"),
        ReportFile(name="channel_map.csv", text=channel_map_csv([sheet]), what="Channel map"),
        ReportFile(
            name="control_list.csv", text=control_csv(tubes), what="Control list: every tube"
        ),
        ReportFile(name="run_sheet.csv", text=sheet_csv(sheet), what="Run sheet"),
        ReportFile(name="run_sheet.html", text=printed, what="Run sheet and order list to print"),
    )


def _stains(panel: Panel, seen: Members, members: Members) -> list[tuple[int, Channel, int]]:
    """Return each stain with its place and the tests that it takes."""
    stains = [c for c in seen if not panel.channels[c].role.stain_free]
    number = sum(c in members for c in stains)
    return [(c, panel.channels[c], 1 + max(1, number)) for c in stains]


def _costs(cost: float, tests: int, *, inside: bool) -> tuple[float | None, ...]:
    """Return a stain's cost of a test, of all tests, and what is saved; None where unknown."""
    if not cost:
        return (None, None, None)
    paid, saved = (tests * cost, 0.0) if inside else (0.0, cost)
    return (float(cost), float(paid), float(saved))


def _order_rows(panel: Panel, seen: Members, members: Members) -> tuple[OrderRow, ...]:
    """Return the order list of the stains that are in the panel."""
    return tuple(
        OrderRow(
            marker=_marker(channel),
            clone=channel.clone,
            fluorochrome=channel.fluorochrome,
            runs=(1,),
            tests=tests,
            cost=tests * channel.cost,
        )
        for c, channel, tests in _stains(panel, seen, members)
        if c in members
    )


def _sheet(panel: Panel, seen: Members, members: Members) -> RunSheet:
    """Return the run sheet of a panel in the channels that it was measured in."""
    slots = [
        _slot(slot, panel.channels[c], inside=c in members)
        for c, slot in zip(seen, panel_slots(panel, seen), strict=True)
    ]
    number = sum(slot.kind == "stain" for slot in slots)
    if number < 2:  # an FMO tube without any stain is the unstained one
        slots = [replace(slot, controls=slot.controls[:1]) for slot in slots]
    tubes = f"1 full stain, 1 unstained, {number} single stains, {number if number > 1 else 0} FMO"
    return RunSheet(
        title="Panel",
        instrument=f"{len(slots)} channels, numbered as in the images",
        slots=tuple(slots),
        notes=(f"Tubes: {tubes}.", "Check channels and controls against your instrument."),
    )


def _slot(slot: SheetSlot, channel: Channel, *, inside: bool) -> SheetSlot:
    """Return a channel of the sheet; one whose stain is left out is empty."""
    if slot.kind != "stain":
        return replace(slot, marker="", clone="", fluorochrome="")
    if not inside:
        return SheetSlot(number=slot.number, kind="empty")
    return replace(slot, marker=_marker(channel), controls=CONTROLS)


def _marker(channel: Channel) -> str:
    return channel.marker or channel.name


def _csv(table: ReportTable) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([_written(value) for value in row] for row in table.rows)
    return stream.getvalue()


def _written(value: Cell) -> str:
    """Return a cell of a list for people: yes or no, money with two places."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.2f}"
    return "" if value is None else guarded(str(value))
