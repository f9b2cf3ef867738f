"""A report for readers outside the lab: nobody's name is in it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from pxcore.types.reports import Report, ReportFile, ReportSection, ReportTable

__all__ = ["for_strangers"]

NAMES = ("who", "owner")
"""Columns of tables and keys of JSON files that hold a person's name."""


def for_strangers(report: Report) -> Report:
    """Return the report without the names of those who made it.

    Columns of names go; in JSON files they are empty, so that a file keeps its form.
    """
    sections = tuple(_section(one) for one in report.sections)
    return replace(report, sections=sections, files=tuple(_file(one) for one in report.files))


def _section(section: ReportSection) -> ReportSection:
    return replace(section, tables=tuple(_table(one) for one in section.tables))


def _table(table: ReportTable) -> ReportTable:
    kept = [n for n, column in enumerate(table.columns) if column.lower() not in NAMES]
    if len(kept) == len(table.columns):
        return table
    return replace(
        table,
        columns=tuple(table.columns[n] for n in kept),
        rows=tuple(tuple(row[n] for n in kept) for row in table.rows),
    )


def _file(file: ReportFile) -> ReportFile:
    if not file.name.endswith(".json"):
        return file
    text = json.dumps(_nameless(json.loads(file.text)), indent=2, ensure_ascii=False)
    return replace(file, text=f"{text}\n")


def _nameless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: "" if key in NAMES else _nameless(one) for key, one in value.items()}
    return [_nameless(one) for one in value] if isinstance(value, list) else value
