"""From words on the command line to the candidates and the instrument of a staged plan."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pxcore.api import Lab
from pxcore.errors import PanelError
from pxcore.panel.staged.candidates import marked
from pxcore.panel.staged.instruments import INSTRUMENTS, channel_numbers
from pxcore.panel.staged.matching import marker_key
from pxcore.types.staged import Candidate, Instrument


def candidates_from(lab: Lab, markers: str, dataset: str) -> tuple[Candidate, ...]:
    """Return candidates from a file, a pipe (``-``) or a data set; PanelError for none or both."""
    if bool(markers) == bool(dataset):
        message = (
            "candidate markers come from one place: give a file with markers (or - to pipe them "
            "in), or --dataset with the id of a data set"
        )
        raise PanelError(message)
    if dataset:
        return lab.staged.from_dataset(dataset)
    if markers == "-":
        return lab.staged.pasted(sys.stdin.read())
    try:
        return lab.staged.pasted(Path(markers).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        message = f"the markers in {markers} cannot be read: {why}; give a text file, or - to pipe"
        raise PanelError(message) from error


def with_marks(
    candidates: Sequence[Candidate], names: tuple[str, str, str]
) -> tuple[Candidate, ...]:
    """Return the candidates with these marks besides those that they have.

    ``names``: those to keep, always on, bridges.
    """
    keep, on, bridges = (names_in(one) for one in names)
    return marked(
        candidates,
        must_keep=[*keep, *(one.marker for one in candidates if one.must_keep)],
        always_on=[*on, *(one.marker for one in candidates if one.always_on)],
        bridges=[*bridges, *(one.marker for one in candidates if one.bridge)],
    )


def with_prices(candidates: Sequence[Candidate], words: Sequence[str]) -> tuple[Candidate, ...]:
    """Return the candidates with prices such as ``CD3=1.20``."""
    found = {marker_key(one.marker): one for one in candidates}
    for word in words:
        marker, _, price = word.rpartition("=")
        try:
            cost = float(price.replace(",", "."))
        except ValueError as error:
            message = f"--cost is {word!r}; give a marker and a price, such as CD3=1.20"
            raise PanelError(message) from error
        if marker_key(marker) not in found:
            names = ", ".join(one.marker for one in candidates)
            message = f"--cost names {marker!r}, which is no candidate; there is {names}"
            raise PanelError(message)
        found[marker_key(marker)] = replace(found[marker_key(marker)], cost=cost)
    return tuple(found.values())


def instrument_from(lab: Lab, name: str, slots: int, fixed: tuple[str, str]) -> Instrument:
    """Return a known instrument, or another one with its brightfield and darkfield channels."""
    if slots or name == "other" or any(fixed):
        brightfield, darkfield = (channel_numbers(one) for one in fixed)
        return lab.staged.other_instrument(slots, brightfield, darkfield)
    return INSTRUMENTS[name]


def names_in(words: str) -> list[str]:
    """Return names parted by commas."""
    return [name.strip() for name in words.split(",") if name.strip()]
