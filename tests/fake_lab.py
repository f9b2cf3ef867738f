"""A lab in memory with the door of the real one: every state of every page, without a runner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

import tests.example_values as ex
from pxcore.data.annotation import Annotation
from pxcore.data.overview import Overview
from pxcore.data.overviews import overview
from pxcore.data.panel_sheet import SheetForm
from pxcore.data.source import ArrayCells
from pxcore.doors.published import Published
from pxcore.errors import DatasetError, RunError
from pxcore.types import (
    CellImages,
    Choice,
    Dataset,
    Estimate,
    FoldPredictions,
    ImportReport,
    ModelSpec,
    Panel,
    PermutedExample,
    Preset,
    Progress,
    RunnerStatus,
    RunResult,
    RunRow,
    RunSpec,
    RunState,
    Split,
    WeightsChoice,
    read_only,
)
from pxcore.types.people import Person
from tests.fake_benchmark import FakeBenchmark
from tests.fake_comparing import FakeComparing
from tests.fake_imports import FakeImports
from tests.fake_panels import FakePanels
from tests.fake_people import FakePeople
from tests.fake_public import FakePublic
from tests.fake_reports import FakeExports, FakeReports
from tests.fake_shares import FakeShares
from tests.fake_staged import FakeStaged
from tests.fake_unlabelled import FakeUnlabelled
from tests.fake_upkeep import FakeUpkeep

if TYPE_CHECKING:
    from pxcore.api import Groups, Lab


@dataclass
class FakeLab:
    """What stands in the store, set by a test; what the pages asked for is kept in ``asked``."""

    sets: list[Dataset] = field(default_factory=list)
    progresses: dict[str, Progress] = field(default_factory=dict)
    finished: RunResult | None = None
    alive: bool = True
    problem: str = ""
    refusal: str = ""
    asked: list[tuple[str, object]] = field(default_factory=list)
    imports: FakeImports = field(default_factory=FakeImports)
    public: FakePublic = field(default_factory=FakePublic)
    published: Published = field(default_factory=Published)
    benchmark: FakeBenchmark = field(default_factory=FakeBenchmark)
    panels: FakePanels = field(default_factory=FakePanels)
    upkeep: FakeUpkeep = field(default_factory=FakeUpkeep)
    people: FakePeople = field(default_factory=FakePeople)
    comparing: FakeComparing = field(default_factory=lambda: FakeComparing({}))
    shares: FakeShares = field(default_factory=FakeShares)

    reports: FakeReports = field(default_factory=FakeReports)
    unlabelled: FakeUnlabelled = field(default_factory=FakeUnlabelled)

    def __post_init__(self) -> None:
        self.imports.asked = self.upkeep.asked = self.asked
        self.staged = FakeStaged(self.datasets)

    def seen_by(self, person: Person) -> Lab:
        self.people.asking = person
        return self  # type: ignore[return-value]

    def _images(self, dataset: Dataset) -> np.ndarray:
        generator = np.random.default_rng(3)
        return generator.integers(0, 4000, (dataset.n_cells, *dataset.image_shape)).astype("uint16")

    def _labels(self, dataset: Dataset) -> np.ndarray:
        labels = np.full(dataset.n_cells, -1, dtype=np.int32)
        numbers = np.repeat(np.arange(len(dataset.classes)), dataset.class_counts)
        labels[: len(numbers)] = numbers
        return labels

    def datasets(self) -> tuple[Dataset, ...]:
        return tuple(self.sets)

    def dataset(self, dataset_id: str) -> Dataset:
        for one in self.sets:
            if one.id == dataset_id:
                return one
        message = f"data set {dataset_id!r} is not registered here"
        raise DatasetError(message)

    def overview(self, dataset_id: str) -> Overview:
        one = self.dataset(dataset_id)
        groups = np.full(one.n_cells, 0 if one.groups else -1, dtype=np.int32)
        annotation = Annotation(self._labels(one), groups, one.classes, one.groups)
        warnings = ("Channel 'Darkfield (SSC)' is saturated in 3 % of its pixels.",)
        return overview(ArrayCells(self._images(one)), annotation, warnings)

    def cells(self, dataset_id: str, positions: Sequence[int]) -> CellImages:
        one = self.dataset(dataset_id)
        where = np.asarray(positions, dtype=np.int64)
        shape = (len(where), 1, *one.image_shape[1:])
        return CellImages(
            positions=where,
            images=self._images(one)[where],
            masks=np.ones(shape, dtype=np.uint8),
            labels=self._labels(one)[where],
            groups=np.zeros(len(where), dtype=np.int32),
            object_numbers=where + 100,
        )

    def pick_cells(
        self, dataset_id: str, class_name: str | None, *, page: int, per_page: int, seed: int
    ) -> tuple[int, ...]:
        one = self.dataset(dataset_id)
        wanted = one.classes.index(class_name) if class_name is not None else -1
        found = np.flatnonzero(self._labels(one) == wanted)
        return tuple(int(p) for p in found[page * per_page : (page + 1) * per_page])

    def edit_dataset(self, dataset_id: str, title: str, panel: Panel) -> Dataset:
        self.asked.append(("edit", (title, panel)))
        return replace(self.dataset(dataset_id), title=title, panel=panel)

    def panel_sheet(self, dataset_id: str, form: SheetForm = "csv") -> str:
        return "channel,role\n" if form == "csv" else "- channel: 1\n"

    def apply_panel_sheet(self, dataset_id: str, text: str) -> Dataset:
        self.asked.append(("sheet", text))
        return self.dataset(dataset_id)

    def add_labels(self, dataset_id: str, csv_text: str) -> Dataset:
        self.asked.append(("labels", csv_text))
        one = self.dataset(dataset_id)
        report = ImportReport(
            source="l.csv",
            format="stack",
            n_read=one.n_cells,
            notes=("1 row of the labels names no cell of this data set: not used.",),
        )
        made = replace(one, id="l1", classes=("a", "b"), class_counts=(5, 2), report=report)
        self.sets.append(made)
        return made

    def weights(self, model: ModelSpec) -> tuple[WeightsChoice, ...]:
        note = "Put resnet18.pth into /weights"
        return (
            WeightsChoice(word="random", label="random", note="Needs no file."),
            WeightsChoice(word="imagenet", label="ImageNet", note=note, here=False),
            WeightsChoice(word="file:a.pt", label="a.pt", note="From /weights."),
        )

    def choices(self, kind: str) -> tuple[Choice, ...]:
        rows = {
            "model": [
                ("small_cnn", "Small network"),
                ("resnet18", "ResNet18"),
                ("channel_embedding", "Channel embedding"),
            ],
            "method": [("pxpermute", "PXPermute"), ("occlusion", "Occlusion"), *ex.METHODS],
            "decoy": [("decoy_empty", "Empty channel"), ("decoy_foreign", "Foreign cell")],
            "format": [("stack", "HDF5 or NPZ stack"), ("cif", "Amnis CIF")],
        }[kind]
        settings = {
            "occlusion": (("fill", ("zero", "mean")),),
            "channel_embedding": (("width", ("64",)), ("encoders", ("shared", "independent"))),
        }
        return tuple(
            Choice(
                kind=kind,
                id=id,
                label=label,
                summary=f"What {label} does.",
                options=settings.get(id, ()),
                begins=(("width", 8),) if (kind, id) == ("model", "channel_embedding") else (),
                way=ex.WAYS.get(id, "perturbation") if kind == "method" else "",
            )
            for id, label in rows
        )

    def presets(self, dataset_id: str = "") -> tuple[Preset, ...]:
        return tuple(
            Preset(id=i, label=i.title(), summary=f"The {i} one.", cost="minutes")
            for i in ("fast", "standard", "paper")
        )

    def draft(self, dataset_id: str, preset: str, split: Split = "donor") -> RunSpec:
        one = self.dataset(dataset_id)
        return replace(
            ex.spec(one.panel, one.classes),
            preset=preset,
            title=f"{one.title}, {preset}",
            split=split,
        )

    def check(self, spec: RunSpec, *, fetch: bool = True) -> None:
        if self.refusal:
            raise RunError(self.refusal)

    def estimate(self, spec: RunSpec) -> Estimate:
        return Estimate(tasks=7, cached=2, seconds=180.0, notes=("ImageNet weights are missing",))

    def submit(
        self, spec: RunSpec, *, fetch: bool = True, once: bool = False, private: bool = False
    ) -> str:
        assert not fetch, "a page downloads nothing"
        how = "submit private" if private else "submit once" if once else "submit"
        self.asked.append((how, spec))
        self.progresses["r9"] = replace(ex.progress(RunState.QUEUED), spec=spec)
        return "r9"

    def follow_up(self, run_id: str, what: str, groups: Groups = (), owner: str = "") -> str:
        assert what in ("gates", "redundancy", "leakage", "where", "left_out")
        self.asked.append(("follow_up", (run_id, what, tuple(groups))))
        self.progresses["r9"] = ex.progress(RunState.QUEUED)
        return "r9"

    def follow_up_estimate(self, run_id: str, what: str, groups: Groups = ()) -> Estimate:
        if self.refusal:
            raise RunError(self.refusal)
        return Estimate(tasks=34, cached=17, seconds=180.0)

    def runs(self) -> tuple[RunRow, ...]:
        return tuple(replace(one.run, id=key) for key, one in self.progresses.items())

    def progress(self, run_id: str) -> Progress:
        if run_id not in self.progresses:
            message = f"run {run_id!r} is not known here"
            raise RunError(message)
        one = self.progresses[run_id]
        return replace(one, run=replace(one.run, id=run_id), runner_alive=self.alive)

    def cancel(self, run_id: str, owner: str) -> None:
        self.asked.append(("cancel", run_id))

    def log(self, run_id: str, task_key: str) -> str:
        return f"log of {task_key}"

    def runner_status(self) -> RunnerStatus:
        seen = None if self.alive else 300.0
        return RunnerStatus(alive=self.alive, seconds_since_heartbeat=seen, problem=self.problem)

    def result(self, run_id: str) -> RunResult:
        if self.finished is None:
            message = "the run is not finished"
            raise RunError(message)
        return replace(self.finished, run=replace(self.finished.run, id=run_id))

    def test_predictions(self, run_id: str) -> tuple[FoldPredictions, ...]:
        numbers = np.arange(40)
        values = {"true": numbers % 3, "predicted": (numbers // 3) % 3}
        return (
            FoldPredictions(
                fold=0,
                seed_index=0,
                positions=numbers,
                probability=np.linspace(0.4, 1, 40),
                **values,
            ),
        )

    def permuted_example(
        self, dataset_id: str, position: int, channel: int, method: str
    ) -> PermutedExample:
        plane = self._images(self.dataset(dataset_id))[position, channel]
        return PermutedExample(
            before=plane, after=read_only(plane[::-1].copy()), mask=None, note=""
        )

    @property
    def exports(self) -> FakeExports:
        return FakeExports(self.result)
