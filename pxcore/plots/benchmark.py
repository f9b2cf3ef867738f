"""The benchmark on drawn images: its answer, its curves, its table."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from pxcore.plots.numbers import count, listed
from pxcore.plots.style import DASHES, Theme, dressed
from pxcore.plots.text import one_line, plain
from pxcore.types.benchmark import BenchmarkKind, BenchmarkRow, PublishedScore, Spread

PIXELS, IMAGES = "pxpermute", "permute_cells"
FURTHER = 4
"""Behind the number of informative channels, the second K of the table."""
MOST_LINES = 8


def head_ks(kind: BenchmarkKind) -> tuple[int, int]:
    """Return the two K of the table: as many as are informative, and four more.

    >>> from pxcore.types.benchmark import BenchmarkKind
    >>> head_ks(BenchmarkKind(id="", settings=(), seeds=(), datasets=(), n_channels=30,
    ...                       n_informative=6))
    (6, 10)
    """
    return kind.n_informative, min(kind.n_informative + FURTHER, kind.n_channels)


def spread_text(found: Spread | None) -> str:
    """Return a mean with its standard deviation over data sets.

    >>> spread_text(Spread(values=(100.0, 83.3))), spread_text(Spread(values=(97.04,)))
    ('91.7 ± 11.8', '97.0')
    """
    if found is None or not found.values:
        return ""
    return f"{found.mean:.1f}" + (f" ± {found.sd:.1f}" if math.isfinite(found.sd) else "")


def answer(kind: BenchmarkKind | None, rows: Sequence[BenchmarkRow]) -> str:
    """Return what the runs of a kind say, in a sentence or two."""
    if kind is None or not rows:
        return (
            "Of drawn images it is known which channels tell the classes. No run on such images "
            "has finished here: the table shows what was published, and the form below runs ours."
        )
    k, guessing = kind.n_informative, _guessing(kind)
    learnt = _learnt(kind, rows)
    if not learnt:
        most = max(row.accuracy.mean for row in rows)
        return (
            f"No model here has learnt to tell these classes yet (accuracy at most {most:.1f} %, "
            f"guessing gives {guessing:.1f} %), so their rankings say nothing: let them train on "
            "more images or for longer."
        )
    best = max(learnt, key=lambda row: (_mean(row.at(k)), _mean(row.at(k + FURTHER))))
    n = len(best.seeds)
    over = f"over {count(n, 'data set')}" if n > 1 else "on one data set"
    said = (
        f"{k} of {kind.n_channels} channels tell the classes. {one_line(best.model, 80)} ranked by "
        f"{one_line(best.method_label, 60)} has {spread_text(best.at(k))} % of them among its "
        f"first {k} ({over}; accuracy {spread_text(best.accuracy)} %)."
    )
    return f"{said} {why_differ(kind, rows)}".strip()


def why_differ(kind: BenchmarkKind, rows: Sequence[BenchmarkRow]) -> str:
    """Return where the two permutations of one model differ by more than data sets do, and why.

    Only models that have learnt the classes count, and only where several data sets were run.
    """
    k, learnt = kind.n_informative, _learnt(kind, rows)
    for row in learnt:
        other = next((o for o in learnt if o.model == row.model and o.method == IMAGES), None)
        if row.method != PIXELS or other is None:
            continue
        pixels, images = row.at(k), other.at(k)
        if pixels is None or images is None or min(len(pixels.values), len(images.values)) < 2:
            continue
        if images.mean - pixels.mean > max(pixels.sd, images.sd, 100 / (2 * k)):
            return (
                f"Scattering pixels finds {pixels.mean:.0f} %, exchanging whole images "
                f"{images.mean:.0f} %: a class shows in how much of a protein there is, which "
                "scattered pixels keep."
            )
    return ""


def _guessing(kind: BenchmarkKind) -> float:
    """Return the accuracy of guessing, percent."""
    return 100 / int(kind.known.get("classes", 3))


def _learnt(kind: BenchmarkKind, rows: Sequence[BenchmarkRow]) -> list[BenchmarkRow]:
    """Return the rows whose models are nearer to no error than to guessing."""
    return [row for row in rows if row.accuracy.mean > (_guessing(kind) + 100) / 2]


def frame(
    kind: BenchmarkKind | None,
    rows: Sequence[BenchmarkRow],
    published: Sequence[PublishedScore],
    labels: dict[str, str],
) -> pd.DataFrame:
    """Return the table: a row a model and method of ours, beside what was published of the model.

    Published models that were not run here stand last. ``labels``: of entries by their id.
    """
    first, second = head_ks(kind) if kind is not None else (6, 10)
    known = {one.entry: one for one in published}
    ks, there = (first, second), {row.entry for row in rows}
    ours = [_line(row, known.get(row.entry) if _is_first(row, rows) else None, ks) for row in rows]
    others = [
        _line(None, one, ks) | {"model": labels[one.entry]}
        for one in published
        if one.entry not in there
    ]
    return pd.DataFrame(ours + others)


def recall_table(rows: Sequence[BenchmarkRow], published: Sequence[PublishedScore]) -> pd.DataFrame:
    """Return Recall@K of every row and K: mean, standard deviation, every data set's own."""
    made: list[dict[str, object]] = []
    for row in rows:
        for k, found in row.recall:
            line = {"model": row.model, "ranked by": row.method_label, "K": k}
            each = {f"seed {s}": v for s, v in zip(row.seeds, found.values, strict=True)}
            made.append(line | {"recall": found.mean, "sd": found.sd} | each)
    for one in published:
        for k, value in one.recall:
            line = {"model": one.entry, "ranked by": "published", "K": k}
            made.append(line | {"recall": value, "sd": math.nan})
    return pd.DataFrame(made)


