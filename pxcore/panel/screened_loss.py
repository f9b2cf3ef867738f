"""What the screen says a stain is worth, where too few panels without it were trained again."""

from __future__ import annotations

import numpy as np

from pxcore.panel.constraints import fitting, stains_of
from pxcore.panel.descent import PanelEvidence
from pxcore.types import Interval
from pxcore.types.panel import Constraints, Members


def screened_loss(
    evidence: PanelEvidence, asked: Constraints, members: Members, channel: int
) -> Interval | None:
    """Return screened F1 of the best panel without a channel less that of ``members``.

    The best within the constraints, of up to as many stains; on validation cells, paired fold by
    fold. None without a screen, and where either was not looked at.
    """
    screen, panel = evidence.screen, evidence.panel
    if screen is None:
        return None
    n_real = min(screen.sets.shape[1], len(panel))
    stains = list(stains_of(panel, range(n_real)))
    own = np.zeros(screen.sets.shape[1], dtype=bool)
    own[list(members)] = True
    rows = np.flatnonzero((screen.sets == own).all(axis=1))
    others = np.flatnonzero(
        fitting(panel, asked, screen.sets)
        & ~screen.sets[:, channel]
        & (screen.sets[:, stains].sum(axis=1) <= len(stains_of(panel, members)))
    )
    if not len(rows) or not len(others):
        return None
    best = others[np.argmax(screen.valid_f1[:, others].mean(axis=0))]
    change = screen.valid_f1[:, best] - screen.valid_f1[:, rows[0]]  # (J,)
    return None if np.isnan(change).any() else evidence.sizes.interval(change)
