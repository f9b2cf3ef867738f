"""Small made-up results, so that figures and pages can be drawn without a run."""

from __future__ import annotations

import numpy as np

from pxcore.types import (
    CellImages,
    Channel,
    Dataset,
    Importance,
    Interval,
    MaskKind,
    MethodResult,
    MethodSpec,
    Panel,
    Performance,
    Progress,
    Ranking,
    Role,
    RunResult,
    RunRow,
    RunSpec,
    RunState,
    Stability,
    TaskRow,
    TaskState,
    Verdict,
)

HOSTILE = (
    "<b>bold</b>",
    "<img src=x onerror=alert(1)>",
    "[link](javascript:alert(1)) **x** $y$",
    "%{x} {y} `code` :red[z]",
    '=HYPERLINK("http://x")',
    "line\nbreak \u202eesrever",
    "&lt;i&gt; & co",
    "名前 é",
)

PANEL = Panel(
    (
        Channel(name="Brightfield", role=Role.BRIGHTFIELD),
        Channel(name="PI (DNA)"),
        Channel(name="Darkfield (SSC)", role=Role.DARKFIELD),
        Channel(name="Live/dead", role=Role.VIABILITY),
    )
)
METHODS = (
    ("permute_cells", "Other cells"),
    ("pxpermute_mask", "PXPermute inside the cell"),
    ("lrp", "LRP"),
    ("shapley", "Shapley"),
    ("leave_one_out", "Leave one out"),
)
"""Further methods: id and label."""
WAYS = {"lrp": "attribution", "shapley": "subsets", "leave_one_out": "retraining"}
CLASSES = ("G1", "S_phase", "G2")
MEAN = (0.24, 0.66, 0.001, 0.02)
SPREAD = (0.04, 0.04, 0.004, 0.06)


def verdict(low: float, high: float) -> Verdict:
    if low > 0:
        return Verdict.INFORMATIVE
    return Verdict.NEGLIGIBLE if high < 0.01 else Verdict.UNDECIDED


def interval(mean: float, spread: float) -> Interval:
    folds = (mean - spread / 2, mean, mean + spread / 2)
    return Interval(mean=mean, low=mean - spread, high=mean + spread, folds=folds)


def ranking(mean: tuple[float, ...] = MEAN, spread: tuple[float, ...] = SPREAD) -> Ranking:
    values = [interval(m, s) for m, s in zip(mean, spread, strict=True)]
    low, high = tuple(v.low for v in values), tuple(v.high for v in values)
    rank = tuple(1 + sum(other > own for other in mean) for own in mean)
    n = len(mean)
    return Ranking(
        mean=mean,
        low=low,
        high=high,
        folds=tuple(tuple(v.folds[j] for v in values) for j in range(3)),
        rank=rank,
        rank_low=tuple(1 + sum(a > high[c] for a in low) for c in range(n)),
        rank_high=tuple(n - sum(b < low[c] for b in high) for c in range(n)),
        top=tuple(tuple(float(rank[c] <= m) for m in range(1, n + 1)) for c in range(n)),
        verdict=tuple(verdict(v.low, v.high) for v in values),
        per_class=tuple(
            tuple(interval(m * (1 + k / 4), s) for k in range(len(CLASSES)))
            for m, s in zip(mean, spread, strict=True)
        ),
        probability=tuple(values),
    )


def method(
    mean: tuple[float, ...] = MEAN, spread: tuple[float, ...] = SPREAD, id: str = "pxpermute"
) -> MethodResult:
    channels, classes = len(mean), len(CLASSES)
    generator = np.random.default_rng(1)
    scores = np.array(mean)[None, None, :, None] + generator.normal(
        0, 0.01, (3, 10, channels, classes)
    )
    ks = (1, 2, 5, 10)
    settled = np.stack([scores[:, :k].mean(axis=(1, 3)) for k in ks], axis=1)  # (J, k, C)
    return MethodResult(
        method=id,
        label="PXPermute" if id == "pxpermute" else id,
        ranking=ranking(mean, spread),
        importance=Importance(
            method=id,
            unit="drop in F1",
            scores=scores,
            probability_drop=scores / 2,
            repeats=(10, 10, 10),
            n_train=(80, 80, 80),
            n_test=(40, 40, 40),
            base_score=np.full((3, classes), 0.9),
        ),
        stability=Stability(
            repeats=ks,
            values=tuple(tuple(tuple(row) for row in fold) for fold in settled.tolist()),
            agreement=((0.5, 0.8, 1.0, 1.0),) * 3,
        ),
    )


