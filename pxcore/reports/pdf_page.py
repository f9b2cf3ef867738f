"""One page of PDF that is filled from the top: paragraphs, figures, facts, a table."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, Table

from pxcore.plots.numbers import count
from pxcore.plots.svg import to_png
from pxcore.plots.text import one_line
from pxcore.reports.fonts import BOLD, REGULAR, markup
from pxcore.reports.parts import plotly_of
from pxcore.types.reports import Cell, ReportFigure, ReportTable

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["FIGURE_WIDTH", "MUTED", "SIZES", "Page"]

WIDTH, HEIGHT = A4
LEFT, TOP, BOTTOM = 16 * mm, 15 * mm, 14 * mm
ROOM = WIDTH - 2 * LEFT
FIGURE_HEIGHT = 96 * mm
FIGURE_WIDTH = 800
"""Pixels for the width of the page: letters then stand as large as those of the table."""
LOWEST = 0.7
"""Of a figure's own height, before it is drawn smaller than the page is wide."""
MOST_ROWS, MOST_COLUMNS = 16, 9
LETTERS = 40
"""Of a cell or a fact's name."""
INK, MUTED, LINE = HexColor("#22262B"), HexColor("#5A6068"), HexColor("#DDE1E6")
SIZES = (7.0, 6.4, 5.8, 5.2)
"""Of the methods paragraph, until it fits."""


class Page:
    """One page that is filled from the top."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.y = HEIGHT - TOP

    @property
    def left(self) -> float:
        """Room above the foot, in points."""
        room: float = self.y - BOTTOM - 4 * mm
        return room

    def space(self, height: float) -> None:
        """Leave some room."""
        self.y -= height

    def height(self, text: str, size: float) -> float:
        """Return how high a text would stand."""
        return _high(_paragraph(text, size))

    def write(self, text: str, size: float, *, bold: bool = False, colour: HexColor = INK) -> None:
        """Write a paragraph."""
        self._put(_paragraph(text, size, bold=bold, colour=colour))

    def draw(self, figures: Sequence[ReportFigure]) -> None:
        """Draw the first figure as wide as the page; behind a low one the next."""
        room = FIGURE_HEIGHT
        for number, figure in enumerate(figures[:2]):
            image = ImageReader(io.BytesIO(to_png(_squeezed(plotly_of(figure)), FIGURE_WIDTH)))
            wide, high = image.getSize()
            if number and high * ROOM / wide > 1.3 * room:
                return
            scale = min(ROOM / wide, room / high)
            self.y -= high * scale
            self.canvas.drawImage(image, LEFT, self.y, wide * scale, high * scale)
            self.write(one_line(figure.title, 160), 7.5, colour=MUTED)
            self.space(2 * mm)
            room -= high * scale
            if room < FIGURE_HEIGHT / 2:
                return

    def facts(self, facts: Sequence[tuple[str, str]], keep: float) -> None:
        """Write what the answer rests on in two columns, and leave ``keep`` points."""
        cells = [
            [_paragraph(one_line(name, LETTERS), 7.5, colour=MUTED), _paragraph(value, 7.5)]
            for name, value in facts
        ]
        widths = [30 * mm, ROOM / 2 - 30 * mm]
        while cells:
            half = (len(cells) + 1) // 2
            right = [*cells[half:], ["", ""]]
            rows = [[*one, *other] for one, other in zip(cells[:half], right, strict=False)]
            grid = _grid(rows, widths * 2, lines=False)
            if _high(grid) <= self.left - keep:
                self._put(grid)
                self.space(2 * mm)
                return
            cells.pop()

    def table(self, table: ReportTable, keep: float) -> None:
        """Write as much of a table as leaves ``keep`` points of the page."""
        number = min(len(table.columns), MOST_COLUMNS)
        widths = _widths(table, number)
        head = [_paragraph(_short(name), 6.8, bold=True) for name in table.columns[:number]]
        for rows in range(min(len(table.rows), MOST_ROWS), 0, -1):
            body = [[_cell(value) for value in row[:number]] for row in table.rows[:rows]]
            grid = _grid([head, *body], widths, lines=True)
            if _high(grid) <= self.left - keep - 8 * mm:
                self.write(one_line(table.title, 120), 8, bold=True)
                self._put(grid)
                more = len(table.rows) - rows
                if more:
                    rest = count(more, "more row stands", "more rows stand")
                    self.write(f"{rest} in the HTML report.", 6.5, colour=MUTED)
                self.space(2 * mm)
                return

    def methods(self, text: str) -> None:
        """Write the methods paragraph into what is left, smaller or cut where it must be."""
        self.write("Methods", 8, bold=True)
        for size in SIZES:
            if self.height(text, size) <= self.left:
                self.write(text, size)
                return
        words = text.split(" ")
        low, high = 0, len(words)
        while low < high:  # the most words that fit
            middle = (low + high + 1) // 2
            fits = self.height(_cut(words[:middle]), SIZES[-1]) <= self.left
            low, high = (middle, high) if fits else (low, middle - 1)
        if low:
            self.write(_cut(words[:low]), SIZES[-1])

    def foot(self, text: str) -> None:
        """Write the last line."""
        foot = _paragraph(text, 6.5, colour=MUTED)
        foot.drawOn(self.canvas, LEFT, BOTTOM - _high(foot) / 2)

    def _put(self, part: Paragraph | Table) -> None:
        self.y -= _high(part)
        part.drawOn(self.canvas, LEFT, self.y)


def _high(part: Paragraph | Table) -> float:
    """Return how high a part stands on the page; it must be asked before it is drawn."""
    height: float = part.wrap(ROOM, HEIGHT)[1]
    return height


def _squeezed(figure: go.Figure) -> go.Figure:
    """Return a figure a little lower where that lets it fill the page's width."""
    high = float(figure.layout.height or 450)
    wanted = FIGURE_HEIGHT / ROOM * FIGURE_WIDTH
    if figure.layout.width is None and high > wanted:
        figure.update_layout(height=max(LOWEST * high, wanted))
    return figure


def _paragraph(text: str, size: float, *, bold: bool = False, colour: HexColor = INK) -> Paragraph:
    style = ParagraphStyle(
        "text",
        fontName=BOLD if bold else REGULAR,
        fontSize=size,
        leading=size * 1.3,
        textColor=colour,
        splitLongWords=1,
    )
    return Paragraph(markup(text), style)


def _grid(
    cells: Sequence[Sequence[Paragraph | str]], widths: Sequence[float], *, lines: bool
) -> Table:
    style: list[tuple[object, ...]] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
        ("TOPPADDING", (0, 0), (-1, -1), 0.6),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.2),
    ]
    if lines:
        style.append(("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE))
    return Table([list(row) for row in cells], colWidths=list(widths), style=style, hAlign="LEFT")


def _widths(table: ReportTable, number: int) -> list[float]:
    """Return widths of columns by the letters in them."""
    longest = [
        max([len(_short(table.columns[n])), *(len(_short(str(r[n]))) for r in table.rows)])
        for n in range(number)
    ]
    words = [max(len(word) for word in f"{name} .".split()) + 2 for name in table.columns[:number]]
    wanted = [
        max(5, word, min(length, LETTERS)) for length, word in zip(longest, words, strict=True)
    ]
    return [ROOM * one / sum(wanted) for one in wanted]


def _cell(value: Cell) -> Paragraph:
    return _paragraph(_short(str(value)), 6.8)


def _short(text: str) -> str:
    return one_line(text, LETTERS)


def _cut(words: Sequence[str]) -> str:
    return f"{' '.join(words)} … (whole in the HTML report)"
