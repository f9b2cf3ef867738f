"""The only door for pages and the command line.

Opening it is cheap: nothing here imports torch or Dask until a call needs it, and every value
that comes back is small. Each method is one call into ``pxcore.runs``; what it does is told
there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from pxcore.settings import Settings
from pxcore.types import (
    CellImages,
    Choice,
    Dataset,
    Estimate,
    FolderEntry,
    FoldPredictions,
    ImportProgress,
    ImportRequest,
    Panel,
    PermutedExample,
    Preset,
    Progress,
    RunnerStatus,
    RunResult,
    RunRow,
    RunSpec,
)

if TYPE_CHECKING:
    import pandas as pd

    from pxcore.data.overview import Overview


def open_lab(settings: Settings | None = None) -> Lab:
    """Return the lab's door on the store of ``settings`` (else of the environment).

    Raises StoreError when the store cannot be opened, with the reason.
    """
    raise NotImplementedError


class Lab:
    """Data sets, imports and runs of one store."""

    # -- data sets

    def datasets(self) -> tuple[Dataset, ...]:
        """Return every registered data set, newest first."""
        raise NotImplementedError

    def dataset(self, dataset_id: str) -> Dataset:
        """Return one data set. Raises DatasetError for an unknown id."""
        raise NotImplementedError

    def overview(self, dataset_id: str) -> Overview:
        """Return contrast limits, histograms, class x group counts and quality warnings."""
        raise NotImplementedError

    def cells(self, dataset_id: str, positions: Sequence[int]) -> CellImages:
        """Return a few cells for a gallery (at most 256)."""
        raise NotImplementedError

    def pick_cells(
        self, dataset_id: str, class_name: str | None, *, page: int, per_page: int, seed: int
    ) -> tuple[int, ...]:
        """Return positions of one page of cells, in an order fixed by ``seed``."""
        raise NotImplementedError

    def edit_dataset(self, dataset_id: str, title: str, panel: Panel) -> Dataset:
        """Return the data set with a new title and panel sheet; pixels and runs stay."""
        raise NotImplementedError

    def panel_sheet(self, dataset_id: str) -> str:
        """Return the panel as CSV text."""
        raise NotImplementedError

    def apply_panel_sheet(self, dataset_id: str, text: str) -> Dataset:
        """Return the data set with the panel of a CSV or YAML sheet, matched by channel."""
        raise NotImplementedError

    def add_labels(self, dataset_id: str, csv_text: str) -> Dataset:
        """Return a new data set: the same pixels with the labels (and groups) of a CSV."""
        raise NotImplementedError

    # -- imports

    def start_import(self, request: ImportRequest) -> str:
        """Return the id of an import that the runner will carry out."""
        raise NotImplementedError

    def import_now(self, request: ImportRequest, tell: Callable[[str, float], None]) -> Dataset:
        """Return the data set imported in this process's foreground; ``tell(step, share)``."""
        raise NotImplementedError

    def imports(self) -> tuple[ImportProgress, ...]:
        """Return every import, newest first."""
        raise NotImplementedError

    def import_progress(self, import_id: str) -> ImportProgress:
        """Return how far an import is. Raises DatasetError for an unknown id."""
        raise NotImplementedError

    def save_upload(self, name: str, data: BinaryIO, owner: str) -> Path:
        """Return where an uploaded file was put; it is removed after its import."""
        raise NotImplementedError

    def allowed_folders(self) -> tuple[Path, ...]:
        """Return the folders whose files may be registered."""
        raise NotImplementedError

    def browse(self, folder: Path, inside: str = "") -> tuple[FolderEntry, ...]:
        """Return what lies in an allowed folder (real paths; links are left out)."""
        raise NotImplementedError

    # -- runs

    def choices(self, kind: str) -> tuple[Choice, ...]:
        """Return the table of ``model``, ``method`` or ``format`` with explanations."""
        raise NotImplementedError

    def presets(self) -> tuple[Preset, ...]:
        """Return the presets in the order they are offered."""
        raise NotImplementedError

    def draft(self, dataset_id: str, preset: str) -> RunSpec:
        """Return a preset's spec for a data set, with no more folds than it can carry."""
        raise NotImplementedError

    def check(self, spec: RunSpec) -> None:
        """Raise the PxError that ``submit`` would raise."""
        raise NotImplementedError

    def estimate(self, spec: RunSpec) -> Estimate:
        """Return tasks, how many are already there, seconds, and notes."""
        raise NotImplementedError

    def submit(self, spec: RunSpec) -> str:
        """Return the id of a new run, queued for the runner."""
        raise NotImplementedError

    def runs(self) -> tuple[RunRow, ...]:
        """Return every run, newest first."""
        raise NotImplementedError

    def progress(self, run_id: str) -> Progress:
        """Return how far a run is. Raises RunError for an unknown id."""
        raise NotImplementedError

    def cancel(self, run_id: str, owner: str) -> None:
        """Ask the runner to stop a run; nothing happens to a run that has ended."""
        raise NotImplementedError

    def log(self, run_id: str, task_key: str) -> str:
        """Return the log of one task of a run, its last 200 kB."""
        raise NotImplementedError

    def runner_status(self) -> RunnerStatus:
        """Return whether a runner lives, and what it does."""
        raise NotImplementedError

    # -- results

    def result(self, run_id: str) -> RunResult:
        """Return everything a finished run's page shows. RunError while it is not finished."""
        raise NotImplementedError

    def test_predictions(self, run_id: str) -> tuple[FoldPredictions, ...]:
        """Return what every trained model of a run said about its held-out cells."""
        raise NotImplementedError

    def permuted_example(
        self, dataset_id: str, position: int, channel: int, method: str
    ) -> PermutedExample:
        """Return one channel of a cell before and after a method's perturbation."""
        raise NotImplementedError

    def tables(self, run_id: str) -> dict[str, pd.DataFrame]:
        """Return importance, ranking, per_class, performance, confusion, training."""
        raise NotImplementedError

    def run_json(self, run_id: str) -> dict[str, object]:
        """Return the run as ``python -m pxcore run --json`` writes it; never NaN."""
        raise NotImplementedError
