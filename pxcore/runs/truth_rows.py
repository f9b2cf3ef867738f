"""How rankings stand to what is known of the channels, as table rows and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator

from pxcore.evaluation.against_truth import against_truth
from pxcore.runs.evidence_rows import Json, Row, number
from pxcore.types import RunResult
from pxcore.types.truth import AgainstTruth


def truth_rows(found: RunResult) -> Iterator[Row]:
    """Yield one row a method and measure: Recall@K of planted channels, or agreement with means.

    For means also one row a channel: how far the classes' mean intensities lie apart.
    """
    for method, stands in _stands(found):
        for place, (k, share) in enumerate(stands.recall):
            row: Row = {"method": method, "measure": f"recall@{k}", "channel": "", "value": share}
            yield row | {
                f"training_{j + 1}": one[place] for j, one in enumerate(stands.fold_recall)
            }
        if stands.recall:
            continue
        rho = math.nan if stands.spearman is None else stands.spearman
        yield {"method": method, "measure": "spearman", "channel": "", "value": rho}
        for c in stands.shared:
            shared = f"shared of the {stands.top} first"
            name = found.panel.names[c]
            yield {"method": method, "measure": shared, "channel": name, "value": 1}
    if found.truth is not None:
        for name, value in zip(found.panel.names, found.truth.spread, strict=False):
            yield {"method": "", "measure": "spread of means", "channel": name, "value": value}


def truth_json(found: RunResult) -> Json | None:
    """Return what is known and how each method stands to it; None where nothing is known."""
    if found.truth is None:
        return None
    names = found.panel.names
    return {
        "kind": found.truth.kind,
        "informative": [names[c] for c in found.truth.informative],
        "spread": [number(value) for value in found.truth.spread],
        "inside": found.truth.inside,
        "single": found.truth.single,
        "methods": {
            method: {
                "recall": {str(k): share for k, share in stands.recall},
                "spearman": number(stands.spearman),
                "shared": [names[c] for c in stands.shared],
                "top": stands.top,
            }
            for method, stands in _stands(found)
        },
    }


def _stands(found: RunResult) -> Iterator[tuple[str, AgainstTruth]]:
    if found.truth is not None:
        for method in found.methods:
            yield method.method, against_truth(method, found.truth, len(found.source_channels))
