"""What is advised of panels, as tables: channels, stains, retrained panels, their tests."""

from __future__ import annotations

import math

import pandas as pd

from pxcore.panel.constraints import has_costs
from pxcore.plots.panel_compare import verdict_words
from pxcore.plots.panel_marks import n_stains, named, price
from pxcore.plots.panel_steps import change_words
from pxcore.runs.panels.result import PanelFindings
from pxcore.types import Interval, Panel
from pxcore.types.panel import Advised, PanelAdvice, PanelTest, PanelTrial

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
            **interval_cells("F1-macro", step.f1),
            **interval_cells("gain", step.gain if step.gain.known else None),
            **({"cost": step.cost} if has_costs(panel) else {}),
        }
        for step in advice.additions
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
            **interval_cells("F1-macro less all channels", test.difference),
            "lower bound": known(test.lower_bound),
            "passes by itself": test.good_enough,
            "reached in sequence": test.reached,
            "surely worse": test.surely_worse,
        }
        for k, value in enumerate(test.class_difference):
            row[f"F1 of {found.spec.classes[k]} less all channels"] = known(value)
        rows.append(row)
    return pd.DataFrame(rows)


def _trial(
    panel: Panel, trial: PanelTrial, test: PanelTest | None, classes: tuple[str, ...]
) -> Row:
    """Return one panel as a row."""
    row: Row = {
        "panel": named(panel, trial.members),
        "stains": n_stains(panel, trial.members),
        **({"price": price(panel, trial.members)} if has_costs(panel) else {}),
        **interval_cells("F1-macro", trial.f1_macro),
        "F1-micro": known(trial.f1_micro.mean),
        **interval_cells("less all channels", None if test is None else test.difference),
        "lower bound": None if test is None else known(test.lower_bound),
        "good enough": verdict_words(test) or EVERY,
    }
    for k, value in enumerate(trial.f1_per_class):
        row[f"F1 of {classes[k] if k < len(classes) else k + 1}"] = known(value.mean)
    return row


def interval_cells(name: str, value: Interval | None) -> Row:
    """Return a value with its interval; None where there is none."""
    if value is None:
        return {name: None, f"{name} low": None, f"{name} high": None}
    return {
        name: known(value.mean),
        f"{name} low": known(value.low),
        f"{name} high": known(value.high),
    }


def known(value: float) -> float | None:
    """Return a number, None for what is not known."""
    return value if math.isfinite(value) else None
