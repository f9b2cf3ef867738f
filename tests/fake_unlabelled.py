"""The door on cells without labels in memory: made-up clusterings, nothing is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

import tests.example_values as ex
import tests.unlabelled_values as un
from pxcore.errors import ClusteringError, RunError
from pxcore.types import Choice, Dataset, Estimate, RunRow
from pxcore.types.unlabelled_ask import ClusterAsk
from pxcore.types.unlabelled_views import ClusterMaps, ClusterResult, EncoderLive

RUN = "c1"


@dataclass
class FakeUnlabelled:
    """What stands in the store, set by a test; what the page asked for is kept in ``asked``."""

    listed: tuple[RunRow, ...] = ()
    found: ClusterResult | None = None
    now: EncoderLive = field(default_factory=un.live)
    made: tuple[Dataset, ...] = ()
    refusal: str = ""
    asked: list[tuple[str, object]] = field(default_factory=list)

    def models(self) -> tuple[Choice, ...]:
        return tuple(
            Choice(
                kind="autoencoder", id=id, label=f"Of {id}", summary="What it is.",
                options=(("code", ("512",)), ("width", ("32",))),
            )
            for id in ("dcae_2d", "dcae_3d")
        )  # fmt: skip

    def variants(self) -> tuple[Choice, ...]:
        return tuple(
            Choice(kind="clustering", id=id, label=id.title(), summary="What it does.")
            for id in ("whitened", "raw", "birch")
        )

    def draft(self, dataset_id: str) -> ClusterAsk:
        options = (("code", 64), ("width", 8))
        return ClusterAsk(dataset_id=dataset_id, title="Clusters of them", options=options)

    def check(self, ask: ClusterAsk) -> None:
        if self.refusal:
            raise ClusteringError(self.refusal)

    def estimate(self, ask: ClusterAsk) -> Estimate:
        self.check(ask)
        return Estimate(tasks=4, cached=1, seconds=600.0, notes=())

    def submit(self, ask: ClusterAsk, *, private: bool = False) -> str:
        self.asked.append(("submit private" if private else "submit", ask))
        return "c9"

    def runs(self, dataset_id: str = "") -> tuple[RunRow, ...]:
        return self.listed

    def is_one(self, run_id: str) -> bool:
        return run_id.startswith("c")

    def ask_of(self, run_id: str) -> ClusterAsk:
        if not run_id.startswith("c"):
            message = f"run {run_id!r} trains a classifier and has no clusters; open it under Runs"
            raise RunError(message)
        return un.ASK

    def live(self, run_id: str) -> EncoderLive:
        return self.now

    def result(self, run_id: str) -> ClusterResult:
        if self.found is None:
            message = f"run {run_id!r} has not finished"
            raise RunError(message)
        return replace(self.found, run=replace(self.found.run, id=run_id))

    def result_json(self, run_id: str) -> dict[str, object]:
        return {"clusters": len(self.result(run_id).sizes)}

    def maps(self, run_id: str, positions: Sequence[int], layer: str = "") -> ClusterMaps:
        self.asked += [("maps", tuple(positions)), ("layer", layer)]
        return un.maps(np.asarray(positions))

    def name(self, run_id: str, names: Mapping[int, str | None], title: str = "") -> Dataset:
        if len({name for name in names.values() if name}) < 2:
            message = "expected at least two different names"
            raise ClusteringError(message)
        self.asked.append(("name", dict(names)))
        made = replace(ex.dataset(), id="d2", title=title)
        self.made = (made, *self.made)
        return made

    def named(self, run_id: str) -> tuple[Dataset, ...]:
        return self.made
