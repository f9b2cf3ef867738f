"""What a clustering allows to say, in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pxcore.clustering.chance import ChanceStability
from pxcore.clustering.clusters import Clustering
from pxcore.clustering.nuisance import NuisanceReport
from pxcore.clustering.params import FEW
from pxcore.clustering.stability import ClusterStability

RULED = 0.5
"""Of the way from guessing to certainty: from here on nuisance rules the clusters."""
ABOVE = 0.25
"""Of the way from the best draw of cells without clusters to perfect agreement: seeds must agree by
so much. Perfect agreement is never chance, however well a cloud can be parted."""
UNSTABLE = 0.6
"""Mean agreement of seeds below which clusters do not come again."""
SMALL = 30
"""Cells below which a cluster is told as small."""
_LOOSE = 0.6
"""Overlap with itself over seeds below which a cluster does not come again (Hennig 2007)."""


def open_advice(*, may_centre: bool, may_whiten: bool) -> str:
    """Return what can still be tried against clusters by place and size.

    >>> open_advice(may_centre=False, may_whiten=True)
    'Use whitened codes'
    """
    open_ = ["centre the cells by their masks"] * may_centre + ["use whitened codes"] * may_whiten
    said = ", or ".join(open_) or "choose other channels, or cells cut out more evenly"
    return f"{said[0].upper()}{said[1:]}"


class ClusterVerdict(StrEnum):
    """How far clusters can be trusted without knowing any class."""

    CHANCE = "chance"
    """No better than parting cells that have no clusters."""
    NUISANCE = "nuisance"
    """Told apart by where cells lie or how large they are."""
    UNSTABLE = "unstable"
    """Other seeds give other clusters."""
    STABLE = "stable"
    """They come again and are not nuisance. What they mean is for an expert to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A verdict with its reasons."""

    verdict: ClusterVerdict
    said: tuple[str, ...]
    """Plain sentences, the one that decides first."""


def judge(
    clustering: Clustering,
    sizes: tuple[int, ...],
    found: ClusterStability,
    by_chance: ChanceStability,
    nuisance: NuisanceReport | None = None,
    *,
    may_centre: bool = False,
) -> Judged:
    """Return what the clusters are worth.

    Parameters
    ----------
    sizes
        Cells of each cluster.
    found, by_chance
        Stability of the clusters, and of as many clusters in codes that have none.
    nuisance
        None where place and size of cells are not known.
    may_centre
        The cells have outlines and were not moved to the middle by them.
    """
    advice = open_advice(may_centre=may_centre, may_whiten=clustering.variant != "whitened")
    verdict, reasons = _decided(clustering, (found, by_chance), nuisance, advice)
    return Judged(verdict=verdict, said=(*reasons, *_warnings(sizes, found)))


def _decided(
    clustering: Clustering,
    stabilities: tuple[ClusterStability, ChanceStability],
    nuisance: NuisanceReport | None,
    advice: str,
) -> tuple[ClusterVerdict, tuple[str, ...]]:
    """Return the first verdict that holds, with its reasons."""
    found, by_chance = stabilities
    seeds = (
        f"seeds agree by {found.mean:.2f} (adjusted Rand index; 1 = always the same); cells "
        f"drawn without clusters, of one Gaussian or as skewed as these, give up to "
        f"{by_chance.most:.2f}"
    )
    if clustering.n_clusters < 2:
        said = (
            (
                "one cluster describes these codes best: no groups of cells were found. Ask for a "
                "number of clusters to part them all the same, or choose other channels"
            )
            if len(clustering.bic) > 1
            else "nothing but one cluster was tried, so nothing is known of groups of cells. Ask "
            "for at least 2 clusters, or have the number found"
        )
        return ClusterVerdict.CHANCE, (said,)
    if found.mean < by_chance.most + ABOVE * (1.0 - by_chance.most):
        said = (
            f"the clusters are no better than chance: {seeds}. Do not rank channels on them: train "
            "the autoencoder longer, or choose other channels"
        )
        return ClusterVerdict.CHANCE, (said,)
    place = (
        ""
        if nuisance is None
        else (
            "place and size alone tell the clusters apart with a balanced accuracy of "
            f"{nuisance.together:.2f} (guessing: {nuisance.guess:.2f})"
        )
    )
    if nuisance is not None and nuisance.share >= RULED:
        said = (
            f"the clusters are ruled by where cells lie or how large they are: {place}, "
            f"{nuisance.first} most. {advice}"
        )
        return ClusterVerdict.NUISANCE, (said, seeds)
    if found.mean < UNSTABLE:
        said = f"other seeds give other clusters: {seeds}. Try fewer clusters"
        return ClusterVerdict.UNSTABLE, (said,)
    return ClusterVerdict.STABLE, (f"the clusters come again: {seeds}", *([place] if place else []))


def _warnings(sizes: tuple[int, ...], found: ClusterStability) -> tuple[str, ...]:
    """Return what to be careful about whatever the verdict is."""
    said = []
    if sum(sizes) < FEW:
        said.append(
            f"{sum(sizes)} cells are too few for firm conclusions; at least {FEW} are expected"
        )
    small = [f"{k + 1} ({n})" for k, n in enumerate(sizes) if n < SMALL]
    if small:
        said.append(f"clusters with fewer than {SMALL} cells: {', '.join(small)}")
    loose = [str(k + 1) for k, value in enumerate(found.per_cluster) if value < _LOOSE]
    if loose and len(sizes) > 1:
        said.append(f"clusters that seeds do not find again: {', '.join(loose)}")
    return tuple(said)