def recall_curves(
    rows: Sequence[BenchmarkRow],
    published: Sequence[PublishedScore],
    labels: dict[str, str],
    theme: Theme,
) -> go.Figure:
    """Return Recall@K against K: ours solid with a standard deviation, published ones dotted."""
    figure = go.Figure()
    for number, row in enumerate(rows[:MOST_LINES]):
        name = f"{plain(row.model, 44)} · {plain(row.method_label, 30)}"
        _add_line(figure, [(k, v.mean, _known(v.sd)) for k, v in row.recall], name, number, theme)
    for number, one in enumerate(published[:MOST_LINES]):
        name = f"{plain(labels.get(one.entry, one.entry), 44)} · published"
        points = [(k, v, 0.0) for k, v in one.recall]
        _add_line(figure, points, name, number, theme, dash=DASHES[2])
    ours = listed([f"{one_line(row.model, 60)} by {row.method_label}" for row in rows[:MOST_LINES]])
    alt = f"Recall at K against K: {ours or 'published values only'}."
    dressed(figure, theme, alt=alt, height=430)
    figure.update_xaxes(title_text="K, first channels of a ranking", dtick=1)
    figure.update_yaxes(title_text="informative channels among them, %", range=[-4, 106])
    figure.update_layout(
        margin={"l": 56, "r": 16, "t": 16, "b": 48},
        legend={"orientation": "v", "x": 1.01, "y": 1, "yanchor": "top", "xanchor": "left"},
    )
    return figure


def _add_line(
    figure: go.Figure,
    points: Sequence[tuple[int, float, float]],
    name: str,
    number: int,
    theme: Theme,
    dash: str = DASHES[0],
) -> None:
    """Add one line: (K, recall, standard deviation) of each point."""
    colour = theme.series[number % len(theme.series)]
    figure.add_scatter(
        x=[k for k, _, _ in points],
        y=[value for _, value, _ in points],
        error_y={"type": "data", "array": [sd for *_, sd in points], "color": colour, "width": 3},
        mode="lines+markers",
        line={"color": colour, "width": 2, "dash": dash},
        marker={"size": 7, "color": colour},
        name=name,
        hovertemplate="first %{x}: %{y:.1f} %<extra></extra>",
    )


def _line(
    row: BenchmarkRow | None, known: PublishedScore | None, ks: tuple[int, int]
) -> dict[str, object]:
    """Return one row of the table as text, so that nothing lines up that is not there."""
    first, second = ks
    line: dict[str, object] = {
        "model": row.model if row is not None else "",
        "ranked by": row.method_label if row is not None else "not run here",
        "sets": len(row.seeds) if row is not None else 0,
        "accuracy": spread_text(row.accuracy) if row is not None else "",
        f"R@{first}": spread_text(row.at(first)) if row is not None else "",
        f"R@{second}": spread_text(row.at(second)) if row is not None else "",
    }
    for name, value in (
        ("accuracy", known.accuracy if known is not None else None),
        (f"R@{first}", known.at(first) if known is not None else None),
        (f"R@{second}", known.at(second) if known is not None else None),
    ):
        line[f"publ. {name}"] = f"{value:.1f}" if value is not None else ""
    millions = known.millions if known is not None else None
    line["weights"] = f"{row.parameters:,}" if row is not None and row.parameters else ""
    line["publ. weights"] = f"{millions:g} M" if millions is not None else ""
    return line


def _is_first(row: BenchmarkRow, rows: Sequence[BenchmarkRow]) -> bool:
    """Return whether a row is the first of its model, beside which the published values stand."""
    return next(one for one in rows if one.model == row.model) is row


def _mean(found: Spread | None) -> float:
    return found.mean if found is not None else -1.0


def _known(value: float) -> float:
    return value if math.isfinite(value) else 0.0
