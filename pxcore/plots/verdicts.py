"""Verdicts in words that say no more than was measured: against zero, not against decoys."""

from __future__ import annotations

from pxcore.types import Panel, Role, Verdict

SMALL = 0.01
"""The smallest drop in F1 that matters. Our choice: nothing in the data sets it."""
WORDS = {
    Verdict.INFORMATIVE: "above zero",
    Verdict.UNDECIDED: "undecided",
    Verdict.NEGLIGIBLE: f"below {SMALL} F1",
}
"""What people read; files keep the values of ``Verdict``."""
MEANING = {
    Verdict.INFORMATIVE: "The whole interval lies above zero: the models do worse without it.",
    Verdict.UNDECIDED: "The interval is too wide for a verdict: this run cannot tell.",
    Verdict.NEGLIGIBLE: f"The whole interval lies below {SMALL} F1, our choice of the smallest "
    "drop that matters.",
}


def yardstick(panel: Panel, unit: str) -> str:
    """Return in one line what the verdicts under a ranking were measured against."""
    if "F1" not in unit:
        return f"No verdicts: zero means nothing for values in {unit}."
    own = f"{SMALL} F1 is our choice of the smallest drop that matters"
    if any(channel.role is Role.DECOY for channel in panel.channels):
        return f"Verdicts compare with zero; the band shows how far the decoys reach. {own}."
    return f"No decoys in this run: zero is the yardstick. {own}."
