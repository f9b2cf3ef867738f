"""A report as one HTML file that needs nothing else: no network, no script, no other file.

Everything that people typed is escaped. Figures are SVG inside the page. The policy in its head
forbids loading anything, whatever stands in the page.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from pxcore import __version__
from pxcore.plots.numbers import count, minute
from pxcore.plots.text import one_line
from pxcore.reports.parts import for_eyes, numeric_columns, svg_of
from pxcore.types.reports import Cell, Report, ReportFigure, ReportSection, ReportTable

__all__ = ["MOST_ROWS", "report_html"]

OPEN_ROWS = 16
"""Longer tables are folded."""
_TAG, _ID = re.compile(r"<[^>]*>"), re.compile(r'\sid="|href="#|url\(#')
MOST_ROWS = 200
"""Rows of a table that are shown; the archive has all."""
POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'"
)
_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 "Source Sans 3", "Source Sans Pro", "Helvetica Neue", Arial, sans-serif;
  color: #22262b; background: #fff; margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 62rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 0.4rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 2.4rem 0 0.4rem; border-top: 1px solid #dde1e6;
  padding-top: 1.2rem; overflow-wrap: anywhere; }
p, li { max-width: 46rem; overflow-wrap: anywhere; }
.kind, .note, figcaption, footer { color: #5a6068; }
.kind { margin: 0; font-size: 0.95rem; }
.verdict { font-size: 1.25rem; line-height: 1.45; max-width: 48rem; margin: 0.6rem 0 1.2rem; }
dl { display: grid; grid-template-columns: minmax(9rem, max-content) 1fr; gap: 0.2rem 1.2rem;
  margin: 0; }
dt { color: #5a6068; } dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: 1.4rem 0; }
figure svg { width: 100%; height: auto; display: block; }
figure.sheet svg { width: auto; max-width: 100%; }
svg * { stroke-linejoin: round; stroke-linecap: butt; }
.wide { overflow-x: auto; margin: 0.6rem 0 1rem; }
table { border-collapse: collapse; font-size: 0.9rem; }
caption { text-align: left; font-weight: 600; padding: 0.3rem 0; }
th, td { padding: 0.25rem 0.7rem 0.25rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid #dde1e6; max-width: 30rem; overflow-wrap: break-word; }
th { font-weight: 600; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
summary { cursor: pointer; color: #00588a; }
a { color: #00588a; }
@media print { body { max-width: none; padding: 0; } figure, tr { break-inside: avoid; } }
"""
KINDS = {
    "run": "Run report",
    "comparison": "Comparison of rankings",
    "panel": "Which stains are enough",
    "plan": "Staged panel plan",
    "clustering": "Clusters of cells",
}
"""Kinds of reports in words."""


def report_html(report: Report) -> str:
    """Return the report as a whole HTML document."""
    sections = [_section(section, number) for number, section in enumerate(report.sections)]
    facts = "\n".join(f"<dt>{_text(a)}</dt><dd>{_text(b)}</dd>" for a, b in report.facts)
    title = _text(one_line(report.title, 200))
    contents = "\n".join(
        f'<li><a href="#s{number}">{_text(section.title)}</a></li>'
        for number, section in enumerate(report.sections)
    )
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="referrer" content="no-referrer">',
            f'<meta name="generator" content="pxcore {__version__}">',
            f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>",
            f'<p class="kind">{KINDS.get(report.kind, "Report")}</p>',
            f"<h1>{title}</h1>",
            f'<p class="verdict">{_text(report.verdict)}</p>',
            f"<dl>\n{facts}\n</dl>",
            f'<nav aria-label="Contents"><ul>\n{contents}\n'
            '<li><a href="#methods">Methods</a></li></ul></nav>',
            *sections,
            '<section aria-labelledby="methods"><h2 id="methods">Methods</h2>'
            f"<p>{_text(report.methods)}</p></section>",
            "</main>",
            f"<footer><p>Made {minute(report.made)} UTC by pxcore {__version__}.</p></footer>",
            "</body>\n</html>\n",
        ]
    )


def _section(section: ReportSection, number: int) -> str:
    """Return a section: text, figures, tables."""
    parts = [
        f'<section aria-labelledby="s{number}">',
        f'<h2 id="s{number}">{_text(section.title)}</h2>',
        *(f"<p>{_text(text)}</p>" for text in section.paragraphs),
        *(_figure(one, f"f{number}-{place}-") for place, one in enumerate(section.figures)),
        *(_table(one) for one in section.tables),
        "</section>",
    ]
    return "\n".join(parts)


def _figure(figure: ReportFigure, prefix: str) -> str:
    drawing = _inline(svg_of(figure).decode(), figure.alt, prefix)
    caption = f"<br>{_text(figure.caption)}" if figure.caption else ""
    sheet = ' class="sheet"' if figure.own_width else ""
    below = f"<figcaption>{_text(figure.title)}{caption}</figcaption>"
    return f"<figure{sheet}>\n{drawing}\n{below}\n</figure>"


def _inline(svg: str, alt: str, prefix: str) -> str:
    """Return a drawing of ours to stand within a page: its ids are its own, its text is ``alt``."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>\s*", "", body, flags=re.DOTALL)
    body = re.sub(r"<style[^>]*>.*?</style>\s*", "", body, flags=re.DOTALL)
    body = re.sub(r"<title>.*?</title>\s*", "", body, count=1, flags=re.DOTALL)
    body = _TAG.sub(lambda tag: _ID.sub(rf"\g<0>{prefix}", tag[0]), body)  # not in the text
    head, rest = body.split(">", 1)
    return f'{head} role="img" aria-label="{_text(alt)}">{rest}'.strip()


def _table(table: ReportTable) -> str:
    """Return a table; of a long one the beginning."""
    shown = for_eyes(table)
    marks = [' class="number"' if one else "" for one in numeric_columns(shown)]
    head = "".join(
        f'<th scope="col"{mark}>{_text(name)}</th>'
        for name, mark in zip(shown.columns, marks, strict=True)
    )
    rows = "\n".join(_row(row, marks) for row in shown.rows[:MOST_ROWS])
    more = len(table.rows) - MOST_ROWS
    notes = [table.note] if table.note else []
    rest = count(more, "more row stands", "more rows stand")
    notes += [f"{rest} in the archive's {table.name}.csv."] if more > 0 else []
    note = "".join(f'<p class="note">{_text(one)}</p>' for one in notes)
    title = _text(table.title)
    drawn = (
        f'<div class="wide" tabindex="0" role="region" aria-label="{title}"><table>'
        f"<caption>{title}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{rows}\n</tbody></table></div>\n{note}"
    )
    if len(table.rows) <= OPEN_ROWS:
        return drawn
    return f"<details><summary>{title} ({len(table.rows):,} rows)</summary>\n{drawn}\n</details>"


def _row(row: Sequence[Cell], marks: Sequence[str]) -> str:
    cells = [f"<td{mark}>{_text(str(value))}</td>" for value, mark in zip(row, marks, strict=True)]
    return f"<tr>{''.join(cells)}</tr>"


def _text(text: str) -> str:
    """Return text for the page: markup escaped, control and direction marks taken out."""
    return html.escape(one_line(text, 20_000))
