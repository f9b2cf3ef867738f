"""Worlds of panels with a known answer, and how an advice on them is read."""

from __future__ import annotations

from pxcore.panel.advice import PanelEvidence
from pxcore.panel.constraints import stains_of
from pxcore.types import Panel
from pxcore.types.panel import ChannelAdvice, Constraints, Members, PanelAdvice
from tests.panel.made_trials import evidence_of, panel

PANEL = panel(5)
FULL = (0, 1, 2, 3, 4, 5)
FREE = Constraints()


def planted(members: Members) -> float:
    """S0 counts; S1 and S2 are copies; S3 and S4 only help together."""
    return 0.5 + 0.2 * (1 in members) + 0.1 * bool({2, 3} & {*members}) + 0.1 * pair(members)


def no_copy(members: Members) -> float:
    return 0.5 + 0.2 * (1 in members) + 0.1 * (2 in members) + 0.1 * pair(members)


def pair(members: Members) -> bool:
    return {4, 5} <= {*members}


def evidence(worth: object = no_copy, panel: Panel = PANEL) -> PanelEvidence:
    return evidence_of(panel, worth)  # type: ignore[arg-type]


def says(advice: PanelAdvice, channel: int) -> ChannelAdvice:
    return next(one for one in advice.channels if one.channel == channel)


def size(advice: PanelAdvice, of: Panel = PANEL) -> int:
    assert advice.recommended is not None
    return len(stains_of(of, advice.recommended.members))
