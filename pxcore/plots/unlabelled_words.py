"""What a clustering says, in sentences: whether to trust it first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pxcore.clustering.params import FEW, LEAST_CLUSTERS, most_clusters
from pxcore.plots.numbers import count, listed, score
from pxcore.plots.text import one_line
from pxcore.types.unlabelled_views import ClassMatch, ClusterRanking, ClusterResult, MaskFold

LOST = 0.05
"""1 - F1 above which a channel's loss is told as one that the clusters rest on."""
APART = 0.1
"""Balanced accuracy above the control from which on masks are said to tell clusters apart."""
NEITHER = "As the clusters are not to be relied on, neither is this."
_ANSWERS = {
    "stable": "{k} that come again with other seeds, and that place and size do not explain. What "
    "they mean is for you to say: look at their cells.",
    "unstable": "Do not rely on these {k}: other seeds give other clusters.",
    "nuisance": "Do not rely on these {k}: they follow where cells lie or how large they are, "
    "rather than kinds of cells.",
    "chance": "Do not rely on these {k}: they are no better than chance.",
}


def answer(result: ClusterResult) -> str:
    """Return whether the clusters can be trusted, in a sentence or two."""
    k = len(result.sizes)
    if k < 2 and len(result.bic) < 2:
        said = "Nothing but one cluster was tried, so nothing is known of groups of cells."
    elif k < 2:
        said = "No groups of cells were found: one cluster describes them best."
    else:
        said = _ANSWERS[result.trust.verdict].format(k=count(k, "cluster"))
    n = len(result.cells)
    if n < FEW:
        said += f" {count(n, 'cell')} are too few for firm conclusions (at least {FEW})."
    return said


def reasons(result: ClusterResult) -> tuple[str, ...]:
    """Return what the verdict rests on, and further warnings, each a sentence."""
    answered = "too few for firm conclusions"
    said = tuple(
        f"{said[:1].upper()}{said[1:].rstrip('.')}."
        for said in result.trust.said
        if answered not in said
    )
    if result.against is None or len(result.sizes) < 2:
        return said
    return (*said, match_words(result.against))


def match_words(match: ClassMatch) -> str:
    """Return how far the clusters are the known classes, which they never saw."""
    guess = 1.0 / max(len(match.classes), 1)
    return (
        f"Held against the known classes, which were not used, they reach a balanced accuracy of "
        f"{score(match.balanced_accuracy)} (guessing: {guess:.2f}; adjusted Rand index "
        f"{score(match.ari)}; n = {match.n_cells:,})."
    )


def centred_words(result: ClusterResult) -> str:
    """Return whether cells were moved to the middle, and what that means."""
    if result.centred:
        return "Each cell was moved to the middle of its frame by its outline."
    if result.dataset.has_masks:
        return "Cells were left where they lie in their frames, so clusters may follow their place."
    return (
        "These cells have no outlines, so they were left where they lie in their frames: clusters "
        "may follow their place."
    )


def ranking_words(ranking: ClusterRanking, *, doubtful: bool) -> str:
    """Return which channels the clusters rest on. ``doubtful``: they are not to be relied on."""
    order = sorted(range(len(ranking.channels)), key=lambda c: (ranking.rank[c], c))
    sure = [c for c in order if ranking.low[c] > 0 and ranking.value[c] >= LOST]
    if not sure:
        return "No channel by itself carries the clusters: without any one they are found again."
    told = [f"{one_line(ranking.channels[c], 40)} ({score(ranking.value[c])})" for c in sure[:4]]
    more = len(sure) - 4
    names = listed([*told, *([f"{more} more"] if more > 0 else [])])
    said = f"The clusters rest on {names}; in brackets 1 − F1 of the clusters without the channel."
    if doubtful:
        said += f" {NEITHER}"
    return said


def leaders_words(rankings: Sequence[ClusterRanking]) -> str:
    """Return that rankings name different leaders, and which; empty where they agree."""
    first = {
        one.method: one.channels[min(range(len(one.channels)), key=lambda c: (one.rank[c], c))]
        for one in rankings
    }
    if len(set(first.values())) < 2:
        return ""
    named = listed([f"{one_line(channel, 40)} by {method}" for method, channel in first.items()])
    return f"The rankings name different leaders: {named}."


def number_label(n_cells: int) -> str:
    """Return the label of a number of clusters, with what can be asked of so many cells.

    >>> number_label(12)
    'Clusters (2 to 10)'
    """
    return f"Clusters ({LEAST_CLUSTERS} to {max(LEAST_CLUSTERS, most_clusters(n_cells))})"


def ran(result: ClusterResult) -> tuple[tuple[str, str], ...]:
    """Return what exactly ran and what its verdict was measured by, name and value."""
    trust = result.trust
    told = [
        *result.details,
        ("Agreement of seeds (adjusted Rand index)", f"{trust.agreement:.3f}"),
        ("The most that cells drawn without clusters give", f"{trust.by_chance:.3f}"),
        *((f"Told by {name} alone (balanced accuracy)", f"{v:.3f}") for name, v in trust.nuisance),
    ]
    if trust.nuisance_together is not None:
        said = f"{trust.nuisance_together:.3f}, guessing {trust.guess:.3f}"
        told.append(("Told by place and size together", said))
    return tuple(told)


def gathered_words(result: ClusterResult, positions: Sequence[int]) -> str:
    """Return what the chosen cells are: so many of which cluster and of which known class."""
    rows = np.flatnonzero(np.isin(result.cells, positions))
    clusters = _counted(result.cluster[rows].tolist(), "cluster")
    said = f"{count(len(rows), 'cell')} chosen: {clusters}"
    known = [int(k) for k in result.labels[rows] if k >= 0]
    if known:
        names = [one_line(result.dataset.classes[k], 40) for k in known]
        kinds = sorted(set(names), key=lambda name: -names.count(name))
        said += "; known classes: " + ", ".join(f"{name} {names.count(name):,}" for name in kinds)
    return f"{said}."


def mask_words(folds: Sequence[MaskFold], control: Sequence[MaskFold]) -> str:
    """Return whether masks alone tell the clusters apart."""
    found = float(np.mean([fold.balanced_accuracy for fold in folds]))
    dealt = float(np.mean([fold.balanced_accuracy for fold in control])) if control else 0.0
    verdict = "tell" if found - dealt >= APART else "were not shown to tell"
    return (
        "Masks drawn the same way for all clusters, of networks that never saw the cell, "
        f"{verdict} the clusters apart: balanced accuracy {score(found)} over "
        f"{count(len(folds), 'fold')}, against {score(dealt)} with clusters dealt at random."
    )


def mask_said(result: ClusterResult) -> tuple[str, ...]:
    """Return what the mask check found, and how cells were dealt for it; () where none was made."""
    if not result.mask_folds:
        return ()
    found = mask_words(result.mask_folds, result.mask_control)
    return (found, result.mask_dealt) if result.mask_dealt else (found,)


def _counted(numbers: Sequence[int], word: str) -> str:
    """Return ``cluster 1: 30, cluster 2: 7``, the most frequent first."""
    kinds = sorted(set(numbers), key=lambda k: (-numbers.count(k), k))
    return ", ".join(f"{word} {k + 1}: {numbers.count(k):,}" for k in kinds)
