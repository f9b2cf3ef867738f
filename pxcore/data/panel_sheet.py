"""The panel sheet: a CSV or YAML text about channels, read, matched to a data set, and written.

Columns, all but one of the first two optional: ``channel`` (the channel's name in the data set, or
its number counted from 1), ``name`` (renames it), ``role``, ``marker``, ``clone``,
``fluorochrome``, ``laser``, ``cost`` (a test), ``must_keep``, ``exclude``, ``gate_defining``. A
YAML sheet is a list of mappings with the same keys.
"""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import dataclass, replace
from typing import Literal

import yaml  # type: ignore[import-untyped]

from pxcore.data.csv_guard import guarded
from pxcore.data.sheet_records import COLUMNS, records_of
from pxcore.errors import PanelError
from pxcore.types import Channel, Panel, Role

SheetForm = Literal["csv", "yaml"]
LARGEST = 1024**2
"""Letters of a sheet."""

_TEXTS = ("marker", "clone", "fluorochrome", "laser")
_FLAGS = ("must_keep", "exclude", "gate_defining")
_YES, _NO = {"1", "true", "yes", "y", "x"}, {"", "0", "false", "no", "n"}


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One line: the channel as described, and which columns say something about it."""

    key: str
    """What stands in ``channel``: a name in the data set, or a number; may be empty."""
    number: int | None
    """Position from 1, where that is a number."""
    channel: Channel
    given: frozenset[str]


def parse_sheet(text: str) -> tuple[SheetRow, ...]:
    """Return the lines of a panel sheet, CSV (comma, semicolon or tab) or YAML.

    Raises
    ------
    PanelError
        For an unknown column or role, a cost that is not a number, a name that is missing or
        comes twice; the line is named.
    """
    if len(text) > LARGEST:
        message = f"the panel sheet has {len(text)} letters; at most {LARGEST} are taken"
        raise PanelError(message)
    rows = tuple(_row(record, line) for line, record in enumerate(records_of(text), start=1))
    if not rows:
        message = "the panel sheet has no line; give one line a channel below the column names"
        raise PanelError(message)
    Panel(tuple(row.channel for row in rows))  # refuses doubled names
    return rows


def apply_sheet(
    panel: Panel, text: str, *, by_order: bool = False
) -> tuple[Panel, tuple[str, ...]]:
    """Return the panel with what the sheet says about its channels, with notes.

    What stands in ``channel`` selects a line's channel, by name (whatever the letter case) or
    else by number, and ``name`` renames it. A line without it is matched by ``name``. Columns
    that the sheet leaves out, and blank roles, stay as they are; other blank entries clear. With
    ``by_order`` (the data set's own names were assumed), as many lines as channels, none with
    ``channel``, name the channels in their order.

    Raises
    ------
    PanelError
        When a line matches no channel, or as `parse_sheet`.
    """
    rows = parse_sheet(text)
    channels = list(panel.channels)
    known = {name.casefold(): position for position, name in enumerate(panel.names)}
    ordered = by_order and len(rows) == len(panel) and not any(row.key for row in rows)
    taken: dict[int, str] = {}
    for order, row in enumerate(rows):
        position = known.get((row.key or row.channel.name).casefold())
        if position is None and row.number is not None:
            position = row.number - 1
        elif position is None and ordered:
            position = order
        if position is None or not 0 <= position < len(panel):
            raise _not_there(row, panel)
        if position in taken:
            message = (
                f"the panel sheet describes channel {position + 1} twice, as {taken[position]!r} "
                f"and {row.channel.name!r}; give one line a channel"
            )
            raise PanelError(message)
        taken[position] = row.channel.name
        channels[position] = _merged(channels[position], row, rename=by_order or bool(row.key))
    left = [name for position, name in enumerate(panel.names) if position not in taken]
    notes = (f"The panel sheet says nothing about {', '.join(left)}.",) if left else ()
    return Panel(tuple(channels)), notes


def _not_there(row: SheetRow, panel: Panel) -> PanelError:
    """Return the error of a line that is about no channel of the data set."""
    message = (
        f"the panel sheet's channel {(row.key or row.channel.name)!r} is not in the data set; it "
        f"has {', '.join(panel.names)}. Give one of these names, or a number from 1 to "
        f"{len(panel)} in the column channel"
    )
    return PanelError(message)


def write_sheet(panel: Panel) -> str:
    """Return the panel as CSV; `parse_sheet` reads it back.

    Texts that a spreadsheet would run as formulas get a leading apostrophe.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for number, channel in enumerate(panel.channels, start=1):
        texts = [guarded(getattr(channel, name)) for name in _TEXTS]
        flags = ["yes" if getattr(channel, name) else "no" for name in _FLAGS]
        cost = f"{channel.cost:g}" if float(f"{channel.cost:g}") == channel.cost else channel.cost
        writer.writerow([number, guarded(channel.name), channel.role.value, *texts, cost, *flags])
    return stream.getvalue()


def write_yaml(panel: Panel) -> str:
    """Return the panel as a YAML list; `parse_sheet` reads it back. Texts stand as they are."""
    lines: list[dict[str, object]] = [
        {
            "channel": number,
            "name": channel.name,
            "role": channel.role.value,
            **{name: getattr(channel, name) for name in _TEXTS},
            "cost": channel.cost,
            **{name: getattr(channel, name) for name in _FLAGS},
        }
        for number, channel in enumerate(panel.channels, start=1)
    ]
    text: str = yaml.safe_dump(lines, sort_keys=False, allow_unicode=True, width=4096)
    return text


def _row(record: dict[str, str], line: int) -> SheetRow:
    where = f"panel sheet, channel line {line}"
    key = record.get("channel", "")
    digits = re.fullmatch(r"(?:ch\D*)?0*(\d{1,4})(?:\.0*)?", key, re.IGNORECASE)
    role = record.get("role", "").lower()
    if role and role not in tuple(Role):
        message = f"{where}: role {role!r} is not known; there is {', '.join(Role)}"
        raise PanelError(message)
    channel = Channel(
        name=record.get("name", "") or key,
        role=Role(role or Role.STAIN),
        marker=record.get("marker", ""),
        clone=record.get("clone", ""),
        fluorochrome=record.get("fluorochrome", ""),
        laser=record.get("laser", ""),
        cost=_cost(record.get("cost", ""), where),
        must_keep=_flag(record.get("must_keep", ""), where),
        exclude=_flag(record.get("exclude", ""), where),
        gate_defining=_flag(record.get("gate_defining", ""), where),
    )
    given = frozenset(key for key, value in record.items() if value or key != "role")
    if not record.get("name"):
        given -= {"name"}
    return SheetRow(key, int(digits[1]) if digits else None, channel, given)


def _cost(text: str, where: str) -> float:
    try:
        cost = float(text.replace(",", ".") or 0)
    except ValueError:
        cost = math.nan
    if not 0 <= cost < math.inf:
        message = f"{where}: cost is {text!r}; expected a number from 0, such as 1.20"
        raise PanelError(message)
    return cost


def _flag(text: str, where: str) -> bool:
    if text.lower() not in _YES | _NO:
        message = f"{where}: {text!r} is neither yes nor no"
        raise PanelError(message)
    return text.lower() in _YES


def _merged(old: Channel, row: SheetRow, *, rename: bool) -> Channel:
    new = row.channel
    return replace(
        old,
        name=new.name if rename and "name" in row.given else old.name,
        role=new.role if "role" in row.given else old.role,
        marker=new.marker if "marker" in row.given else old.marker,
        clone=new.clone if "clone" in row.given else old.clone,
        fluorochrome=new.fluorochrome if "fluorochrome" in row.given else old.fluorochrome,
        laser=new.laser if "laser" in row.given else old.laser,
        cost=new.cost if "cost" in row.given else old.cost,
        must_keep=new.must_keep if "must_keep" in row.given else old.must_keep,
        exclude=new.exclude if "exclude" in row.given else old.exclude,
        gate_defining=new.gate_defining if "gate_defining" in row.given else old.gate_defining,
    )
