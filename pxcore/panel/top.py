"""Panels for the paper's comparison: the stain-free channels and the first m of a ranking.

``m`` counts stains. Which stains are the first is decided in every fold by itself, on cells that
do not judge the panel: so the way "take the first m" is what is judged, not one lucky panel.

Source: PXPermute, figure 5 (stain-free, stain-free with the leading stains, all). We differ: there
one ranking over all folds chose the stains of every fold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pxcore.errors import PanelError
from pxcore.panel.constraints import names_of, stains_of
from pxcore.types import Panel
from pxcore.types.panel import Constraints, Members


def check_top(panel: Panel, m: int, asked: Constraints, offered: Members) -> None:
    """Refuse a number of leading stains that no panel can have.

    Parameters
    ----------
    offered
        Channels that may be in a panel: those that took part, less the excluded.

    Raises
    ------
    PanelError
        For fewer than one, for more than there are, for fewer than must be kept, and for more than
        the largest number of stains asked for.
    """
    stains, kept = stains_of(panel, offered), stains_of(panel, asked.must_keep)
    most = len(stains) if asked.max_stains is None else min(len(stains), asked.max_stains)
    least = max(1, len(kept))
    if least <= m <= most:
        return
    there = "is 1 stain" if len(stains) == 1 else f"are {len(stains)} stains"
    why = f"there {there} to choose from"
    if m < len(kept):
        why = f"{names_of(panel, kept)} must be kept"
    elif asked.max_stains is not None and most < len(stains):
        why = f"at most {asked.max_stains} stains are allowed"
    wanted = f"a number from {least} to {most}" if least <= most else "no comparison"
    message = (
        f"the first {m} stains of a ranking were asked for, but {why}; expected {wanted}: compare "
        "the first few stains that fit, or change what is wanted of the panel"
    )
    raise PanelError(message)


def top_panel(
    values: Sequence[float], panel: Panel, m: int, asked: Constraints, offered: Members
) -> Members:
    """Return the stain-free channels, what must be kept, and the leading stains up to m of them.

    Parameters
    ----------
    values
        Of every channel in panel order, larger = more important. What has no value (NaN) comes
        last; of equals the first in panel order comes first.
    offered
        As for :func:`check_top`; its stain-free channels are in the panel.

    Examples
    --------
    >>> from pxcore.types import Channel
    >>> four = Panel(tuple(Channel(name=name) for name in "abcd"))
    >>> top_panel((0.1, 0.4, 0.2, 0.9), four, 2, Constraints(must_keep=(0,)), (0, 1, 2))
    (0, 1)
    """
    stains = stains_of(panel, offered)
    kept = stains_of(panel, asked.must_keep)

    def place(c: int) -> tuple[bool, float, int]:
        value = values[c]
        return (c not in kept, math.inf if math.isnan(value) else -value, c)

    chosen = sorted(stains, key=place)[:m]
    return tuple(sorted(c for c in offered if c in chosen or c not in stains))
