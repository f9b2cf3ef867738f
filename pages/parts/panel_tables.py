"""The tables behind the figures of the panel page; names as typed, guarded when they are saved."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from pxcore.plots.numbers import bounds, score
from pxcore.plots.panel_marks import n_stains, named, price
from pxcore.plots.panel_removal import DIRECTIONS
from pxcore.plots.panel_steps import change_words
from pxcore.plots.panel_words import averages
from pxcore.types import Interval, Panel
from pxcore.types.panel import Advised, PanelAdvice, PanelTest, PanelTrial

if TYPE_CHECKING:
    from pxcore.api import PanelFindings

Row = dict[str, str | int | float | bool | None]
EVERY = "all channels"


def channels(panel: Panel, advice: PanelAdvice) -> pd.DataFrame:
    """Return what is advised for each channel, and why."""
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


def steps(panel: Panel, advice: PanelAdvice) -> pd.DataFrame:
    """Return what each further stain buys."""
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


def removal(panel: Panel, found: PanelFindings) -> pd.DataFrame:
    """Return every step of every removal curve."""
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


def mean_curves(found: PanelFindings) -> pd.DataFrame:
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


def shown(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table for the eye: a value and its bounds in one column, three decimals."""
    made = pd.DataFrame(index=frame.index)
    for name in frame.columns:
        low, high = f"{name} low", f"{name} high"
        if low in frame.columns:
            triples = zip(frame[name], frame[low], frame[high], strict=True)
            made[name] = [_text(mean, lo, hi) for mean, lo, hi in triples]
        elif not str(name).endswith((" low", " high")):
            made[name] = frame[name]
    return made


def _text(mean: float | None, low: float | None, high: float | None) -> str:
    values = [math.nan if value is None else float(value) for value in (mean, low, high)]
    return f"{score(values[0])} {bounds(*values[1:])}" if math.isfinite(values[0]) else ""


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
