"""Names as text: what people typed never becomes markup on a page or a formula in a file.

Streamlit reads Markdown in almost every label, and on top of it colours (``:red[x]``), icons
(``:material/home:``), emoji codes, TeX, bare addresses and arrows. So a name in a label passes
through :func:`md`; a table on its way into a file through :func:`csv_bytes`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pxcore.api import csv_text
from pxcore.plots.text import one_line

if TYPE_CHECKING:
    import pandas as pd

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
# Read from the finished text, so that a backslash does not help: an invisible joiner does.
_LATE = re.compile(r":(?=[\w/+-])|(?<=[<~\-])(?=[>=\-])|(?<=>)(?==)|@|(?i:(?<=\bww)w(?=\.))")
_JOINER = "\u2060"
# Nothing in these ends a span of code or means more in one.
_COPIED = re.compile(r"(https?://[\w./%?=&#~+-]*[\w/]|(?<![\w-])--[a-z][a-z-]*[a-z])")


def sentence(message: str) -> str:
    """Return a message that begins with a capital letter; a file's name is left as it is.

    >>> sentence("the disk is full"), sentence("x.h5 has no images")
    ('The disk is full', 'x.h5 has no images')
    """
    text = message.strip()
    first = text.partition(" ")[0].rstrip(",:;")
    return text[:1].upper() + text[1:] if first.isalpha() else text


def md(name: str, longest: int = 80) -> str:
    r"""Return ``name`` for a label or Markdown text, to be read exactly as typed.

    >>> md("CD4 (FITC)"), md("**x**")
    ('CD4 \\(FITC\\)', '\\*\\*x\\*\\*')
    """
    return _plain(one_line(name, longest))


def told(message: str, longest: int = 400) -> str:
    r"""Return a sentence of ours with its web addresses and options as code, to be copied.

    Everything else in it, names above all, is read exactly as typed, as in :func:`md`.

    >>> told("put it there (https://a.org/x.pt) or give --weights random")
    'put it there \\(`https://a.org/x.pt`\\) or give `--weights` random'
    """
    parts = enumerate(_COPIED.split(one_line(message, longest)))  # odd ones are to be copied
    return "".join(f"`{part}`" if n % 2 else _plain(part) for n, part in parts)


def _plain(line: str) -> str:
    """Return one line with everything escaped that Markdown would act on."""
    return _PUNCTUATION.sub(r"\\\1", _LATE.sub(lambda found: found[0] + _JOINER, line))


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as a UTF-8 CSV file with guarded cells and header."""
    return csv_text(table).encode("utf-8")


def file_name(*parts: str) -> str:
    """Return a harmless file name from parts such as a run's title and a figure's name.

    >>> file_name("Jurkat / cells", "ranking.csv")
    'jurkat-cells_ranking.csv'
    """
    clean = [re.sub(r"[^\w.]+", "-", part.lower()).strip("-.") for part in parts]
    return "_".join(part[:60] for part in clean if part) or "download"
