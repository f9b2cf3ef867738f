"""The door on the benchmark: published rows, drawn data sets, runs on them in one table."""

from __future__ import annotations

from collections.abc import Callable

from pxcore.store.home import Store
from pxcore.types import ImportRequest, RunResult
from pxcore.types.benchmark import (
    BenchmarkAsk,
    BenchmarkEntry,
    BenchmarkKind,
    BenchmarkRow,
    BenchmarkState,
    PublishedScore,
    PublishedTissue,
)


class Benchmarks:
    """Drawn images whose informative channels are known, in one store."""

    def __init__(self, store: Store, opened: Callable[[str], RunResult]) -> None:
        self._store = store
        self._opened = opened

    def entries(self) -> tuple[BenchmarkEntry, ...]:
        """Return the models of the published table in its order."""
        from pxcore.runs.benchmark.entries import ENTRIES  # noqa: PLC0415 - few pages need it

        return tuple(ENTRIES.values())

    def published(self) -> tuple[PublishedScore, ...]:
        """Return the published rows on drawn images."""
        from pxcore.evaluation.published.multiplex import published_scores  # noqa: PLC0415

        return published_scores()

    def tissue(self) -> tuple[PublishedTissue, ...]:
        """Return the published rows on tissue."""
        from pxcore.evaluation.published.multiplex import published_tissue  # noqa: PLC0415

        return published_tissue()

    def source(self) -> str:
        """Return where the published rows are from."""
        from pxcore.evaluation.published.multiplex import source  # noqa: PLC0415

        return source()

    def kinds(self) -> tuple[BenchmarkKind, ...]:
        """Return the drawn data sets of the store by their settings, newest first."""
        from pxcore.runs.benchmark import collected  # noqa: PLC0415

        return collected.kinds(self._store)

    def rows(self, kind: BenchmarkKind) -> tuple[BenchmarkRow, ...]:
        """Return what finished runs on a kind's data sets give, by model and method."""
        from pxcore.runs.benchmark import collected  # noqa: PLC0415

        return collected.rows(self._store, kind, self._opened)

    def state(self, ask: BenchmarkAsk) -> BenchmarkState:
        """Return how far something is. Raises the PxError that says what cannot be asked."""
        from pxcore.runs.benchmark import asked  # noqa: PLC0415

        return asked.state(self._store, ask)

    def requests(self, ask: BenchmarkAsk) -> tuple[ImportRequest, ...]:
        """Return the imports that would draw the images which are missing."""
        from pxcore.runs.benchmark import asked  # noqa: PLC0415

        owner = self._store.settings.owner
        return tuple(asked.request(ask, seed, owner) for seed in self.state(ask).missing)

    def draw(self, ask: BenchmarkAsk, owner: str = "") -> tuple[str, ...]:
        """Return the ids of new imports, for the runner, of the images which are missing."""
        from pxcore.runs.benchmark import asked  # noqa: PLC0415

        return asked.draw(self._store, ask, owner)

    def train(self, ask: BenchmarkAsk, owner: str = "") -> tuple[str, ...]:
        """Return the ids of new runs on the images that are here."""
        from pxcore.runs.benchmark import asked  # noqa: PLC0415

        return asked.train(self._store, ask, owner)

    def seconds(self, ask: BenchmarkAsk) -> float:
        """Return about how long the runs take that are still to be started."""
        from pxcore.runs.benchmark import asked  # noqa: PLC0415

        return asked.seconds(self._store, ask)
