"""Candidate markers from a typed or pasted text.

Three kinds of text are taken: markers alone, parted by lines, commas, semicolons or tabs; a table
whose first line names its columns (`COLUMNS`, ``marker`` among them); a panel sheet.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence

from pxcore.data.csv_guard import unguarded
from pxcore.data.panel_sheet import parse_sheet
from pxcore.errors import PanelError
from pxcore.panel.staged.candidates import candidates_of, distinct
from pxcore.types.cells import Panel
from pxcore.types.staged import Candidate

__all__ = ["COLUMNS", "parse_candidates"]

COLUMNS = ("marker", "clone", "fluorochrome", "cost", "must_keep", "always_on", "bridge")
LARGEST = 100_000
"""Letters of a pasted text."""

_YAML = re.compile(r"\s*-\s*(channel|name|role|marker)\s*:(\s|$)", re.IGNORECASE)
_UNIT = re.compile(r"[\(\[].*?[\)\]]")
_YES, _NO = {"1", "true", "yes", "y", "x"}, {"", "0", "false", "no", "n"}


def parse_candidates(text: str) -> tuple[Candidate, ...]:
    r"""Return the markers of a typed or pasted text, in its order.

    >>> [c.marker for c in parse_candidates("CD3, CD4\nCD19")]
    ['CD3', 'CD4', 'CD19']
    >>> parse_candidates("marker;clone;cost\nCD3;UCHT1;1,20")[0].cost
    1.2

    Raises
    ------
    PanelError
        For no marker, an empty, doubled or overlong one, an unknown column, a cost that is not a
        number from 0, or a number where a marker is expected.
    """
    if len(text) > LARGEST:
        message = f"the list of markers has {len(text)} letters; at most {LARGEST} are taken"
        raise PanelError(message)
    lines = [line for line in text.removeprefix("\ufeff").splitlines() if line.strip()]
    if not lines:
        message = "there is no candidate marker; give at least one, a line each"
        raise PanelError(message)
    separator = max("\t;,", key=lines[0].count)
    head = [_column(word) for word in _cells(lines[0], separator)]
    if {"channel", "name"} & set(head) or _YAML.match(lines[0]):
        return candidates_of(Panel(tuple(row.channel for row in parse_sheet(text))))
    if "marker" in head:
        return distinct(_table(head, lines[1:], separator))
    _check_list(lines)
    return distinct(_plain(lines))


def _column(word: str) -> str:
    """Return the name of a column, without a unit in brackets: ``Cost (EUR)`` is ``cost``."""
    return _UNIT.sub("", word).strip().casefold().replace(" ", "_")


def _check_list(lines: Sequence[str]) -> None:
    """Refuse a table without a line of column names: clones and dyes would become markers."""
    widths = {line.count("\t") + 1 for line in lines}
    if len(lines) > 1 and len(widths) == 1 and max(widths) > 1:
        message = (
            f"{len(lines)} lines of {max(widths)} entries look like a table, but the first line "
            f"({lines[0].split(chr(9))[0][:40]!r}, ...) names no column; put one before it, such "
            "as marker, clone, fluorochrome, cost with tabs between, or paste the markers alone"
        )
        raise PanelError(message)


def _cells(line: str, separator: str) -> list[str]:
    """Return the entries of one line; quotes keep a separator inside a marker."""
    try:
        found = next(csv.reader(io.StringIO(line), delimiter=separator, skipinitialspace=True))
    except csv.Error as error:
        message = f"the line {line[:40]!r} cannot be read ({error}); write it again"
        raise PanelError(message) from error
    return [unguarded(cell.strip()) for cell in found]


def _plain(lines: Sequence[str]) -> list[Candidate]:
    """Return the markers of lines without column names."""
    found = []
    for number, line in enumerate(lines, start=1):
        separator = max("\t;,", key=line.count)
        cells = _cells(line.strip().strip(",;\t"), separator)
        for cell in cells:
            if _is_number(cell):
                message = (
                    f"line {number}: {cell!r} is a number, not a marker; where the text has "
                    f"further columns, name them in a first line, out of {', '.join(COLUMNS)}"
                )
                raise PanelError(message)
            if not cell:
                message = (
                    f"line {number}: a marker is empty between two {separator!r}; fill it in or "
                    "take one separator away"
                )
                raise PanelError(message)
        found += [Candidate(marker=cell) for cell in cells]
    return found


def _table(head: Sequence[str], lines: Sequence[str], separator: str) -> list[Candidate]:
    """Return the markers of lines below their column names."""
    for column in head:
        if column not in COLUMNS or head.count(column) > 1:
            what = "comes twice" if column in COLUMNS else "is not known"
            message = f"column {column!r} {what}; there is {', '.join(COLUMNS)}"
            raise PanelError(message)
    found = []
    for number, line in enumerate(lines, start=2):
        cells = _cells(line, separator)
        if len(cells) > len(head):
            message = (
                f"line {number}: {len(cells)} entries for {len(head)} columns; put quotes around "
                f"texts that hold {separator!r}"
            )
            raise PanelError(message)
        found.append(_candidate(dict(zip(head, cells, strict=False)), number))
    return found


def _candidate(record: dict[str, str], line: int) -> Candidate:
    def yes(column: str) -> bool:
        text = record.get(column, "").casefold()
        if text not in _YES | _NO:
            message = f"line {line}: {column} is {text!r}; expected yes or no"
            raise PanelError(message)
        return text in _YES

    text = record.get("cost", "") or "0"
    cost = float(text.replace(",", ".")) if _is_number(text) else -1.0
    if not 0 <= cost < math.inf:
        message = f"line {line}: cost is {text!r}; expected a number from 0, such as 1.20"
        raise PanelError(message)
    bridge = yes("bridge")
    return Candidate(
        marker=record.get("marker", ""),
        clone=record.get("clone", ""),
        fluorochrome=record.get("fluorochrome", ""),
        cost=cost,
        must_keep=yes("must_keep"),
        always_on=yes("always_on") or bridge,
        bridge=bridge,
    )


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True
