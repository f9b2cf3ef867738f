"""What the screen says a stain is worth, where too few panels without it were trained again."""

from __future__ import annotations

import numpy as np

from pxcore.panel.constraints import stains_of
from pxcore.panel.descent import PanelEvidence
from pxcore.panel.search import row_of, rows_by_size
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
    most, own = len(stains_of(panel, members)), row_of(screen, members)
    rows = rows_by_size(screen, panel, asked)
    others = [row for size, of in rows.items() if size <= most for row in of]
    others = [row for row in others if not screen.sets[row, channel]]
    if own is None or not others:
        return None
    best = others[int(np.argmax(screen.valid_f1[:, others].mean(axis=0)))]
    change = screen.valid_f1[:, best] - screen.valid_f1[:, own]  # (J,)
    return None if np.isnan(change).any() else evidence.sizes.interval(change)
