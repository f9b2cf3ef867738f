"""Tables and figures on their way into a report and out of it."""

from __future__ import annotations

import base64
import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from pxcore.plots.numbers import MINUS
from pxcore.plots.style import alt
from pxcore.types.reports import Cell, ReportFigure, ReportFile, ReportTable

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

__all__ = [
    "Drawn", "cell_text", "figure_of", "file_stem", "for_eyes", "frame_of", "numeric_columns",
    "parquet_bytes", "plotly_of", "svg_of", "table_of",
]  # fmt: skip

Row = Sequence[Cell]
_HARMLESS = re.compile(r"[^A-Za-z0-9_.-]+")
_NUMBER = re.compile(r"|[−\d][\d.,e+−]*(?: \([−\d.,e+]+ to [−\d.,e+]+\))?")
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """What a report is made of, by the names of its files."""

    figures: Mapping[str, go.Figure]
    tables: Mapping[str, pd.DataFrame]
    recreate: str
    made: str
    """UTC, ISO 8601."""
    files: tuple[ReportFile, ...] = ()

    def figure(self, name: str, title: str, **told: str) -> tuple[ReportFigure, ...]:
        """Return a figure where there is one."""
        found = self.figures.get(name)
        return () if found is None else (figure_of(name, title, found, **told),)

    def table(self, name: str, title: str, note: str = "") -> tuple[ReportTable, ...]:
        """Return a table where there is one."""
        found = self.tables.get(name)
        return () if found is None or found.empty else (table_of(name, title, found, note),)


