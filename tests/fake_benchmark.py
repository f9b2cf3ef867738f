"""The benchmark's door in memory: real published rows, made-up results."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pxcore.errors import RunError
from pxcore.evaluation.published import multiplex
from pxcore.runs.benchmark.entries import ENTRIES
from pxcore.types import ImportRequest
from pxcore.types.benchmark import (
    BenchmarkAsk,
    BenchmarkEntry,
    BenchmarkKind,
    BenchmarkRow,
    BenchmarkState,
    PublishedScore,
    PublishedTissue,
    Spread,
)

KIND = BenchmarkKind(
    id="k1",
    settings=(
        ("n_images", "1200"), ("size", "48"), ("channels", "30"), ("classes", "3"),
        ("background", "mid"),
    ),
    seeds=("0", "1"),
    datasets=("d1", "d2"),
    n_channels=30,
    n_informative=6,
)  # fmt: skip
NOTHING = BenchmarkState(missing=(0, 1), drawing=(), failed=(), to_run=0, running=(), finished=())


def row(
    method: str, six: tuple[float, ...], accuracy: float = 97.0, entry: str = "embedding"
) -> BenchmarkRow:
    """Return a row with recall ``six`` at K = 6, and all from K = 8 on."""
    own, every = Spread(values=six), Spread(values=(100.0,) * len(six))
    return BenchmarkRow(
        entry=entry,
        model=f"{ENTRIES[entry].label}, width 8",
        method=method,
        method_label={"pxpermute": "PXPermute"}.get(method, method),
        seeds=KIND.seeds[: len(six)],
        runs=("r1", "r2")[: len(six)],
        accuracy=Spread(values=(accuracy,) * len(six)),
        recall=((6, own), (7, own), *((k, every) for k in range(8, 14))),
        parameters=180_000,
    )


@dataclass
class FakeBenchmark:
    """What stands in the tables, set by a test; what the page asked for is kept in ``asked``."""

    found: tuple[BenchmarkRow, ...] = ()
    known: tuple[BenchmarkKind, ...] = ()
    now: BenchmarkState = NOTHING
    refusal: str = ""
    asked: list[tuple[str, BenchmarkAsk]] = field(default_factory=list)

    def entries(self) -> tuple[BenchmarkEntry, ...]:
        return tuple(ENTRIES.values())

    def published(self) -> tuple[PublishedScore, ...]:
        return multiplex.published_scores()

    def tissue(self) -> tuple[PublishedTissue, ...]:
        return multiplex.published_tissue()

    def source(self) -> str:
        return multiplex.source()

    def kinds(self) -> tuple[BenchmarkKind, ...]:
        return self.known

    def rows(self, kind: BenchmarkKind) -> tuple[BenchmarkRow, ...]:
        return self.found

    def state(self, ask: BenchmarkAsk) -> BenchmarkState:
        if self.refusal:
            raise RunError(self.refusal)
        return self.now

    def requests(self, ask: BenchmarkAsk) -> tuple[ImportRequest, ...]:
        return ()

    def draw(self, ask: BenchmarkAsk, owner: str = "") -> tuple[str, ...]:
        self.asked.append(("draw", ask))
        self.now = replace(self.now, missing=(), drawing=("i1", "i2"))
        return self.now.drawing

    def train(self, ask: BenchmarkAsk, owner: str = "") -> tuple[str, ...]:
        self.asked.append(("train", ask))
        self.now = replace(self.now, to_run=0, running=("running",))
        return self.now.running

    def seconds(self, ask: BenchmarkAsk) -> float:
        return 600.0
