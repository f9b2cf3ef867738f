"""What people see at a terminal: progress and tables on stderr, answers on stdout."""

from __future__ import annotations

from contextvars import ContextVar

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from pxcore.plots.numbers import minute
from pxcore.types import RunResult

ERR = Console(stderr=True, highlight=False)
OUT = Console(highlight=False)
UTC_ASKED: ContextVar[bool] = ContextVar("utc", default=False)
"""Whether times are printed as UTC, ISO 8601, for other programs."""
for _console in (ERR, OUT):
    if not _console.is_terminal:
        _console.width = 160  # in a file or pipe little is wrapped for a terminal's sake


def bar() -> Progress:
    """Return a progress bar on stderr; plain lines come out when that is no terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
        console=ERR,
        transient=True,
        disable=not ERR.is_terminal,
    )


def text(words: str) -> str:
    """Return names as plain text: no markup in them is obeyed."""
    return escape(words)


def when(stamp: str) -> str:
    """Return a UTC time stamp as this host's clock had it, to the minute; with --utc as it is."""
    return stamp if UTC_ASKED.get() else minute(stamp, None) or stamp


def left_in_words(seconds: float | None) -> str:
    """Return the time left for people.

    >>> left_in_words(None), left_in_words(42.0), left_in_words(700.0)
    ('', 'about 42 s left', 'about 12 min left')
    """
    if seconds is None:
        return ""
    return f"about {seconds:.0f} s left" if seconds < 90 else f"about {seconds / 60:.0f} min left"


def result_parts(result: RunResult) -> list[Table | str]:
    """Return the tables of a finished run, then what it allows to say, in sentences."""
    from pxcore.plots.channel_sentence import channel_sentence  # noqa: PLC0415 - loads plotly
    from pxcore.plots.tell_apart import why_no_ranking  # noqa: PLC0415 - loads scipy

    parts: list[Table | str] = [*ranking_tables(result)]
    silent: dict[str, list[str]] = {}
    for method in result.methods:
        why = why_no_ranking(result.behind(method), method)
        if why:
            silent.setdefault(why, []).append(method.label)
    for why, labels in silent.items():
        by = "" if len(labels) == len(result.methods) else f" by {', '.join(labels)}"
        parts.append(text(f"Nothing can be said about the channels{by} yet: {why}."))
    for method in result.methods:
        if any(method.label in labels for labels in silent.values()):
            continue
        parts.append(text(f"{method.label}:"))
        parts += [
            text(f"  {channel_sentence(result, method, c)}") for c in range(len(result.panel))
        ]
    parts += truth_parts(result)
    for report in result.gates:
        for gate in report.gates:
            word = "passed" if gate.passed else "FAILED"
            parts.append(text(f"{report.method}, {gate.id.replace('_', ' ')} {word}: {gate.said}"))
    return parts


def truth_parts(result: RunResult) -> list[Table | str]:
    """Return how the rankings stand to what is known: sentences, one table, how to read it."""
    from pxcore.plots.truth import (  # noqa: PLC0415 - loads pandas
        how_to_read,
        of_run,
        truth_found,
        truth_table,
    )

    said = [truth_found(result, method) for method in result.methods]
    if not any(said):
        return []
    frame, table = truth_table(of_run(result)), Table(title="Against what is known")
    for name in frame.columns:
        table.add_column(text(str(name)))
    for row in frame.itertuples(index=False):
        table.add_row(*(text(f"{v:g}" if isinstance(v, float) else str(v)) for v in row))
    return [*(text(one) for one in said if one), table, text(how_to_read(result))]


def ranking_tables(result: RunResult) -> list[Table]:
    """Return performance and one table a method, channels by rank."""
    performance = result.performance
    first = Table(title=text(f"{result.run.title or result.run.id}: scores on held-out cells"))
    for name in ("measure", "mean", "95 % interval", "trainings"):
        first.add_column(name)
    for label, interval in (
        ("F1-macro", performance.f1_macro),
        ("F1-weighted", performance.f1_weighted),
        ("accuracy", performance.accuracy),
    ):
        spread = f"{interval.low:.3f} to {interval.high:.3f}"
        folds = ", ".join("-" if value is None else f"{value:.3f}" for value in interval.folds)
        first.add_row(label, f"{interval.mean:.3f}", spread, folds)
    tables = [first]
    for method in result.methods:
        ranking, repeats = method.ranking, method.importance.repeats
        title = f"{method.label}: {method.importance.unit} (repeats {', '.join(map(str, repeats))})"
        table = Table(title=text(title))
        for name in ("rank", "channel", "mean", "95 % interval", "verdict"):
            table.add_column(name)
        for c in sorted(range(len(ranking.rank)), key=lambda c: (ranking.rank[c], c)):
            low, high = ranking.rank_low[c], ranking.rank_high[c]
            table.add_row(
                f"{ranking.rank[c]}" + (f" ({low} to {high})" if low != high else ""),
                text(result.panel.names[c]),
                f"{ranking.mean[c]:+.3f}",
                f"{ranking.low[c]:+.3f} to {ranking.high[c]:+.3f}",
                str(ranking.verdict[c]),
            )
        tables.append(table)
    return tables
