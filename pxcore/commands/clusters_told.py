"""A finished clustering at a terminal."""

from __future__ import annotations

from rich.table import Table

from pxcore.commands.terminal import OUT, text
from pxcore.plots.unlabelled_words import NEITHER, leaders_words, mask_said
from pxcore.types.unlabelled_views import ClusterResult


def tell(found: ClusterResult) -> None:
    """Print clusters, the verdict on them, and what they are beside known classes."""
    table = Table("cluster", "cells", "found again", *(["class"] if found.against else []))
    for k, (size, again) in enumerate(zip(found.sizes, found.trust.per_cluster, strict=True)):
        known = [_class_of(found, k)] if found.against else []
        table.add_row(str(k + 1), str(size), f"{again:.2f}", *known)
    OUT.print(table)
    OUT.print(text(f"verdict: {found.trust.verdict}"))
    for said in found.trust.said:
        OUT.print(text(f"- {said}"))
    if found.bic:
        curve = ", ".join(f"{k}: {value:.0f}" for k, value in found.bic)
        OUT.print(text(f"BIC by number of clusters: {curve}"))
    if (match := found.against) is not None:
        OUT.print(
            text(
                f"against known classes: balanced accuracy {match.balanced_accuracy:.2f}, F1 "
                f"{match.f1:.2f}, adjusted Rand index {match.ari:.2f}"
            )
        )
    if found.counterpart:
        pairs = (f"{k + 1}: {other + 1}" for k, other in enumerate(found.counterpart) if other >= 0)
        said = "clusters of the encoder's own run that most cells of each would be in"
        OUT.print(text(f"{said}: {', '.join(pairs)}"))
    _rankings(found)
    if found.calls is not None:
        OUT.print(text(found.calls.said))
    if checked := mask_said(found):
        OUT.print(text(" ".join(checked)))


def _rankings(found: ClusterResult) -> None:
    """Print the channels by rank, and how far to rely on that."""
    for ranking in found.rankings:
        order = sorted(range(len(ranking.channels)), key=lambda c: ranking.rank[c])
        listed = ", ".join(
            f"{ranking.channels[c]} {ranking.value[c]:.2f} ({ranking.low[c]:.2f} to "
            f"{ranking.high[c]:.2f})"
            for c in order
        )
        OUT.print(text(f"{ranking.method}: {listed}"))
        if ranking.warning:
            OUT.print(text(f"- {ranking.warning}"))
    if leaders := leaders_words(found.rankings):
        OUT.print(text(f"- {leaders}"))
    if found.rankings and found.trust.verdict != "stable":
        OUT.print(text(f"- {NEITHER}"))


def _class_of(found: ClusterResult, cluster: int) -> str:
    """Return the class that a cluster goes with."""
    match = found.against
    at = match.counterpart[cluster] if match is not None else -1
    return match.classes[at] if match is not None and at >= 0 else "none"
