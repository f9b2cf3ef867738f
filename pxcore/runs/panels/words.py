"""The advice on a panel as text, tables and JSON: the same numbers for terminal and file."""

from __future__ import annotations

from collections.abc import Mapping

from pxcore.panel.curves import summary
from pxcore.panel.said import at_most, with_interval
from pxcore.panel.words import lower_bound, sentence
from pxcore.plots.panel_compare import chosen_words, name_of, verdict_words
from pxcore.plots.panel_removal import DIRECTIONS
from pxcore.plots.panel_words import screen_words
from pxcore.runs.evidence_rows import interval_json, number
from pxcore.runs.panels.result import PanelFindings
from pxcore.types.panel import Compared, PanelAdvice, PanelTest, PanelTrial

Rows = tuple[tuple[str, ...], ...]


def told(found: PanelFindings, advice: PanelAdvice) -> list[str | Rows]:
    """Return the answer in words, what each stain buys, and one reason a channel."""
    panel = found.spec.panel
    parts: list[str | Rows] = [sentence(advice, panel)]
    rows = [("panel", "F1-macro (95 %)", "lower than all by at most", "good enough")]
    tests = {test.members: test for test in advice.tests}
    for trial in sorted(found.evidence.trials, key=lambda one: -len(one.members)):
        test = tests.get(trial.members)
        bound = "" if test is None else at_most(test.lower_bound)
        good = verdict_words(test)
        rows.append((_named(found, trial), with_interval(trial.f1_macro), bound, good))
    parts.append(tuple(rows))
    parts += [one.reason for one in advice.channels]
    if found.curves:
        head = ("order", "direction", "mean F1 over the steps")
        lines = [
            (row.label, DIRECTIONS.get(row.direction, row.direction), with_interval(row.mean_f1))
            for row in summary(found.curves, found.evidence.sizes)
        ]
        parts.append((head, *lines))
    if len(found.compared) > 1:
        parts.append(_compared_rows(found, advice))
    parts += list(advice.notes)
    parts.append(f"{found.trained} trainings, {found.reused} of them were there already")
    if found.screen is not None:
        parts.append(screen_words(found.screen))
    if found.screen_error is not None:
        error = found.screen_error
        parts.append(
            f"screen less retrained F1: mean {error.mean:+.3f}, largest {error.largest:+.3f} "
            f"over {error.n_panels} panels"
        )
    return parts


def advice_json(found: PanelFindings, advice: PanelAdvice) -> Mapping[str, object]:
    """Return what ``python -m pxcore panel --json`` writes; never NaN."""
    names = found.spec.panel.names
    best = advice.recommended
    error = found.screen_error
    return {
        "run_id": found.run_id,
        "recommended": None if best is None else [names[c] for c in best.members],
        "full": [names[c] for c in advice.full.members],
        "lower_bound": number(lower_bound(advice)),
        "margin": advice.constraints.margin,
        "f1": {
            "recommended": None if best is None else interval_json(best.f1_macro),
            "full": interval_json(advice.full.f1_macro),
        },
        "alternatives": [[names[c] for c in one.members] for one in advice.alternatives],
        "verdicts": {
            names[one.channel]: {"advised": str(one.advised), "reason": one.reason}
            for one in advice.channels
        },
        "tests": [
            {"panel": [names[c] for c in test.members], **_test_json(test)} for test in advice.tests
        ],
        "comparison": [_compared_json(found, *row) for row in found.beside(advice)],
        "cost": advice.cost,
        "saved": advice.saved,
        "trainings": {"needed": found.trained, "reused": found.reused},
        "screened": None
        if found.screen is None
        else {"panels": len(found.screen.sets), "all": found.screen.complete},
        "worth": {names[one.channel]: interval_json(one.value) for one in found.worth},
        "screen_error": None
        if error is None
        else {"mean": number(error.mean), "largest": number(error.largest)},
        "sentence": sentence(advice, found.spec.panel),
        "notes": list(advice.notes),
    }


def _compared_rows(found: PanelFindings, advice: PanelAdvice) -> Rows:
    """Return the comparison of panels as in the paper."""
    panel = found.spec.panel
    rows = [("compared", "F1-macro (95 %)", "channels", "beside all channels")]
    for one, test in found.beside(advice):
        words = verdict_words(test)
        f1 = with_interval(one.trial.f1_macro)
        rows.append((name_of(panel, one), f1, chosen_words(panel, one), words))
    return tuple(rows)


def _compared_json(
    found: PanelFindings, one: Compared, test: PanelTest | None
) -> Mapping[str, object]:
    names, trial = found.spec.panel.names, one.trial
    panels = trial.chosen or (trial.members,)
    return {
        "what": str(one.what),
        "method": one.method or None,
        "top": one.top or None,
        "panels": [[names[c] for c in members] for members in panels],
        "f1_macro": interval_json(trial.f1_macro),
        "f1_micro": interval_json(trial.f1_micro),
        "accuracy": interval_json(trial.f1_micro),
        "f1_per_class": {
            name: interval_json(value)
            for name, value in zip(found.spec.classes, trial.f1_per_class, strict=True)
        },
        **_test_json(test),
    }


def _test_json(test: PanelTest | None) -> Mapping[str, object]:
    """Return a test; of the full panel, which has none, every value is null."""
    return {
        "difference": None if test is None else interval_json(test.difference),
        "lower_bound": None if test is None else number(test.lower_bound),
        "good_enough": None if test is None else test.good_enough,
        "reached": None if test is None else test.reached,
    }


def _named(found: PanelFindings, trial: PanelTrial) -> str:
    if trial.members == found.evidence.full.members:
        return "all channels"
    return ", ".join(found.spec.panel.names[c] for c in trial.members)
