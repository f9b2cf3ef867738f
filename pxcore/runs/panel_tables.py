"""A question about panels as tables: behind the figures of the page, and as files."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import pandas as pd

from pxcore.plots.panel_compare import chosen_words, name_of, verdict_words
from pxcore.plots.panel_marks import n_stains, named, price
from pxcore.plots.panel_removal import DIRECTIONS
from pxcore.plots.panel_steps import change_words
from pxcore.plots.panel_words import averages
from pxcore.runs.panel_result import PanelFindings
from pxcore.types import Interval, Panel
from pxcore.types.panel import Advised, Beside, PanelAdvice, PanelTest, PanelTrial

Row = dict[str, str | int | float | bool | None]
EVERY = "all channels"


def channels(found: PanelFindings, advice: PanelAdvice) -> pd.DataFrame:
    """Return what is advised for each channel, and why."""
    panel = found.spec.panel
    best = advice.recommended or advice.full
    return pd.DataFrame(
        {
            "channel": [panel.names[one.channel] for one in advice.channels],
            "role": [panel.channels[one.channel].role.value for one in advice.channels],
            "advised": [Advised(one.advised).value for one in advice.channels],
            "in the panel": [one.channel in best.members for one in advice.channels],
            "cost": [panel.channels[one.channel].cost for one in advice.channels],
            "reason": [one.reason for one in advice.channels],
        }
    )


def steps(found: PanelFindings, advice: PanelAdvice) -> pd.DataFrame:
    """Return what each further stain buys."""
    panel = found.spec.panel
    rows: list[Row] = [
        {
            "stains": n_stains(panel, step.members),
            "panel": named(panel, step.members),
            "came in": change_words(panel, step) if step.gain.known else "",
            **_interval("F1-macro", step.f1),
            **_interval("gain", step.gain if step.gain.known else None),
            "cost": step.cost,
        }
        for step in advice.additions
    ]
    return pd.DataFrame(rows)


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
            **_interval("F1-macro", trial.f1_macro),
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
            **_interval("mean F1", line.mean_f1),
            **_interval("over random orders", line.against_random),
            **_interval("least less most first", line.area),
        }
        for line in averages(found.curves, found.evidence.sizes)
    ]
    return pd.DataFrame(rows)


def trials(found: PanelFindings, advice: PanelAdvice) -> pd.DataFrame:
    """Return every retrained panel with its test against the full one, largest first."""
    panel, tests = found.spec.panel, {test.members: test for test in advice.tests}
    front = {trial.members for trial in advice.front}
    best = None if advice.recommended is None else advice.recommended.members
    ordered = sorted(
        found.evidence.trials,
        key=lambda one: (-n_stains(panel, one.members), -len(one.members), one.members),
    )
    return pd.DataFrame(
        [
            _trial(panel, trial, tests.get(trial.members), found.spec.classes)
            | {"on the front": trial.members in front, "advised": trial.members == best}
            for trial in ordered
        ]
    )


def tests(found: PanelFindings, advice: PanelAdvice) -> pd.DataFrame:
    """Return every test against the full panel, each class by itself."""
    panel, rows = found.spec.panel, []
    for test in advice.tests:
        row: Row = {
            "panel": named(panel, test.members),
            "stains": n_stains(panel, test.members),
            **_interval("F1-macro less all channels", test.difference),
            "lower bound": _known(test.lower_bound),
            "good enough": test.good_enough,
            "surely worse": test.surely_worse,
        }
        for k, value in enumerate(test.class_difference):
            row[f"F1 of {found.spec.classes[k]} less all channels"] = _known(value)
        rows.append(row)
    return pd.DataFrame(rows)


def comparison(found: PanelFindings, advice: PanelAdvice) -> pd.DataFrame:
    """Return the panels that stand beside one another as in the paper, each class by itself."""
    panel, rows = found.spec.panel, []
    for one in found.compared:
        trial = one.trial
        test = None if one.what is Beside.ALL else found.tested(trial, advice.constraints)
        row: Row = {
            "panel": name_of(panel, one),
            "ranking": one.method,
            "first stains": one.top or None,
            "channels": chosen_words(panel, one),
            **_interval("F1-macro", trial.f1_macro),
            **_interval("F1-micro", trial.f1_micro),
            **_interval("accuracy", trial.f1_micro),  # equal: every cell has one class
        }
        for name, value in zip(found.spec.classes, trial.f1_per_class, strict=True):
            row |= _interval(f"F1 of {name}", value)
        row |= _interval("less all channels", None if test is None else test.difference)
        row["lower bound"] = None if test is None else _known(test.lower_bound)
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
            **_interval("share of F1-macro", one.value),
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


def _trial(
    panel: Panel, trial: PanelTrial, test: PanelTest | None, classes: tuple[str, ...]
) -> Row:
    """Return one panel as a row."""
    row: Row = {
        "panel": named(panel, trial.members),
        "stains": n_stains(panel, trial.members),
        "price": price(panel, trial.members),
        **_interval("F1-macro", trial.f1_macro),
        "F1-micro": _known(trial.f1_micro.mean),
        **_interval("less all channels", None if test is None else test.difference),
        "lower bound": None if test is None else _known(test.lower_bound),
        "good enough": _verdict(test),
    }
    for k, value in enumerate(trial.f1_per_class):
        row[f"F1 of {classes[k] if k < len(classes) else k + 1}"] = _known(value.mean)
    return row


def _verdict(test: PanelTest | None) -> str:
    if test is None:
        return EVERY
    if test.good_enough:
        return "yes"
    return "no" if test.surely_worse or test.lost_classes else "undecided"


def _interval(name: str, value: Interval | None) -> Row:
    """Return a value with its interval; None where there is none."""
    if value is None:
        return {name: None, f"{name} low": None, f"{name} high": None}
    return {
        name: _known(value.mean),
        f"{name} low": _known(value.low),
        f"{name} high": _known(value.high),
    }


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


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
