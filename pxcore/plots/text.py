"""Names as text: what people typed never becomes markup, a template or a formula in a figure.

Plotly reads a subset of HTML in titles, ticks, annotations and hovers (``<b>``, ``<a href>``,
``<br>``), entities, ``$...$`` as TeX and ``%{...}`` in templates. So names pass through
:func:`plain` on their way into a figure, templates contain no names, and :func:`readable` is
the way back (SVG export, alternative texts).
"""

from __future__ import annotations

import html
import re

_SPACE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# Marks that turn the reading direction of everything behind them.
_DIRECTION = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SPECIAL = {"$": "&#36;", "%": "&#37;", "{": "&#123;", "}": "&#125;"}


def plain(name: str, longest: int = 60) -> str:
    """Return ``name`` as one line of text for a plotly figure, cut to ``longest`` characters.

    >>> plain("<b>CD3</b> & $x$")
    '&lt;b&gt;CD3&lt;/b&gt; &amp; &#36;x&#36;'
    """
    escaped = html.escape(one_line(name, longest), quote=False)
    return "".join(_SPECIAL.get(character, character) for character in escaped)


def one_line(name: str, longest: int = 60) -> str:
    """Return ``name`` without line breaks, control and direction marks, cut with an ellipsis."""
    line = _SPACE.sub(" ", _DIRECTION.sub("", name)).strip()
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def readable(figure_text: str) -> str:
    r"""Return the text of a figure as a reader sees it: our own line breaks and bold undone.

    >>> readable("<b>&lt;i&gt;CD3</b><br>n = 4")
    '<i>CD3\nn = 4'
    """
    lines = re.sub(r"<br\s*/?>", "\n", figure_text)
    return html.unescape(re.sub(r"</?(?:b|i|span|sub|sup)(?:\s[^<>]*)?>", "", lines))
