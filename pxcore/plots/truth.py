"""How rankings stand to what is known of the channels: in sentences, and as a table."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from pxcore.evaluation.against_truth import against_truth
from pxcore.plots.numbers import count, listed, score
from pxcore.plots.tell_apart import why_no_ranking
from pxcore.plots.text import one_line
from pxcore.types import MethodResult, RunResult
from pxcore.types.truth import AgainstTruth, ChannelTruth, TruthKind

Stands = tuple[str, AgainstTruth]
"""A ranking's name, and how it stands to the truth."""
PLANTED = (
    "Recall@K, in percent: the share of the planted channels that stand among the K first. Equal "
    "scores share their places."
)
MEANS = (
    "This is no proof: mean intensities know nothing of where a protein lies, nor of proteins that "
    "tell something only together, so a sound ranking may well differ from them. A ranking that "
    "has nothing to do with them at all deserves a second look."
)


def of_run(result: RunResult) -> tuple[Stands, ...]:
    """Return each method's label and how it stands to the truth; empty where none is known."""
    return tuple(
        (method.label, found)
        for method in result.methods
        if (found := of_method(result, method)) is not None
    )


def of_method(result: RunResult, method: MethodResult) -> AgainstTruth | None:
    """Return how a method's ranking stands to the truth; None where none is known."""
    if result.truth is None:
        return None
    return against_truth(method, result.truth, len(result.source_channels))


def truth_sentence(result: RunResult, method: MethodResult) -> str:
    """Return what a ranking found of what is known, and how to read it; empty where nothing is."""
    said = truth_found(result, method)
    return f"{said} {how_to_read(result)}" if said else ""


def how_to_read(result: RunResult) -> str:
    """Return what must be known of figures against the truth of a run, the same for all methods."""
    if result.truth is None:
        return ""
    return PLANTED if result.truth.kind == "planted" else MEANS


def truth_found(result: RunResult, method: MethodResult) -> str:
    """Return what a ranking found of what is known, alone; empty where nothing is known."""
    found, truth = of_method(result, method), result.truth
    if found is None or truth is None:
        return ""
    label = one_line(method.label)
    if why := why_no_ranking(result.behind(method), method):
        return f"How {label} stands to what is known says nothing yet: {why}."
    if truth.kind == "planted":
        n = len(truth.informative)
        k, share = found.recall[0]
        planted = count(n, "planted channel")
        which = f"all {planted}" if share == 1.0 else f"{share * n:.3g} of the {planted}"
        said = f"{label} puts {which} among the first {k}"
        all_by = next((place for place, reached in found.recall if reached == 1.0), None)
        if all_by is None:
            last, reached = found.recall[-1]
            return f"{said}, and {reached * n:.3g} among the first {last}."
        return f"{said}{'' if all_by == k else f', and all among the first {all_by}'}."
    names = [one_line(result.panel.names[c]) for c in found.shared]
    where = _where(truth)
    agrees = "has no order to compare"
    if found.spearman is not None:
        rho = score(found.spearman, signed=True)
        agrees = f"goes with them by {rho} (Spearman's ρ; 1 the same order, 0 none)"
    shared = f": {listed(names)}" if names else ""
    return (
        f"How far the classes' mean intensities ({where}) lie apart says without any network which "
        f"channels differ. {label} {agrees}; {len(names)} of its {found.top} first channels are "
        f"among the {found.top} first of the means too{shared}."
    )


def truth_table(rows: Sequence[Stands]) -> pd.DataFrame:
    """Return one row a ranking: Recall@K in percent, or Spearman's ρ and shared first channels."""
    return pd.DataFrame([{"ranking": name, **_measures(found)} for name, found in rows])


def kinds(
    rows: Sequence[Stands],
) -> dict[TruthKind, list[tuple[str, AgainstTruth]]]:
    """Return rankings by what they are held against."""
    parted: dict[TruthKind, list[Stands]] = {}
    for name, found in rows:
        parted.setdefault("planted" if found.recall else "means", []).append((name, found))
    return parted


def _where(truth: ChannelTruth) -> str:
    """Return what the means are of."""
    if truth.single:
        return "over single cells, each inside its outline and counted once"
    if truth.inside:
        return "inside the outlines, each stored image counted once"
    return "of whole images, as no outlines are known"


def _measures(found: AgainstTruth) -> dict[str, float | str]:
    if found.recall:
        return {f"Recall@{k}": round(100 * share, 1) for k, share in found.recall}
    rho = float("nan") if found.spearman is None else round(found.spearman, 3)
    return {"Spearman's ρ": rho, f"shared of the {found.top} first": len(found.shared)}