def figure_of(
    name: str, title: str, figure: go.Figure, *, caption: str = "", table: str = ""
) -> ReportFigure:
    """Return a figure as a value; ``table`` names the table behind it."""
    plain = _plain(json.loads(figure.to_json()))
    text = json.dumps(plain, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return ReportFigure(
        name=file_stem(name),
        title=title,
        alt=alt(figure),
        plotly_json=text,
        caption=caption,
        table=file_stem(table) if table else "",
        own_width=figure.layout.width is not None,
    )


def plotly_of(figure: ReportFigure) -> go.Figure:
    """Return the figure that `figure_of` took."""
    import plotly.io  # noqa: PLC0415 - half a second

    return plotly.io.from_json(figure.plotly_json)


@lru_cache(maxsize=64)
def svg_of(figure: ReportFigure) -> bytes:
    """Return a figure as an SVG document; the same one is drawn once for page and archive."""
    from pxcore.plots.svg import to_svg  # noqa: PLC0415 - matplotlib takes a moment

    return to_svg(plotly_of(figure))


def table_of(name: str, title: str, frame: pd.DataFrame, note: str = "") -> ReportTable:
    """Return a data frame as a value: what is missing or no number is None."""
    rows = tuple(
        tuple(_cell(value) for value in row) for row in frame.itertuples(index=False, name=None)
    )
    columns = tuple(str(column) for column in frame.columns)
    return ReportTable(name=file_stem(name), title=title, columns=columns, rows=rows, note=note)


def frame_of(table: ReportTable) -> pd.DataFrame:
    """Return a table as a data frame whose columns have one kind each, missing ones NaN."""
    import pandas as pd  # noqa: PLC0415 - half a second

    made = {}
    for place, _ in enumerate(table.columns):
        values = [row[place] for row in table.rows]
        kinds = {type(value) for value in values if value is not None}
        if kinds <= {int, float}:
            whole = kinds == {int} and None not in values
            made[place] = pd.Series(values, dtype="int64" if whole else "float64")
        elif kinds == {bool} and None not in values:
            made[place] = pd.Series(values, dtype=bool)
        else:
            texts = [None if value is None else str(value) for value in values]
            made[place] = pd.Series(texts, dtype="str")
    frame = pd.DataFrame(made)
    frame.columns = pd.Index(_different(table.columns))
    return frame


def parquet_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as a parquet file, texts as typed: nothing in it is run."""
    stream = io.BytesIO()
    table.to_parquet(stream, index=False)
    return stream.getvalue()


def cell_text(value: Cell) -> str:
    """Return a table's cell for the eye: three decimals, yes and no, nothing for nothing.

    >>> cell_text(0.12345), cell_text(-2e-5), cell_text(True), cell_text(None), cell_text(12000)
    ('0.123', '−2e-05', 'yes', '', '12,000')
    """
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            small = value != 0 and abs(value) < 0.0005
            text = f"{value:.1g}" if small else f"{value:,.3f}"
            return text.replace("-", MINUS, 1) if text.startswith("-") else text
        case _:
            return value


def for_eyes(table: ReportTable) -> ReportTable:
    """Return a table as text for the eye: a value and its bounds in one column.

    Bounds are the columns ``X low`` and ``X high`` (or ``low`` and ``high``, of ``mean``). A
    column without any value is left out.
    """
    place = {name: n for n, name in enumerate(table.columns)}
    bounds_of = {name: _bounds(name, place) for name in table.columns}
    taken = {n for found in bounds_of.values() if found for n in found}
    told = {n for row in table.rows for n, value in enumerate(row) if value not in (None, "")}
    kept = [
        (n, name) for n, name in enumerate(table.columns) if n not in taken and (n in told or not n)
    ]
    rows = tuple(
        tuple(_with_bounds(row, n, bounds_of[name]) for n, name in kept) for row in table.rows
    )
    columns = tuple(name.replace("_", " ") for _, name in kept)
    return replace(table, columns=columns, rows=rows)


def numeric_columns(table: ReportTable) -> tuple[bool, ...]:
    """Return for each column of a table for the eye whether it holds numbers."""
    return tuple(
        all(_NUMBER.fullmatch(str(row[n])) for row in table.rows)
        and any(row[n] for row in table.rows)
        for n in range(len(table.columns))
    )


def _bounds(name: str, place: Mapping[str, int]) -> tuple[int, int] | None:
    """Return where the bounds of a column stand, if it has some."""
    ways = [(f"{name} low", f"{name} high"), (f"{name}_low", f"{name}_high")]
    ways += [("low", "high")] if name in ("mean", "value", "F1-macro") else []
    return next(((place[a], place[b]) for a, b in ways if a in place and b in place), None)


def _with_bounds(row: Row, n: int, bounds: tuple[int, int] | None) -> str:
    """Return a cell for the eye, behind it what lies at its bounds."""
    text = cell_text(row[n])
    if bounds is None or not text:
        return text
    low, high = (cell_text(row[at]) for at in bounds)
    known = low and high and not low == high == text
    return f"{text} ({low} to {high})" if known else text


def file_stem(text: str) -> str:
    """Return a harmless name of a file without its ending: no path, no odd letter.

    >>> file_stem("../x"), file_stem("occlusion:fill=mean"), file_stem("<b>")
    ('x', 'occlusion_fill_mean', 'b')
    """
    clean = _HARMLESS.sub("_", text).strip("._-")
    return clean[:LONGEST_NAME] or "unnamed"


def _cell(value: object) -> Cell:
    """Return a value of a data frame as one of a table."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value if isinstance(value, bool | int | float | str) else str(value)


def _different(columns: Sequence[str]) -> list[str]:
    """Return column names of which no two are the same: parquet refuses doubled ones."""
    made: list[str] = []
    for name in columns:
        number, own = 2, name
        while own in made:
            own, number = f"{name} ({number})", number + 1
        made.append(own)
    return made


def _plain(value: object) -> object:
    """Return plotly's JSON with arrays as lists: it packs some as base64."""
    if isinstance(value, dict):
        if {"dtype", "bdata"} <= value.keys():
            array = np.frombuffer(base64.b64decode(value["bdata"]), dtype=value["dtype"])
            shape = str(value.get("shape", "")).replace(" ", "")
            sized = array.reshape([int(n) for n in shape.split(",")]) if shape else array
            return _plain(sized.tolist())
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
