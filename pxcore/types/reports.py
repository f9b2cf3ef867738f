"""What leaves the lab: one value for the page behind a link, the HTML, the PDF and the archive."""

from __future__ import annotations

from dataclasses import dataclass

from pxcore.types.added import added

Cell = str | float | int | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTable:
    """A table as values; ``name`` is its file's name without ending."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    """Texts as typed: guarded and escaped where they are written."""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFigure:
    """A figure as plotly's JSON; ``name`` is its file's name without ending."""

    name: str
    title: str
    alt: str
    plotly_json: str
    caption: str = ""
    table: str = ""
    """Name of the table behind it."""
    own_width: bool = added(default=False)
    """A sheet of cells, which keeps its size; other figures fill the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSection:
    """A heading with what stands below it, in this order: text, figures, tables."""

    title: str
    paragraphs: tuple[str, ...] = ()
    """Plain text as typed, never markup."""
    figures: tuple[ReportFigure, ...] = ()
    tables: tuple[ReportTable, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFile:
    """A further file of the archive, such as an order list or a run sheet."""

    name: str
    text: str
    what: str
    """What it is, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A run, comparison, panel's advice, staged plan or clustering, complete and frozen."""

    kind: str
    """``run``, ``comparison``, ``panel``, ``plan`` or ``clustering``."""
    subject: str
    """What it tells of: a run's or plan's id, or the ids of a comparison, separated by commas."""
    title: str
    verdict: str
    """The answer in one or two sentences, never more than the intervals allow."""
    facts: tuple[tuple[str, str], ...]
    """What it rests on, such as ``("Cells", "1,000 of 4 donors")``."""
    sections: tuple[ReportSection, ...]
    methods: str
    """A paragraph for a paper: what was done, with versions, seeds and the data's fingerprint."""
    recreate: str
    """JSON that makes the run anew: ``python -m pxcore run --from FILE``."""
    made: str
    """When, UTC, ISO 8601."""
    files: tuple[ReportFile, ...] = ()
