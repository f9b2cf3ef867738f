"""Run sheets and order list as one printable page of HTML that needs nothing else.

Everything that people typed is escaped; the page holds no script, link or picture, and its policy
forbids loading any. Each run sheet starts a new printed page.
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Sequence

from pxcore.panel.staged.sheets import OrderRow, RunSheet, money

__all__ = ["printed_html"]

_STYLE = """
body { font: 11pt/1.4 sans-serif; margin: 2em auto; max-width: 50em; color: #111; }
table { border-collapse: collapse; width: 100%; margin: 0.8em 0; }
th, td { border: 1px solid #777; padding: 0.25em 0.5em; text-align: left; vertical-align: top; }
td.number { text-align: right; }
tr:only-child > td { width: 33%; height: 2em; }
td.blank { min-width: 8em; }
section { break-after: page; }
section:last-of-type { break-after: auto; }
@media print { body { margin: 0; } }
"""
_FILLED = "<table><tbody><tr><td>Date:</td><td>Operator:</td><td>Sample:</td></tr></tbody></table>"
"""What a person fills in by hand."""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def printed_html(
    title: str,
    sheets: Sequence[RunSheet],
    order: Sequence[OrderRow] = (),
    *,
    which: str = "",
    ordered: str = "",
) -> str:
    """Return a self-contained HTML page with the sheets, and the order list where one is given.

    ``which``: of the plan, its id and version, on every sheet; ``ordered``: what the order list
    includes, in a sentence.
    """
    of = ", ".join(part for part in (title, which) if part)
    body = [f"<h1>{_text(title)}</h1>", *(_sheet(sheet, of) for sheet in sheets)]
    if order:
        body.append(_order(order, of, ordered))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{_text(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _sheet(sheet: RunSheet, of: str) -> str:
    """Return one run of a plan: lines to fill in, its channels with room to note, the notes."""
    rows = [
        (
            str(slot.number),
            slot.kind,
            f"{slot.marker} (always on)" if slot.always_on else slot.marker,
            slot.clone,
            slot.fluorochrome,
            ", ".join(slot.controls),
            "",
        )
        for slot in sheet.slots
    ]
    head = ("Channel", "Kind", "Marker", "Clone", "Fluorochrome", "Controls", "Done")
    notes = "".join(f"<li>{_text(note)}</li>" for note in sheet.notes)
    return (
        f"<section>\n<h2>{_text(sheet.title)}</h2>\n<p>{_text(of)}</p>\n<p>{_text(sheet.instrument)}"
        f"</p>\n{_FILLED}\n{_table(head, rows)}\n<ul>{notes}</ul>\n</section>"
    )


def _order(order: Sequence[OrderRow], of: str, ordered: str) -> str:
    """Return the order list with its sum, and what it includes."""
    rows = [
        (
            row.marker,
            row.clone,
            row.fluorochrome,
            ", ".join(map(str, row.runs)),
            str(row.tests),
            money(row.cost),
        )
        for row in order
    ]
    tests, cost = sum(row.tests for row in order), sum(row.cost for row in order)
    rows.append(("Total", "", "", "", str(tests), money(cost)))
    head = ("Marker", "Clone", "Fluorochrome", "Runs", "Tests", "Cost")
    note = f"<p>{_text(ordered)}</p>\n" if ordered else ""
    return (
        f"<section>\n<h2>Order list</h2>\n<p>{_text(of)}</p>\n{note}{_table(head, rows)}\n"
        "</section>"
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f'<th scope="col">{_text(name)}</th>' for name in head)
    lines = "\n".join(
        "<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table>\n<thead><tr>{top}</tr></thead>\n<tbody>\n{lines}\n</tbody>\n</table>"


def _text(text: str) -> str:
    """Return text for the page: markup escaped, control and direction marks taken out."""
    kept = "".join(
        letter if unicodedata.category(letter) not in ("Cc", "Cf", "Cs") else " " for letter in text
    )
    return html.escape(kept)
