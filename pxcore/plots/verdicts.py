"""Verdicts in words that say no more than was measured: against decoys, or else against zero."""

from __future__ import annotations

from pxcore.types import Panel, Ranking, Role, Verdict

SMALL = 0.01
"""The smallest drop in F1 that matters. Our choice: nothing in the data sets it."""
WORDS = {
    Verdict.INFORMATIVE: "above zero",
    Verdict.UNDECIDED: "undecided",
    Verdict.NEGLIGIBLE: f"below {SMALL} F1",
}
"""What people read of a run without decoys; files keep the values of ``Verdict``."""
AGAINST_DECOYS = WORDS | {Verdict.INFORMATIVE: "informative"}
"""What people read of a run with decoys."""
MEANING = {
    Verdict.INFORMATIVE: "The whole interval lies above zero: the models do worse without it.",
    Verdict.UNDECIDED: "The interval is too wide for a verdict: this run cannot tell.",
    Verdict.NEGLIGIBLE: f"The whole interval lies below {SMALL} F1, our choice of the smallest "
    "drop that matters.",
}
"""Of a run without decoys."""
MEANING_AGAINST_DECOYS = MEANING | {
    Verdict.INFORMATIVE: "The whole interval lies above all that channels without any knowledge "
    "(the decoys) reach."
}


def words_of(ranking: Ranking) -> dict[Verdict, str]:
    """Return the verdicts of a ranking in words: "informative" is said against decoys only."""
    return WORDS if ranking.decoy_bound is None else AGAINST_DECOYS


def meaning_of(ranking: Ranking) -> dict[Verdict, str]:
    """Return what each verdict of a ranking means, in one sentence."""
    return MEANING if ranking.decoy_bound is None else MEANING_AGAINST_DECOYS


def yardstick(panel: Panel, unit: str) -> str:
    """Return in one line what the verdicts under a ranking were measured against."""
    decoys = any(channel.role is Role.DECOY for channel in panel.channels)
    own = f"{SMALL} F1 is our choice of the smallest drop that matters"
    if "F1" not in unit:
        if decoys:
            return f"Informative: above all decoys. Zero means nothing for values in {unit}."
        return f"No verdicts: zero means nothing for values in {unit}."
    if decoys:
        return f"Informative: above all decoys; the band shows how far they reach. {own}."
    return f"No decoys in this run: zero is the yardstick. {own}."
