"""Rankings of finished runs as the columns of a comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pxcore.errors import PxError, RunError
from pxcore.evaluation.comparison import Asked, column_of, compared
from pxcore.types import RunResult
from pxcore.types.comparison import Column, Comparison, Item

__all__ = ["column", "compared_items"]


def compared_items(
    items: Sequence[Item], load: Callable[[Item], Column], asked: Asked
) -> Comparison:
    """Return rankings side by side.

    One that ``load`` refuses with a PxError is named in ``missing`` and keeps nobody else out.
    """
    found: list[Column] = []
    missing: list[tuple[Item, str]] = []
    for item in items:
        try:
            found.append(load(item))
        except PxError as error:
            missing.append((item, str(error)))
    return compared(found, missing, asked)


def column(run: RunResult, item: Item) -> Column:
    """Return one method of a run. Raises RunError when the run does not have it."""
    for method in run.methods:
        if method.method == item.method:
            return column_of(run, method)
    there = ", ".join(method.method for method in run.methods)
    message = f"run {item.run_id!r} has no method {item.method!r}; it has {there}"
    raise RunError(message)
