"""Verdicts in words that say no more than was measured: against decoys, or else against zero."""

from __future__ import annotations

from pxcore.types import Panel, Role, Verdict

SMALL = 0.01
"""The smallest drop in F1 that matters. Our choice: nothing in the data sets it."""
WORDS = {
    Verdict.INFORMATIVE: "informative",
    Verdict.UNDECIDED: "undecided",
    Verdict.NEGLIGIBLE: "negligible",
}
"""What people read, everywhere; what it was measured against is told beside it once."""
MEANING = {
    Verdict.INFORMATIVE: "The whole interval lies above zero: the models do worse without it.",
    Verdict.UNDECIDED: "The interval is too wide for a verdict: this run cannot tell.",
    Verdict.NEGLIGIBLE: f"The whole interval lies below {SMALL} F1, our choice of the smallest "
    "drop that matters.",
}
"""Of a run without decoys."""


def yardstick(panel: Panel, unit: str) -> str:
    """Return in one line what the verdicts under a ranking were measured against."""
    decoys = any(channel.role is Role.DECOY for channel in panel.channels)
    own = (
        f"Negligible: the whole interval lies below {SMALL} F1, our choice of the smallest drop "
        "that matters. Undecided: neither."
    )
    if "F1" not in unit:
        if decoys:
            return (
                "Informative: the whole interval lies above all decoys. Undecided: it does not. "
                f"Zero means nothing for values in {unit}."
            )
        return f"All undecided: zero means nothing for values in {unit}, and there are no decoys."
    if decoys:
        return (
            "Informative: the whole interval lies above all decoys; the band shows how far they "
            f"reach. {own}"
        )
    return (
        "Informative: the whole interval lies above zero, as this run has no decoys to compare "
        f"with. {own}"
    )
