"""A report with everything behind it as one ZIP, which describes itself as an RO-Crate.

Equal reports and tables are equal bytes. Names of files are letters, digits, ``_``, ``.`` and
``-`` only, so nothing is unpacked outside its folder; texts in CSV are guarded against formulas.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from pxcore.data.csv_guard import csv_text
from pxcore.reports.crate import Described, crate_json
from pxcore.reports.html import report_html
from pxcore.reports.parts import file_stem, frame_of, parquet_bytes, svg_of
from pxcore.reports.pdf import report_pdf
from pxcore.types.reports import Report

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["METADATA", "report_archive"]

METADATA = "ro-crate-metadata.json"
KINDS = ("csv", "html", "json", "txt", "yaml")
"""Endings that further files may have."""
NO_RAW: Mapping[str, pd.DataFrame] = {}


def report_archive(report: Report, raw: Mapping[str, pd.DataFrame] = NO_RAW) -> bytes:
    """Return the ZIP: HTML, PDF, tables, figures, bench lists, methods, recreate.json, metadata.

    Parameters
    ----------
    raw
        Whole tables behind the report, by their names.
    """
    files = [
        *_documents(report),
        *_figures(report),
        *_tables(report, raw),
        *_bench(report),
    ]
    known: dict[str, Described] = {}
    for one in files:
        known.setdefault(one.name, one)
    ordered = list(known.values())
    metadata = Described(
        name=METADATA,
        content=crate_json(report, ordered),
        what="What is in this archive",
        kind="application/ld+json",
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in (metadata, *ordered):
            archive.writestr(_info(one.name, report.made), one.content)
    return stream.getvalue()


def _documents(report: Report) -> list[Described]:
    return [
        Described(
            name="report.html",
            content=report_html(report).encode(),
            what="The report, to read without a network",
            kind="text/html",
        ),
        Described(
            name="report.pdf",
            content=report_pdf(report),
            what="The verdict on one page",
            kind="application/pdf",
        ),
        Described(
            name="methods.txt",
            content=f"{report.methods}\n".encode(),
            what="Methods paragraph for a paper",
            kind="text/plain",
        ),
        Described(
            name="recreate.json",
            content=report.recreate.encode(),
            what=_recreates(report.recreate),
            kind="application/json",
        ),
        *_single_runs(report.recreate),
    ]


def _recreates(text: str) -> str:
    """Return what a recreate.json is good for: of several runs each has a file of its own."""
    if _several(text):
        return "Every run's settings; a file in runs/ makes its run anew"
    return "Makes the run anew: python -m pxcore run --from recreate.json"


def _single_runs(text: str) -> list[Described]:
    """Return a file a run where a recreate.json holds several."""
    found = []
    for told in _several(text):
        name = f"runs/{file_stem(str(told.get('run_id', '')))}.json"
        content = json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False)
        found.append(
            Described(
                name=name,
                content=f"{content}\n".encode(),
                what=f"Makes the run anew: python -m pxcore run --from {name}",
                kind="application/json",
            )
        )
    return found


def _several(text: str) -> list[dict[str, object]]:
    """Return the runs under ``runs`` of a recreate.json; none in that of a single run."""
    told = json.loads(text)
    runs = told.get("runs", []) if isinstance(told, dict) else []
    return [one for one in runs if isinstance(one, dict)]


def _figures(report: Report) -> list[Described]:
    return [
        Described(
            name=f"figures/{file_stem(figure.name)}.svg",
            content=svg_of(figure),
            what=f"{figure.title}. {figure.alt}",
            kind="image/svg+xml",
        )
        for section in report.sections
        for figure in section.figures
    ]


def _tables(report: Report, raw: Mapping[str, pd.DataFrame]) -> list[Described]:
    """Return every table twice, those of the report and the whole ones behind it."""
    shown = {
        file_stem(table.name): (table.title, frame_of(table))
        for section in report.sections
        for table in section.tables
    }
    whole = {
        file_stem(name): (f"{name.replace('_', ' ')}, every value", frame)
        for name, frame in raw.items()
    }
    found = []
    for name, (title, frame) in (whole | shown).items():
        found += [
            Described(
                name=f"tables/{name}.csv",
                content=csv_text(frame).encode(),
                what=title,
                kind="text/csv",
            ),
            Described(
                name=f"tables/{name}.parquet",
                content=parquet_bytes(frame),
                what=title,
                kind="application/vnd.apache.parquet",
            ),
        ]
    return found


def _bench(report: Report) -> list[Described]:
    """Return the further files; one with another ending becomes a text."""
    found = []
    for one in report.files:
        stem, _, ending = one.name.rpartition(".")
        if not stem or ending not in KINDS:
            stem, ending = one.name, "txt"
        kind = {"csv": "text/csv", "html": "text/html", "json": "application/json"}
        found.append(
            Described(
                name=f"bench/{file_stem(stem)}.{ending}",
                content=one.text.encode(),
                what=one.what,
                kind=kind.get(ending, "text/plain"),
            )
        )
    return found


def _info(name: str, made: str) -> zipfile.ZipInfo:
    """Return a file's entry, dated as the report."""
    at = datetime.fromisoformat(made)
    info = zipfile.ZipInfo(name, (max(1980, at.year), *at.timetuple()[1:6]))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3
    info.external_attr = 0o644 << 16
    return info
