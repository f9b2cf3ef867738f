"""A report for readers outside the lab: nobody's name is in it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from pxcore.types.reports import Report, ReportFile, ReportSection, ReportTable

__all__ = ["for_strangers"]

COLUMNS = {"trail": ("who",)}
"""Columns that hold a person's name, by table: elsewhere a class or channel may be called so."""
KEYS = {"plan.json": ("who", "owner")}
"""Keys that hold one, by file."""


def for_strangers(report: Report) -> Report:
    """Return the report without the names of those who made it.

    Columns of names go; in JSON files they are empty, so that a file keeps its form. Reports are
    made without names in the first place; this is the second look, at the door.
    """
    sections = tuple(_section(one) for one in report.sections)
    return replace(report, sections=sections, files=tuple(_file(one) for one in report.files))


def _section(section: ReportSection) -> ReportSection:
    return replace(section, tables=tuple(_table(one) for one in section.tables))


def _table(table: ReportTable) -> ReportTable:
    names = COLUMNS.get(table.name, ())
    kept = [n for n, column in enumerate(table.columns) if column not in names]
    if len(kept) == len(table.columns):
        return table
    return replace(
        table,
        columns=tuple(table.columns[n] for n in kept),
        rows=tuple(tuple(row[n] for n in kept) for row in table.rows),
    )


def _file(file: ReportFile) -> ReportFile:
    names = KEYS.get(file.name)
    if names is None:
        return file
    text = json.dumps(_nameless(json.loads(file.text), names), indent=2, ensure_ascii=False)
    return replace(file, text=f"{text}\n")


def _nameless(value: Any, names: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {key: "" if key in names else _nameless(one, names) for key, one in value.items()}
    return [_nameless(one, names) for one in value] if isinstance(value, list) else value
