"""How well the models behind a ranking do, and over which classes."""

from __future__ import annotations

from pxcore.evaluation.judged_f1 import judged_f1
from pxcore.plots.numbers import count, shortened, with_interval
from pxcore.plots.text import one_line
from pxcore.types import MethodResult, RunResult


def reached(result: RunResult, method: MethodResult) -> str:
    """Return F1 of the models with the classes that it is a mean over, as a clause.

    F1-macro counts every class; where the ranking leaves small ones out, these are named with
    their held-out cells, and F1 over the others, which the verdicts rest on, stands beside it.
    """
    performance, small = result.behind(method), method.ranking.small_classes
    text = f"F1 {with_interval(performance.f1_macro)} over {_all(len(performance.f1_per_class))}"
    if not small:
        return text
    first, *others = (performance.n_per_class[k] for k in small)
    cells = [count(first, "cell"), *(f"{number:,}" for number in others)]
    few = [
        f"{one_line(result.spec.classes[k], 40)} ({number})"
        for k, number in zip(small, cells, strict=True)
    ]
    over, used = judged_f1(performance, method)
    text = f"{text}, including {shortened(few)},"
    if used == len(performance.f1_per_class):
        return text
    return f"{text} and {with_interval(over)} over the {used} that the ranking uses,"


def rests_on(result: RunResult, method: MethodResult) -> str:
    """Return what a run's answer rests on: F1, cells, folds, repeats, and how to read brackets."""
    performance, repeats = result.behind(method), method.importance.repeats
    held_out = sum(performance.n_per_class)
    span = (
        f"{min(repeats)}" if min(repeats) == max(repeats) else f"{min(repeats)} to {max(repeats)}"
    )
    repeated = f", {span} repeats each" if max(repeats) > 1 else ""
    models = f"models of this method ({one_line(method.model)})" if method.model else "models"
    return (
        f"The {one_line(models, 160)} reach {one_line(reached(result, method), 400)} on "
        f"{count(held_out, 'cell')} they never saw ({count(len(repeats), 'fold')}{repeated}). "
        "Brackets: 95 % interval over folds, corrected for shared training cells."
    )


def _all(n_classes: int) -> str:
    return "both classes" if n_classes == 2 else f"all {n_classes} classes"
