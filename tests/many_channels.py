"""A made-up run of 40 or 100 channels: proteins, a stain-free channel, two decoys."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import tests.example_values as ex
from pxcore.types import (
    Channel,
    ChannelGroup,
    MethodResult,
    Panel,
    Redundancy,
    Role,
    RunResult,
    Where,
    WhereOrHowMuch,
)

FIRST, SECOND = "CK8/18", "Ki-67"
"""The two proteins that every method ranks first."""


def panel(n: int) -> Panel:
    """Return ``n`` channels, decoys last."""
    named = {0: Channel(name="Brightfield", role=Role.BRIGHTFIELD), n // 2: Channel(name=SECOND)}
    named[n - 5] = Channel(name="Marked", marker=FIRST)
    named[n - 2] = Channel(name="Empty", role=Role.DECOY)
    named[n - 1] = Channel(name="Foreign", role=Role.DECOY)
    return Panel(tuple(named.get(c, Channel(name=f"Protein {c:03d}")) for c in range(n)))


def method(n: int, name: str, seed: int) -> MethodResult:
    """Return a ranking in which two channels stand out."""
    generator = np.random.default_rng(seed)
    mean = np.abs(generator.normal(0, 0.01, n))
    mean[n - 5], mean[n // 2] = 0.4, 0.3
    mean[n - 2 :] = 0.001
    return ex.method(tuple(mean.tolist()), (0.004,) * n, name)


def result(n: int) -> RunResult:
    """Return a finished run of two methods with all that can stand beside a ranking."""
    whole = panel(n)
    real = Panel(whole.channels[:-2])
    made = ex.result(whole)
    values = tuple(ex.interval(0.01 * (c % 7), 0.01) for c in range(n))
    features = np.eye(n)
    features[1, 2] = features[2, 1] = 0.9
    group = ChannelGroup(
        channels=(1, 2),
        joint=values[1],
        alone=values[1:3],
        extra=values[1],
        interchangeable=True,
        keep_order=(1, 2),
    )
    return replace(
        made,
        spec=replace(made.spec, panel=real, decoys=("decoy_empty", "decoy_foreign")),
        dataset=ex.dataset(real, truth=True),
        methods=(method(n, "pxpermute", 1), method(n, "permute_cells", 2)),
        where=WhereOrHowMuch(
            total=values, place=values, amount=values, verdict=(Where.UNDECIDED,) * n
        ),
        redundancy=Redundancy(
            features=features, drops=features, threshold=0.6, groups=(group,), pairs=()
        ),
    )
