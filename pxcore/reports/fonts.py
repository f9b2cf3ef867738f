"""Letters of a PDF: a font that is embedded, and one of the viewer's for what it lacks."""

from __future__ import annotations

import html
import threading
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import matplotlib as mpl
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont

__all__ = ["BOLD", "REGULAR", "markup", "registered"]

REGULAR, BOLD, EAST_ASIAN = "DejaVuSans", "DejaVuSans-Bold", "HeiseiKakuGo-W5"
_LOCK = threading.Lock()  # reportlab's table of fonts is global to the process


@lru_cache(maxsize=1)
def registered() -> frozenset[int]:
    """Return the characters that the embedded font has; it is there from then on."""
    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    with _LOCK:
        fonts = [TTFont(name, str(folder / f"{name}.ttf")) for name in (REGULAR, BOLD)]
        for font in fonts:
            pdfmetrics.registerFont(font)
        pdfmetrics.registerFont(UnicodeCIDFont(EAST_ASIAN))
    return frozenset(fonts[0].face.charToGlyph)


def markup(text: str) -> str:
    """Return text as a paragraph takes it: markup escaped, letters each in a font that has them."""
    known = registered()
    parts = []
    for there, letters in groupby(text, key=lambda letter: ord(letter) in known):
        escaped = html.escape("".join(letters), quote=False)
        parts.append(escaped if there else f'<font name="{EAST_ASIAN}">{escaped}</font>')
    return "".join(parts)
