"""Candidate markers: from a panel, marked, and checked once before anything is planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pxcore.errors import PanelError
from pxcore.evaluation.numbers import count
from pxcore.panel.staged.matching import marker_key
from pxcore.types.cells import Panel, Role
from pxcore.types.staged import Candidate, Instrument

__all__ = ["candidates_of", "check_candidates", "distinct", "marked"]

MOST = 200
"""Candidates of one plan."""
LONGEST = 80
"""Letters of a marker."""


def candidates_of(panel: Panel) -> tuple[Candidate, ...]:
    """Return the candidates that a panel's stains are; viability dyes are always on.

    Stain-free channels, decoys and channels marked ``exclude`` are none. A channel without a
    marker goes by its name.

    Raises
    ------
    PanelError
        When the panel has no stain, or two channels show the same marker.
    """
    stains = [
        channel
        for channel in panel.channels
        if channel.role in (Role.STAIN, Role.VIABILITY) and not channel.exclude
    ]
    return distinct(
        [
            Candidate(
                marker=(channel.marker or channel.name).strip(),
                clone=channel.clone,
                fluorochrome=channel.fluorochrome,
                cost=channel.cost,
                must_keep=channel.must_keep,
                always_on=channel.role is Role.VIABILITY,
            )
            for channel in stains
        ]
    )


def marked(
    candidates: Sequence[Candidate],
    *,
    must_keep: Sequence[str] = (),
    always_on: Sequence[str] = (),
    bridges: Sequence[str] = (),
) -> tuple[Candidate, ...]:
    """Return the candidates with these marks, and no others; names as in `marker_key`.

    A bridge is always on.

    Raises
    ------
    PanelError
        When a name is no candidate.
    """
    known = {marker_key(candidate.marker) for candidate in candidates}
    said = (("must keep", must_keep), ("always on", always_on), ("bridge", bridges))
    for what, names in said:
        for name in names:
            if marker_key(name) not in known:
                message = (
                    f"{name!r}, to be marked as {what}, is no candidate; there is "
                    f"{', '.join(candidate.marker for candidate in candidates)}. Add it to the "
                    "candidates or take it from this choice"
                )
                raise PanelError(message)
    keep, on, bridge = ({marker_key(name) for name in names} for _, names in said)
    return tuple(
        replace(
            candidate,
            must_keep=(key := marker_key(candidate.marker)) in keep,
            always_on=key in on | bridge,
            bridge=key in bridge,
        )
        for candidate in candidates
    )


def check_candidates(candidates: Sequence[Candidate], instrument: Instrument) -> int:
    """Return how many slots of a run are free for candidates that are not always on.

    Raises
    ------
    PanelError
        For doubled or empty names, when the always-on markers leave no slot, when every marker
        is always on, or when what must be kept does not fit into one panel.
    """
    distinct(candidates)
    on = [candidate.marker for candidate in candidates if candidate.always_on]
    slots = instrument.stain_slots
    if len(on) >= slots:
        message = (
            f"{count(len(on), 'marker is', 'markers are')} always on ({', '.join(on)}) and "
            f"{instrument.label!r} has {count(slots, 'slot')} for stains, so none is left for a "
            "candidate; let fewer be always on or choose an instrument with more channels"
        )
        raise PanelError(message)
    if len(on) == len(candidates):
        message = (
            f"all {len(on)} markers are always on, so there is nothing to choose; add candidates "
            "that are not"
        )
        raise PanelError(message)
    kept = [c.marker for c in candidates if c.must_keep or c.always_on]
    if len(kept) > slots:
        message = (
            f"{len(kept)} markers must be kept or are always on ({', '.join(kept)}), but a panel "
            f"of {instrument.label!r} holds {count(slots, 'stain')}; let fewer be kept"
        )
        raise PanelError(message)
    return slots - len(on)


def distinct(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return the candidates when every name is usable and different from the others."""
    if not 0 < len(candidates) <= MOST:
        message = f"there are {len(candidates)} candidate markers; expected 1 to {MOST}"
        raise PanelError(message)
    seen: dict[str, str] = {}
    for number, candidate in enumerate(candidates, start=1):
        key = marker_key(candidate.marker)
        if not key or len(candidate.marker) > LONGEST:
            message = (
                f"candidate {number} has no name or one above {LONGEST} letters "
                f"({candidate.marker[:20]!r}); give every candidate a marker"
            )
            raise PanelError(message)
        if key in seen:
            message = (
                f"candidate {candidate.marker!r} comes twice (also as {seen[key]!r}); letter case, "
                "blanks and hyphens do not tell markers apart: take one of them out"
            )
            raise PanelError(message)
        seen[key] = candidate.marker
    return tuple(candidates)
