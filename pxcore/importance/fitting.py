"""Which method can explain which model, as a page of the documentation.

    python -m pxcore.importance.fitting docs/methods_by_model.md

writes it anew from the tables of methods and models. Loads no torch.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from pxcore.importance.method import Method
from pxcore.importance.methods import METHODS
from pxcore.models import MODELS, Model
from pxcore.types.runs import Option

_HEAD = """# Which method can explain which model

Written from the code by `python -m pxcore.importance.fitting docs/methods_by_model.md`; a test
explains a small batch with every pair. What each method does: [methods.md](methods.md).
"""
_FOOT = """
**with channel_dropout**: a run that has the method trains a model of this architecture with the
option `channel_dropout` for it. **retrained**: needs one further training for each channel. Every
other entry explains a model trained with `channel_dropout` as well.
"""
_FAULTS = """
## Known faults

Every method is tested on briefly trained networks of every model: the same numbers for a seed,
however cells are grouped and channels ordered; cells and model unchanged; the telling channel
first; and 0 for a channel without any light. What is known not to hold:
"""


def page() -> str:
    """Return the whole page in markdown."""
    names = [f"`{name}`" for name in MODELS]
    rows = [_row(["method", *names]), _row(["---"] * (len(names) + 1))]
    for method, options in _asked():
        name = ":".join([method.id, *(f"{key}={value}" for key, value in options)])
        rows.append(_row([f"`{name}`", *(_entry(method, m, options) for m in MODELS.values())]))
    faults = [
        f"- `{method.id}`, {fault.what.replace('_', ' ')}: {fault.reason}"
        for method in METHODS.values()
        for fault in method.faults
    ]
    return "\n".join([_HEAD, *rows, _FOOT, _FAULTS.strip(), "", *faults, ""])


def _asked() -> Iterator[tuple[Method, tuple[Option, ...]]]:
    """Yield every method, and each of its settings that fits other models than its defaults."""
    for method in METHODS.values():
        yield method, ()
        for option in method.options:
            for choice in option.choices[1:]:
                options: tuple[Option, ...] = ((option.name, choice),)
                if any(_differs(method, model, options) for model in MODELS.values()):
                    yield method, options


def _differs(method: Method, model: Model, options: tuple[Option, ...]) -> bool:
    return bool(method.refusal(model, options)) is not bool(method.refusal(model, ()))


def _entry(method: Method, model: Model, options: tuple[Option, ...]) -> str:
    """Return whether it fits, in words."""
    reason = method.refusal(model, options)
    if reason:
        return f"no: {reason}"
    if method.needs_dropout:
        return "with channel_dropout"
    return "retrained" if method.kind == "retraining" else "yes"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