def performance(mean: float = 0.82, spread: float = 0.03) -> Performance:
    values = tuple(interval(mean - k * 0.05, spread) for k in range(len(CLASSES)))
    counts = np.tile(np.array([[30, 3, 0], [4, 28, 2], [1, 2, 12]]), (3, 1, 1))
    return Performance(
        f1_macro=interval(mean, spread),
        f1_weighted=interval(mean, spread),
        accuracy=interval(mean, spread),
        f1_per_class=values,
        precision_per_class=values,
        recall_per_class=values,
        n_per_class=(99, 102, 20),
        confusion=counts,
    )


def dataset(
    panel: Panel = PANEL, classes: tuple[str, ...] = CLASSES, truth: bool = False
) -> Dataset:
    return Dataset(
        id="d1",
        title="Jurkat cells",
        panel=panel,
        classes=classes,
        class_counts=(60, 60, 20),
        n_cells=150,
        image_shape=(len(panel), 12, 10),
        dtype="uint16",
        mask_kind=MaskKind.CELL,
        groups=("donor 1", "donor 2"),
        truth=tuple(f"truth of {c.role.value}" for c in panel.channels) if truth else (),
        created="2026-03-01T10:00:00+00:00",
    )


def spec(panel: Panel = PANEL, classes: tuple[str, ...] = CLASSES) -> RunSpec:
    return RunSpec(
        dataset_id="d1", panel=panel, classes=classes, methods=(MethodSpec(id="pxpermute"),)
    )


def run_row(state: RunState = RunState.FINISHED, title: str = "") -> RunRow:
    return RunRow(
        id="r1",
        title=title,
        dataset_id="d1",
        dataset_title="Jurkat cells",
        preset="fast",
        model="small_cnn",
        methods=("pxpermute",),
        owner="ada",
        state=state,
        share=0.4,
        created="2026-03-01T10:00:00+00:00",
        finished="2026-03-01T10:04:00+00:00" if state.final else "",
    )


def result(panel: Panel = PANEL, classes: tuple[str, ...] = CLASSES) -> RunResult:
    return RunResult(
        run=run_row(),
        spec=spec(panel, classes),
        dataset=dataset(panel, classes, truth=True),
        panel=panel,
        performance=performance(),
        methods=(method(), method(id="occlusion")),
        computed=5,
        reused=2,
        seconds=(("train", 42.0), ("explain", 12.0), ("total", 56.0)),
        details=(("Model", "Small network"), ("Weights", "random"), ("Folds", "3")),
    )


def progress(state: RunState = RunState.RUNNING) -> Progress:
    done = TaskRow(
        key="a", kind="train", label="Train fold 1 of 3", state=TaskState.DONE, seconds=14
    )
    now = TaskRow(
        key="b",
        kind="train",
        label="Train fold 2 of 3",
        state=TaskState.FAILED if state is RunState.FAILED else TaskState.RUNNING,
        share=0.4,
        step="epoch 12 of 30",
        error="the worker was killed three times" if state is RunState.FAILED else "",
        error_class="killed" if state is RunState.FAILED else "",
    )
    later = TaskRow(key="c", kind="rank", label="Rank channels", state=TaskState.WAITING)
    return Progress(
        run=run_row(state),
        spec=spec(),
        tasks=(done, now, later),
        share=0.4,
        seconds_left=None if state.final else 95.0,
        seconds_spent=40.0,
        curves=(("Fold 1", ((1.0, 1.1, 0.3), (0.7, 0.8, 0.6))), ("Fold 2", ((1.0, 1.0, 0.4),))),
        log_tail="epoch 12\nepoch 13",
        error="the worker was killed three times" if state is RunState.FAILED else "",
    )


def cells(n: int = 3, panel: Panel = PANEL) -> CellImages:
    generator = np.random.default_rng(2)
    images = generator.integers(0, 4000, (n, len(panel), 12, 10)).astype(np.uint16)
    masks = np.zeros((n, 1, 12, 10), dtype=np.uint8)
    masks[:, :, 3:9, 2:8] = 1
    return CellImages(
        positions=np.arange(n) * 7,
        images=images,
        masks=masks,
        labels=np.arange(n, dtype=np.int32) % 3,
        groups=np.zeros(n, dtype=np.int32),
        object_numbers=np.arange(n) + 100,
    )
