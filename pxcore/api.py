"""The only door for pages and the command line. Opening it loads neither torch nor Dask."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from pxcore.data.csv_guard import csv_text
from pxcore.doors.benchmark import Benchmarks
from pxcore.doors.exports import Exports
from pxcore.doors.imports import Imports
from pxcore.doors.panels import Panels
from pxcore.doors.people import People
from pxcore.doors.public import PublicSets
from pxcore.doors.published import Published
from pxcore.doors.sharing import Shares
from pxcore.doors.unlabelled import Unlabelled
from pxcore.people.rights import require_member
from pxcore.runs import (
    choices,
    datasets,
    drafts,
    followups,
    galleries,
    health,
    heart,
    ledger,
    preview,
    progress,
    result,
    weights,
)  # fmt: skip
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import (
    CellImages,
    Choice,
    Dataset,
    Estimate,
    FoldPredictions,
    Health,
    ModelSpec,
    Panel,
    PermutedExample,
    Preset,
    Progress,
    RunnerStatus,
    RunResult,
    RunRow,
    RunSpec,
    Split,
    WeightsChoice,
)
from pxcore.types.people import Person

if TYPE_CHECKING:
    from pxcore.data.overview import Overview
    from pxcore.data.panel_sheet import SheetForm
    from pxcore.doors.comparing import Comparing
    from pxcore.doors.reports import Reports
    from pxcore.doors.staged import StagedPlans
    from pxcore.doors.upkeep import Upkeep
    from pxcore.runs.panels.answers import PanelAnswer
    from pxcore.runs.panels.questions import PanelAsk
    from pxcore.runs.panels.result import PanelFindings

__all__ = ["Lab", "Overview", "PanelAnswer", "PanelAsk", "PanelFindings", "csv_text", "open_lab"]
Groups = Sequence[tuple[int, ...]]


def open_lab(settings: Settings | None = None) -> Lab:
    """Return the door on the store of ``settings`` (else of the environment), or StoreError."""
    return Lab(open_store(settings or Settings()))


class Lab:
    """Data sets and runs of one store; ``imports``, ``public``, ... are doors of their own."""

    def __init__(self, store: Store, whole: Lab | None = None) -> None:
        self._store = store
        self._whole = whole
        self._kept = result.Results()  # of the whole store: who asks is looked up each time

    def seen_by(self, person: Person) -> Lab:
        """Return the lab as this person may see and change it; cheap, all else is shared."""
        return Lab(self._store.seen_by(person), self._whole or self)

    def close(self) -> None:
        """Close the database."""
        self._store.close()

    def datasets(self) -> tuple[Dataset, ...]:
        """Return every registered data set, newest first."""
        return datasets.all_datasets(self._store)

    def dataset(self, dataset_id: str) -> Dataset:
        """Return one data set. Raises DatasetError for an unknown id."""
        return datasets.one(self._store, dataset_id)

    def overview(self, dataset_id: str) -> Overview:
        """Return contrast limits, histograms, class x group counts and quality warnings."""
        return galleries.overview(self._store, dataset_id)

    def cells(self, dataset_id: str, positions: Sequence[int]) -> CellImages:
        """Return a few cells for a gallery (at most 256)."""
        return galleries.cells(self._store, dataset_id, positions)

    def pick_cells(
        self, dataset_id: str, class_name: str | None, *, page: int, per_page: int, seed: int
    ) -> tuple[int, ...]:
        """Return positions of one page of cells, in an order fixed by ``seed``."""
        return galleries.pick_cells(self._store, dataset_id, class_name, (page, per_page), seed)

    def edit_dataset(self, dataset_id: str, title: str, panel: Panel) -> Dataset:
        """Return the data set with a new title and panel sheet; pixels and runs stay."""
        return datasets.edit(self._store, dataset_id, title, panel)

    def panel_sheet(self, dataset_id: str, form: SheetForm = "csv") -> str:
        """Return the panel as CSV or YAML text."""
        return galleries.panel_sheet(self._store, dataset_id, form)

    def apply_panel_sheet(self, dataset_id: str, text: str) -> Dataset:
        """Return the data set with the panel of a CSV or YAML sheet, matched by channel."""
        return galleries.apply_panel_sheet(self._store, dataset_id, text)

    def add_labels(self, dataset_id: str, csv_text: str) -> Dataset:
        """Return a new data set: the same pixels with the labels (and groups) of a CSV."""
        return galleries.add_labels(self._store, dataset_id, csv_text)

    @cached_property
    def imports(self) -> Imports:
        """Cells that come in: what may be registered, uploads, and imports under way."""
        return Imports(self._store)

    @cached_property
    def people(self) -> People:
        """Who may come in, logging in, and who did what."""
        return People(self._store)

    @cached_property
    def public(self) -> PublicSets:
        """Public data sets: what there is, what is here, fetching one."""
        return PublicSets(self._store)

    @cached_property
    def published(self) -> Published:
        """The results of the paper, with our statistics on them."""
        return Published()

    @cached_property
    def benchmark(self) -> Benchmarks:
        """Drawn images of known truth: what was published, what runs here give."""
        return Benchmarks(self._store, self.result)

    @cached_property
    def panels(self) -> Panels:
        """Which panel is enough: asked of a finished run, answered in words and numbers."""
        return self._whole.panels.seen_by(self._store) if self._whole else Panels(self._store)

    @cached_property
    def staged(self) -> StagedPlans:
        """More markers than slots: staged plans, step by step."""
        from pxcore.doors.staged import StagedPlans  # noqa: PLC0415 - with scipy

        return self._whole.staged.seen_by(self._store) if self._whole else StagedPlans(self._store)

    @cached_property
    def unlabelled(self) -> Unlabelled:
        """Cells without labels: encode, cluster, look, name, rank."""
        return Unlabelled(self._store)

    @cached_property
    def shares(self) -> Shares:
        """Links by which others read one result."""
        return Shares(self._store)

    @cached_property
    def upkeep(self) -> Upkeep:
        """Room, deleting, cleaning up, copies, checks."""
        from pxcore.doors.upkeep import Upkeep  # noqa: PLC0415 - few pages need it

        return Upkeep(self._store)

    def choices(self, kind: str) -> tuple[Choice, ...]:
        """Return the table of ``model``, ``method`` or ``format`` with explanations."""
        return choices.choices(kind, device=heart.status(self._store).device)

    def weights(self, model: ModelSpec) -> tuple[WeightsChoice, ...]:
        """Return the weights a model may start from, and which file is expected where."""
        return weights.weights_choices(self._store, model)

    def presets(self, dataset_id: str = "") -> tuple[Preset, ...]:
        """Return the presets in the order they are offered: all, or those for a data set."""
        return drafts.presets(self._store, dataset_id)

    def draft(self, dataset_id: str, preset: str, split: Split = "donor") -> RunSpec:
        """Return a preset's spec for a data set (empty: its usual one), with folds it can carry."""
        return drafts.draft(self._store, dataset_id, preset, split)

    def check(self, spec: RunSpec, *, fetch: bool = True) -> None:
        """Raise the PxError that ``submit`` would raise."""
        if not fetch:
            weights.require_weights(self._store, spec.model)
        drafts.check(self._store, spec)

    def estimate(self, spec: RunSpec) -> Estimate:
        """Return tasks, how many are already there, seconds, and notes."""
        return drafts.estimate(self._store, spec)

    def submit(
        self, spec: RunSpec, *, fetch: bool = True, once: bool = False, private: bool = False
    ) -> str:
        """Return the new run's id. ``fetch``: may download weights; ``once``: its like may do."""
        require_member(self._store, "Starting a run")
        if not fetch:
            weights.require_weights(self._store, spec.model)
        frozen = drafts.frozen_spec(self._store, spec)
        return ledger.submit(self._store, frozen, once=once, private=private)

    def follow_up(self, run_id: str, what: str, groups: Groups = (), owner: str = "") -> str:
        """Return the id of a run that adds one thing to an earlier one; see ``followups``."""
        return followups.follow_up(self._store, run_id, what, groups, owner)

    def follow_up_estimate(self, run_id: str, what: str, groups: Groups = ()) -> Estimate:
        """Return what ``follow_up`` would cost, and how many of its steps are already there."""
        return followups.estimate(self._store, run_id, what, groups)

    def runs(self) -> tuple[RunRow, ...]:
        """Return every run, newest first."""
        return progress.run_rows(self._store)

    def progress(self, run_id: str) -> Progress:
        """Return how far a run is. Raises RunError for an unknown id."""
        return progress.progress(self._store, run_id)

    def cancel(self, run_id: str, owner: str) -> None:
        """Ask the runner to stop a run; nothing happens to a run that has ended."""
        ledger.request_cancel(self._store, run_id, owner)

    def log(self, run_id: str, task_key: str) -> str:
        """Return the log of one task of a run, its last 200 kB."""
        return progress.task_log(self._store, run_id, task_key)

    def runner_status(self) -> RunnerStatus:
        """Return whether a runner lives, and what it does."""
        return heart.status(self._store)

    def health(self) -> Health:
        """Return whether database, runner, workers and disk are as they should be."""
        return health.health(self._store)

    def result(self, run_id: str) -> RunResult:
        """Return everything a finished run's page shows. RunError while it is not finished."""
        return (self._whole or self)._kept.of(self._store, run_id)  # noqa: SLF001 - our own

    @cached_property
    def comparing(self) -> Comparing:
        """Rankings of several runs side by side, and pixel maps of single cells."""
        from pxcore.doors.comparing import Comparing  # noqa: PLC0415 - scipy takes a moment

        return self._whole.comparing.seen_by(self._store) if self._whole else Comparing(self._store)

    @cached_property
    def exports(self) -> Exports:
        """The numbers of a run, to be worked on elsewhere."""
        return Exports(self._store)

    @cached_property
    def reports(self) -> Reports:
        """What leaves the lab: reports as HTML, PDF and an archive."""
        from pxcore.doors.reports import Reports  # noqa: PLC0415 - pandas takes half a second

        return Reports(self._store)

    def test_predictions(self, run_id: str) -> tuple[FoldPredictions, ...]:
        """Return what every trained model of a run said about its held-out cells."""
        return result.test_predictions(self._store, run_id)

    def permuted_example(
        self, dataset_id: str, position: int, channel: int, method: str
    ) -> PermutedExample:
        """Return one channel of a cell before and after a method's perturbation."""
        return preview.permuted_example(self._store, dataset_id, position, channel, method)
