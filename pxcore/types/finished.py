"""What a finished run came to."""

from __future__ import annotations

from dataclasses import dataclass

from pxcore.types.cells import Dataset, Panel
from pxcore.types.evidence import GateReport, Leakage, LeftOut, Redundancy, WhereOrHowMuch
from pxcore.types.results import MethodResult, Performance
from pxcore.types.runs import RunRow, RunSpec
from pxcore.types.truth import ChannelTruth


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunResult:
    """Everything a finished run's page shows, small enough to open at once."""

    run: RunRow
    spec: RunSpec
    dataset: Dataset
    panel: Panel
    """Of the channels that took part, in panel order; decoys (role DECOY) come last."""
    performance: Performance
    methods: tuple[MethodResult, ...]
    computed: int
    reused: int
    seconds: tuple[tuple[str, float], ...]
    """Per kind of task, wall seconds; ``total`` last."""
    details: tuple[tuple[str, str], ...]
    """What ran: name and value in words (model, weights, device, versions, folds, seeds)."""
    where: WhereOrHowMuch | None = None
    """With ``permute_cells`` and ``pxpermute_mask`` among the methods."""
    redundancy: Redundancy | None = None
    gates: tuple[GateReport, ...] = ()
    leakage: Leakage | None = None
    left_out: tuple[LeftOut, ...] = ()
    truth: ChannelTruth | None = None
    """What the rankings can be held against: planted channels, or the classes' mean intensities."""

    def behind(self, method: MethodResult) -> Performance:
        """Return how well the models do that a method explained."""
        return method.performance or self.performance

    @property
    def source_channels(self) -> tuple[int, ...]:
        """Positions in the data set's panel of the real channels, which come first in ``panel``."""
        return self.spec.channels or tuple(range(len(self.spec.panel)))
