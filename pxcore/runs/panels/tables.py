"""A question about panels as tables: behind the figures of the page, and as files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import pandas as pd

from pxcore.plots.panel_compare import chosen_words, name_of, verdict_words
from pxcore.plots.panel_marks import named
from pxcore.plots.panel_removal import DIRECTIONS
from pxcore.plots.panel_words import averages
from pxcore.runs.panels.advice_tables import (
    EVERY,
    Row,
    channels,
    interval_cells,
    known,
    steps,
    tests,
    trials,
)
from pxcore.runs.panels.result import PanelFindings
from pxcore.types.panel import PanelAdvice


def removal(found: PanelFindings, _: PanelAdvice) -> pd.DataFrame:
    """Return every step of every removal curve."""
    panel = found.spec.panel
    rows: list[Row] = [
        {
            "ranking": curve.label,
            "direction": DIRECTIONS.get(curve.direction, curve.direction),
            "channels left": len(trial.members),
            "removed last": panel.names[curve.order[n - 1]] if n and curve.order else "",
            "panel": named(panel, trial.members),
            **interval_cells("F1-macro", trial.f1_macro),
        }
        for curve in found.curves
        for n, trial in enumerate(curve.trials)
    ]
    return pd.DataFrame(rows)


def mean_curves(found: PanelFindings, _: PanelAdvice) -> pd.DataFrame:
    """Return the table of averages: mean F1 over the steps of each order, and what it is worth."""
    rows: list[Row] = [
        {
            "ranking": line.label,
            "direction": DIRECTIONS.get(line.direction, line.direction),
            "steps": line.n_steps,
            **interval_cells("mean F1", line.mean_f1),
            **interval_cells("over random orders", line.against_random),
            **interval_cells("least less most first", line.area),
        }
        for line in averages(found.curves, found.evidence.sizes)
    ]
    return pd.DataFrame(rows)


def comparison(found: PanelFindings, advice: PanelAdvice) -> pd.DataFrame:
    """Return the panels that stand beside one another as in the paper, each class by itself."""
    panel, rows = found.spec.panel, []
    for one, test in found.beside(advice):
        trial = one.trial
        row: Row = {
            "panel": name_of(panel, one),
            "ranking": one.method,
            "first stains": one.top or None,
            "channels": chosen_words(panel, one),
            **interval_cells("F1-macro", trial.f1_macro),
            **interval_cells("F1-micro", trial.f1_micro),
            **interval_cells("accuracy", trial.f1_micro),  # equal: every cell has one class
        }
        for name, value in zip(found.spec.classes, trial.f1_per_class, strict=True):
            row |= interval_cells(f"F1 of {name}", value)
        row |= interval_cells("less all channels", None if test is None else test.difference)
        row["lower bound"] = None if test is None else known(test.lower_bound)
        row["good enough"] = verdict_words(test) or EVERY
        for number, fold in enumerate(trial.f1_macro.folds, start=1):
            row[f"F1-macro of training {number}"] = fold
        rows.append(row)
    return pd.DataFrame(rows)


def screen(found: PanelFindings, _: PanelAdvice) -> pd.DataFrame:
    """Return every screened panel with its F1 in each training, validation and test cells."""
    panel, seen = found.spec.panel, found.screen
    if seen is None:
        return pd.DataFrame()
    columns: dict[str, object] = {
        f"in: {name}": seen.sets[:, c]
        for c, name in enumerate(panel.names)
        if c in found.evidence.full.members
    }
    columns["screened F1-macro"] = seen.valid_f1.mean(axis=0)
    for what, values in (("validation", seen.valid_f1), ("test", seen.test_f1)):
        for number, row in enumerate(values, start=1):
            columns[f"F1-macro on {what} cells of training {number}"] = row
    frame = pd.DataFrame(columns)
    return frame.sort_values("screened F1-macro", ascending=False, kind="stable")


def worths(found: PanelFindings, _: PanelAdvice) -> pd.DataFrame:
    """Return the worth of each channel in the screen, the largest first."""
    rows: list[Row] = [
        {
            "channel": found.spec.panel.names[one.channel],
            **interval_cells("share of F1-macro", one.value),
            "standard error of the sampling": one.error,
        }
        for one in sorted(found.worth, key=lambda one: -one.value.mean)
    ]
    return pd.DataFrame(rows)


def titles(found: PanelFindings) -> dict[str, str]:
    """Return what the tables are called, by the name of their files; without empty ones."""
    empty = set() if found.curves else {"panel_curves", "panel_averages"}
    empty |= set() if found.screen is not None else {"panel_screen"}
    empty |= set() if found.worth else {"panel_worth"}
    empty |= set() if len(found.compared) > 1 else {"panel_comparison"}
    return {name: label for name, (label, _) in TABLES.items() if name not in empty}


def panel_tables(found: PanelFindings, advice: PanelAdvice) -> dict[str, pd.DataFrame]:
    """Return every table that has a row, by the name of its file."""
    made = {name: TABLES[name][1](found, advice) for name in titles(found)}
    return {name: frame for name, frame in made.items() if len(frame)}


TABLES: Mapping[str, tuple[str, Callable[[PanelFindings, PanelAdvice], pd.DataFrame]]] = (
    MappingProxyType(
        {
            "panel_advice": ("Advice on every channel", channels),
            "panel_trials": ("Retrained panels", trials),
            "panel_tests": ("Tests against all channels", tests),
            "panel_stains": ("What each stain buys", steps),
            "panel_comparison": ("Panels compared", comparison),
            "panel_curves": ("Removal curves", removal),
            "panel_averages": ("Removal curves, averages", mean_curves),
            "panel_screen": ("Screened panels", screen),
            "panel_worth": ("Worth in the screen", worths),
        }
    )
)
"""By the name of the file: what a table is called, and what makes it."""
