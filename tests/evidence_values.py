"""A made-up result with decoys and everything that is told beside a ranking."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import tests.example_values as ex
from pxcore.types import (
    Channel,
    ChannelGroup,
    ChannelPair,
    Gate,
    GateReport,
    Leakage,
    LeftOut,
    MethodResult,
    Panel,
    Redundancy,
    Role,
    RunResult,
    Where,
    WhereOrHowMuch,
)

DECOYS = (
    Channel(name="decoy: empty", role=Role.DECOY),
    Channel(name="decoy: foreign cell", role=Role.DECOY),
)
MEAN = (*ex.MEAN, 0.0, 0.002)
SPREAD = (*ex.SPREAD, 0.005, 0.018)
BOUND = 0.02
"""The larger upper end of both decoys."""


def panel(real: Panel = ex.PANEL) -> Panel:
    return Panel((*real.channels, *DECOYS))


def method(id: str = "pxpermute", unit: str = "drop in F1") -> MethodResult:
    """Return a ranking of four channels and two decoys, with a small class."""
    one = ex.method(MEAN, SPREAD, id)
    ranking = replace(one.ranking, decoy_bound=BOUND, small_classes=(2,))
    if "F1" not in unit:
        ranking = replace(ranking, probability=())
    return replace(one, ranking=ranking, importance=replace(one.importance, unit=unit))


def where() -> WhereOrHowMuch:
    totals = [ex.interval(m, s) for m, s in zip(MEAN, SPREAD, strict=True)]
    place = [
        ex.interval(m * share, 0.01) for m, share in zip(MEAN, (0.8, 0.1, 0, 0, 0, 0), strict=True)
    ]
    amount = [ex.interval(t.mean - p.mean, 0.02) for t, p in zip(totals, place, strict=True)]
    verdicts = (Where.PLACE, Where.AMOUNT, Where.NOT_INFORMATIVE, Where.UNDECIDED)
    return WhereOrHowMuch(
        total=tuple(totals),
        place=tuple(place),
        amount=tuple(amount),
        verdict=(*verdicts, Where.NOT_INFORMATIVE, Where.NOT_INFORMATIVE),
        notes=("Outlines come with the cells.",),
    )


def redundancy() -> Redundancy:
    features = np.eye(6) * 0.5 + 0.1
    features[1, 3] = features[3, 1] = 0.91
    drops = np.full((6, 6), 0.05)
    drops[0, 5] = drops[5, 0] = np.nan
    group = ChannelGroup(
        channels=(1, 3),
        joint=ex.interval(0.7, 0.05),
        alone=(ex.interval(0.04, 0.02), ex.interval(0.01, 0.02)),
        extra=ex.interval(0.65, 0.05),
        interchangeable=True,
        keep_order=(3, 1),
    )
    pairs = (
        ChannelPair(
            first=1, second=3, joint=ex.interval(0.7, 0.05), interaction=ex.interval(0.65, 0.05)
        ),
        ChannelPair(
            first=0, second=1, joint=ex.interval(0.2, 0.05), interaction=ex.interval(-0.3, 0.1)
        ),
        ChannelPair(
            first=0, second=2, joint=ex.interval(0.2, 0.05), interaction=ex.interval(0.01, 0.1)
        ),
    )
    return Redundancy(
        features=features,
        drops=drops,
        threshold=0.7,
        groups=(group,),
        pairs=pairs,
        notes=("6 pairs were measured.",),
    )


def gates(*, failing: bool = True) -> tuple[GateReport, ...]:
    """Return reports of two methods; the second fails one check."""
    good = Gate(id="constant_channel", passed=True, value=0.0, bound=0.01, said="It scored 0.000.")
    bad = Gate(
        id="random_weights",
        passed=not failing,
        value=0.93,
        bound=0.5,
        said="Random weights keep the ranking: Spearman 0.93, at most 0.50.",
    )
    return (
        GateReport(method="pxpermute", gates=(good,), trainings=3),
        GateReport(method="occlusion", gates=(good, bad), trainings=3),
    )


def leakage(gap: float = 0.08) -> Leakage:
    return Leakage(
        by_donor=ex.interval(0.8, 0.03), by_cell=ex.interval(0.8 + gap, 0.02),
        gap=ex.interval(gap, 0.03),
    )  # fmt: skip


def left_out() -> tuple[LeftOut, ...]:
    return (
        LeftOut(channels=(1,), f1_macro=ex.interval(0.82, 0.02), drop=ex.interval(0.0, 0.005)),
        LeftOut(channels=(1, 3), f1_macro=ex.interval(0.4, 0.05), drop=ex.interval(0.42, 0.05)),
    )


def result(real: Panel = ex.PANEL, classes: tuple[str, ...] = ex.CLASSES) -> RunResult:
    """Return a finished run with everything there is."""
    base = ex.result(real, classes)
    return replace(
        base,
        panel=panel(real),
        spec=replace(base.spec, decoys=("decoy_empty", "decoy_foreign")),
        methods=(method(), method("occlusion"), method("lrp", "relevance")),
        where=where(),
        redundancy=redundancy(),
        gates=gates(),
        leakage=leakage(),
        left_out=left_out(),
    )
