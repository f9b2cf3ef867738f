"""The screens of a run: all panels in one round, or with many channels a beam, round by round.

Every round is scored by the models of all trainings, and what they say decides the next one. The
first round of a beam shows the sets that channels meet when they are added in random orders, which
gives Shapley values; then the beam goes down from all channels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pxcore.importance.shapley_values import Exact, Sampled
from pxcore.panel import beam
from pxcore.panel.search import MOST_OPTIONAL
from pxcore.panel.worth import Way
from pxcore.runs.panels import tasks as panel_tasks
from pxcore.runs.saved.screen import Screened
from pxcore.runs.tasks import ScreenTask
from pxcore.store.keys import derive_seed
from pxcore.training.metrics import f1_macro
from pxcore.types import Array, RunSpec
from pxcore.types.panel import Members

PAIRS = 32
"""Random orders of the first round, each with its reverse: about 800 panels of 16 channels."""

Load = Callable[[ScreenTask], Screened | None]
"""What a screen said; None while it is not there."""
Round = tuple[ScreenTask, ...]
"""One screen a training, all of the same panels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search as far as it is known."""

    rounds: tuple[Round, ...]
    """The last may still have to be carried out."""
    screens: tuple[Screened, ...]
    """One a training, of all rounds that are there."""
    complete: bool
    """Whether nothing is left to score."""


def beams(spec: RunSpec) -> bool:
    """Return whether a run has too many channels to look at every panel."""
    return len(panel_tasks.optional(spec)) > MOST_OPTIONAL


def searched(spec: RunSpec, load: Load) -> Search:
    """Return the rounds of a run's search, those that stored screens decide among them."""
    first = first_round(spec)
    said = _said(first, load)
    if said is None:
        return Search(rounds=(first,), screens=(), complete=False)
    if not beams(spec):
        return Search(rounds=(first,), screens=said, complete=True)
    return _down(spec, load, first, said)


def first_round(spec: RunSpec) -> Round:
    """Return the screens that are known from the beginning."""
    return panel_tasks.screens(spec, _drawn(spec) if beams(spec) else ())


def way(spec: RunSpec) -> Way:
    """Return how the worth of each optional channel follows from what was screened."""
    free, channels = panel_tasks.optional(spec), panel_tasks.allowed(spec)
    pinned = tuple(c for c in channels if c not in free)
    shares = _orders(spec) if beams(spec) else Exact(len(free))
    return Way(optional=free, pinned=pinned, shares=shares)


def together(rounds: Sequence[Sequence[Screened]]) -> tuple[Screened, ...]:
    """Return several rounds as one screen a training, each panel once, in ascending order."""
    found = []
    for parts in zip(*rounds, strict=True):
        sets = np.concatenate([one.sets for one in parts])
        sets, rows = np.unique(sets, axis=0, return_index=True)
        valid = np.concatenate([one.valid_counts for one in parts])[rows]
        test = np.concatenate([one.test_counts for one in parts])[rows]
        found.append(Screened(sets=sets, valid_counts=valid, test_counts=test))
    return tuple(found)


def _down(spec: RunSpec, load: Load, first: Round, said: tuple[Screened, ...]) -> Search:
    """Return the rounds of a beam, from all channels down, as far as they are there."""
    free, pinned = _places(spec)
    rounds, there = [first], [said]
    search = beam.begin(len(free) + len(pinned), free, pinned)
    known = _scores(said)
    while not search.done:
        new = tuple(members for members in search.proposed if members not in known)
        if new:
            rounds.append(panel_tasks.screens(spec, new))
            more = _said(rounds[-1], load)
            if more is None:
                return Search(rounds=tuple(rounds), screens=together(there), complete=False)
            there.append(more)
            known |= _scores(more)
        scores = np.stack([known[members] for members in search.proposed], axis=-1)  # (2, J, P)
        search = beam.advance(search, scores[0], scores[1])
    return Search(rounds=tuple(rounds), screens=together(there), complete=True)


def _said(tasks: Round, load: Load) -> tuple[Screened, ...] | None:
    """Return what the screens of one round say; None unless all are there."""
    found = [load(task) for task in tasks]
    there = tuple(one for one in found if one is not None)
    return there if len(there) == len(found) else None


def _scores(said: Sequence[Screened]) -> dict[Members, Array]:
    """Return validation and test F1 (2, J) of each panel, channels as the networks see them."""
    valid = np.stack([f1_macro(one.valid_counts) for one in said])  # (J, S)
    test = np.stack([f1_macro(one.test_counts) for one in said])
    both = np.stack([valid, test])
    members = [tuple(int(c) for c in np.flatnonzero(row)) for row in said[0].sets]
    return {one: both[:, :, n] for n, one in enumerate(members)}


def _places(spec: RunSpec) -> tuple[Members, Members]:
    """Return the optional and the pinned channels, counted among those the networks see."""
    seen, free = panel_tasks.allowed(spec), panel_tasks.optional(spec)
    own = tuple(n for n, c in enumerate(seen) if c in free)
    return own, tuple(n for n, c in enumerate(seen) if c not in free)


def _drawn(spec: RunSpec) -> tuple[Members, ...]:
    """Return the panels met in random orders, each once; the empty one too, where none is pinned.

    No channel at all is no panel, but what the models say then is where Shapley values begin.
    """
    free, pinned = _places(spec)
    places = np.asarray(free)
    return tuple(
        tuple(sorted((*pinned, *(int(c) for c in places[row])))) for row in _orders(spec).sets
    )


def _orders(spec: RunSpec) -> Sampled:
    n_free = len(panel_tasks.optional(spec))
    return Sampled.drawn(n_free, derive_seed("screen orders", spec.seed), PAIRS)
