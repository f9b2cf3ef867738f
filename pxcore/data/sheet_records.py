"""The lines of a panel sheet as mappings of texts: CSV or YAML, no column but the known ones."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

import yaml  # type: ignore[import-untyped]

from pxcore.data.csv_guard import unguarded
from pxcore.errors import PanelError

COLUMNS = (
    "channel", "name", "role", "marker", "clone", "fluorochrome", "laser", "cost",
    "must_keep", "exclude", "gate_defining",
)  # fmt: skip


def records_of(text: str) -> list[dict[str, str]]:
    """Return one mapping of column to text a line, CSV (comma, semicolon or tab) or YAML.

    Raises
    ------
    PanelError
        For a text that is neither, a column that is not known or comes twice, or a line with more
        entries than columns.
    """
    records = _csv_records(text)
    return _yaml_records(text) if records is None else records


def _csv_records(text: str) -> list[dict[str, str]] | None:
    """Return one mapping a line; None when the first line names no column we know."""
    lines = text.removeprefix("\ufeff").lstrip("\n")
    head = lines.partition("\n")[0]
    separator = max(",;\t", key=head.count)
    table = csv.reader(io.StringIO(lines), delimiter=separator, skipinitialspace=True)
    try:
        columns = [column.strip().lower().replace(" ", "_") for column in next(table, [])]
        if not {"name", "channel"} & set(columns):
            return None
        _check_columns(columns)
        records = []
        for cells in table:
            if len(cells) > len(columns):
                message = (
                    f"panel sheet, line {table.line_num}: {len(cells)} entries for "
                    f"{len(columns)} columns; put quotes around texts that hold {separator!r}"
                )
                raise PanelError(message)
            if any(cell.strip() for cell in cells):
                records.append(
                    {c: unguarded(v.strip()) for c, v in zip(columns, cells, strict=False)}
                )
    except csv.Error as error:
        message = f"the panel sheet is not a CSV ({error}); save it again"
        raise PanelError(message) from error
    return records


def _yaml_records(text: str) -> list[dict[str, str]]:
    """Return one mapping a list item, all values as texts."""
    expected = f"expected a CSV with the columns {', '.join(COLUMNS)}, or a YAML list of these keys"
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)):
            message = f"the panel sheet uses YAML aliases, which are refused; {expected}"
            raise PanelError(message)
        found = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - texts only, no objects
    except (yaml.YAMLError, RecursionError) as error:
        message = f"the panel sheet is neither CSV nor YAML; {expected}"
        raise PanelError(message) from error
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        message = f"the panel sheet holds no list of channels; {expected}"
        raise PanelError(message)
    records = []
    for item in found:
        record = {str(key).strip().lower(): value for key, value in item.items()}
        _check_columns(list(record))
        if not all(isinstance(value, str) for value in record.values()):
            message = f"the panel sheet's channel {record.get('name')!r} nests lists; {expected}"
            raise PanelError(message)
        records.append({key: value.strip() for key, value in record.items()})
    return records


def _check_columns(columns: Iterable[str]) -> None:
    seen: set[str] = set()
    for column in columns:
        if column not in COLUMNS or column in seen:
            what = "comes twice" if column in seen else "is not known"
            message = f"panel sheet: column {column!r} {what}; there is {', '.join(COLUMNS)}"
            raise PanelError(message)
        seen.add(column)
