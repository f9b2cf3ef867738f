"""The door on cells without labels: encode, cluster, look, name, rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pxcore.store.home import Store
from pxcore.types import Choice, Dataset, Estimate, RunRow

if TYPE_CHECKING:
    from pxcore.types.unlabelled_ask import ClusterAsk
    from pxcore.types.unlabelled_views import ClusterMaps, ClusterResult, EncoderLive


class Unlabelled:
    """Runs that cluster cells; followed, cancelled and deleted like every other run."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def models(self) -> tuple[Choice, ...]:
        """Return the autoencoders, with the published value of every setting."""
        from pxcore.runs.unlabelled import asks  # noqa: PLC0415 - few pages need it

        return asks.models()

    def variants(self) -> tuple[Choice, ...]:
        """Return the ways from codes to clusters that this host has."""
        from pxcore.runs.unlabelled import asks  # noqa: PLC0415

        return asks.variants()

    def draft(self, dataset_id: str) -> ClusterAsk:
        """Return what is suggested for a data set. Raises DatasetError for an unknown id."""
        from pxcore.runs.unlabelled import asks  # noqa: PLC0415

        return asks.draft(self._store, dataset_id)

    def check(self, ask: ClusterAsk) -> None:
        """Raise the PxError that ``submit`` would raise."""
        from pxcore.runs.unlabelled import asks  # noqa: PLC0415

        asks.check(self._store, ask)

    def estimate(self, ask: ClusterAsk) -> Estimate:
        """Return tasks, how many are already there, and seconds."""
        from pxcore.runs import drafts  # noqa: PLC0415
        from pxcore.runs.unlabelled import asks  # noqa: PLC0415

        return drafts.estimate(self._store, asks.frozen_spec(self._store, ask))

    def submit(self, ask: ClusterAsk, *, private: bool = False) -> str:
        """Return the id of a new queued run."""
        from pxcore.runs.unlabelled import asks  # noqa: PLC0415

        return asks.submit(self._store, ask, private=private)

    def runs(self, dataset_id: str = "") -> tuple[RunRow, ...]:
        """Return the runs that cluster cells, newest first."""
        from pxcore.runs.unlabelled import asks  # noqa: PLC0415

        return asks.runs(self._store, dataset_id)

    def is_one(self, run_id: str) -> bool:
        """Return whether a run clusters cells. Raises RunError for an unknown one."""
        from pxcore.runs.unlabelled import asks  # noqa: PLC0415

        return asks.clusters(self._store, run_id)

    def ask_of(self, run_id: str) -> ClusterAsk:
        """Return what a run was asked. Raises RunError for another kind of run."""
        from pxcore.runs.unlabelled import asks  # noqa: PLC0415

        return asks.ask_of(self._store, run_id)

    def live(self, run_id: str) -> EncoderLive:
        """Return losses and pictures of the encoder, in training or trained."""
        from pxcore.runs.unlabelled import result  # noqa: PLC0415 - with scipy

        return result.live(self._store, run_id)

    def result(self, run_id: str) -> ClusterResult:
        """Return everything a finished clustering's page shows."""
        from pxcore.runs.unlabelled import result  # noqa: PLC0415

        return result.result(self._store, run_id)

    def result_json(self, run_id: str) -> dict[str, object]:
        """Return the result as ``python -m pxcore cluster --json`` writes it; never NaN."""
        from pxcore.runs.unlabelled import told  # noqa: PLC0415

        return told.told(self.result(run_id))

    def maps(self, run_id: str, positions: Sequence[int], layer: str = "") -> ClusterMaps:
        """Return where the classifier of clusters looks, in at most 64 cells.

        ``layer``: a convolution of the encoder; empty for the last, the others are finer.
        """
        from pxcore.runs.unlabelled import maps  # noqa: PLC0415

        return maps.maps(self._store, run_id, positions, layer)

    def name(self, run_id: str, names: Mapping[int, str | None], title: str = "") -> Dataset:
        """Return a new data set whose classes are the named clusters, numbered from 0."""
        from pxcore.runs.unlabelled import naming  # noqa: PLC0415

        return naming.name(self._store, run_id, names, title)

    def named(self, run_id: str) -> tuple[Dataset, ...]:
        """Return the data sets whose classes are clusters of a run, newest first."""
        from pxcore.runs.unlabelled import naming  # noqa: PLC0415

        return naming.named(self._store, run_id)
