"""Which rankings of a comparison can be relied on: models that know, and checks that passed."""

from __future__ import annotations

from collections.abc import Sequence

from pxcore.evaluation import disagreement
from pxcore.evaluation.tell_apart import Told, told_apart
from pxcore.plots.numbers import listed, shortened
from pxcore.types.comparison import Column, Comparison

SILENT = {
    Told.HARDLY: "models know too little",
    Told.TOO_FEW: "too few trainings",
}
"""Marks of rankings that say nothing about channels."""
CHECK_FAILED = "sanity check failed"


def marks_of(comparison: Comparison) -> tuple[str, ...]:
    """Return for each column why it is not to be relied on, in a few words; empty where it is."""
    return tuple(_mark(column) for column in comparison.columns)


def speaking(comparison: Comparison) -> tuple[int, ...]:
    """Return the columns whose models are shown to tell the classes apart."""
    return disagreement.speaking(comparison.columns)


def left_out(comparison: Comparison, names: Sequence[str]) -> str:
    """Return which rankings say nothing about channels, as a sentence; empty where all do.

    ``names``: of every column.
    """
    heard = speaking(comparison)
    silent = [name for n, name in enumerate(names) if n not in heard]
    if not silent:
        return ""
    if not heard:
        return (
            f"Nothing can be said about channels: no model behind these {len(names)} rankings is "
            "shown to tell the classes apart."
        )
    say, their = ("says", "its") if len(silent) == 1 else ("say", "their")
    return (
        f"{shortened(silent)} {say} nothing about channels, as {their} models are not shown to "
        "tell the classes apart."
    )


def distrust(comparison: Comparison, names: Sequence[str]) -> str:
    """Return which rankings that speak failed sanity checks, as a sentence; empty for none."""
    failed = [
        f"{names[n]} ({listed([name.replace('_', ' ') for name in column.failed])})"
        for n, column in enumerate(comparison.columns)
        if column.failed and n in speaking(comparison)
    ]
    if not failed:
        return ""
    them = "it" if len(failed) == 1 else "them"
    return f"But {shortened(failed)} failed sanity checks: do not rely on {them}."


def _mark(column: Column) -> str:
    marks = [SILENT.get(_told(column), ""), CHECK_FAILED if column.failed else ""]
    return ", ".join(mark for mark in marks if mark)


def _told(column: Column) -> Told:
    return told_apart(column.f1, column.n_classes)
