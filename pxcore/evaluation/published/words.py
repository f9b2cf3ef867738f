"""What the published folds allow to say about a panel, in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from pxcore.types import Panel, Ranking, Verdict


def sentence_of(panel: Panel, ranking: Ranking, empty: Sequence[str]) -> str:
    """Return the page's first sentence, from PXPermute's intervals."""
    by_rank = sorted(range(len(panel)), key=lambda c: ranking.rank[c])
    clear = [c for c in by_rank if ranking.verdict[c] is Verdict.INFORMATIVE]
    nothing = [c for c in by_rank if ranking.verdict[c] is Verdict.NEGLIGIBLE]
    others = [c for c in by_rank if c not in (*clear, *nothing) and panel.names[c] not in empty]
    yardstick = "what the empty channels reach" if empty else "zero"
    if clear:
        told = "; ".join(
            f"{panel.names[c]} {score(ranking.mean[c])} ({score(ranking.low[c])} to "
            f"{score(ranking.high[c])})"
            for c in clear
        )
        said = f"Five folds put {_listed([panel.names[c] for c in clear])} above {yardstick}"
        said = f"{said} (drop in F1 when permuted: {told})."
    else:
        said = f"Five folds put no channel above {yardstick}."
    if others:
        said += f" They leave {_listed([panel.names[c] for c in others])} undecided."
    if nothing:
        said += f" Below 0.01 F1: {_listed([panel.names[c] for c in nothing])}."
    return said


def score(value: float, digits: int = 3) -> str:
    r"""Return a number for people; what rounds to 0 has no sign.

    >>> score(-0.0004), score(-0.0185, 4)
    ('0.000', '−0.0185')
    """
    text = f"{abs(value):.{digits}f}"
    return f"\N{MINUS SIGN}{text}" if value < 0 and float(text) else text


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
