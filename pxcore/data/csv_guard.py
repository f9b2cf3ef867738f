"""Text on its way into a CSV file: a spreadsheet that opens it runs no formula."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_UNSEEN = r"\s\x00-\x1f\x7f-\x9f\u00ad\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
"""What spreadsheets pass over before a formula: blanks, control and format characters."""
_STARTS = r"=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
"""What begins one, as full-width and small forms too, which some of them read as the plain ones."""
_RUNS = re.compile(f"'*[{_UNSEEN}]*[{_STARTS}\\x00-\\x1f]")


def guarded(text: str) -> str:
    """Return text that no spreadsheet takes for a formula; `unguarded` undoes it.

    >>> guarded("=1+1"), guarded(" @x"), guarded("CD3")
    ("'=1+1", "' @x", 'CD3')
    """
    return f"'{text}" if _RUNS.match(text) else text


def unguarded(text: str) -> str:
    """Return the text that was guarded, any other as it is.

    >>> unguarded("'=1+1"), unguarded("'plain")
    ('=1+1', "'plain")
    """
    return text[1:] if text.startswith("'") and _RUNS.match(text) else text


def csv_text(frame: pd.DataFrame) -> str:
    """Return a table as CSV with guarded texts and column names; what is missing is empty."""
    safe = frame.map(_cell)
    safe.columns = [guarded(str(name)) for name in frame.columns]
    return safe.to_csv(index=False, lineterminator="\n")


def _cell(value: object) -> object:
    return guarded(value) if isinstance(value, str) else value
