"""What may be asked of a run's panels: the user's wishes, the panel sheet's, and what took part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pxcore.errors import PanelError
from pxcore.panel.constraints import check_constraints, from_sheet, names_of, real_channels
from pxcore.panel.top import check_top
from pxcore.runs.method_names import method_name
from pxcore.runs.panels.tasks import everything
from pxcore.types import RunSpec
from pxcore.types.panel import Constraints


def wishes(spec: RunSpec, asked: Constraints) -> Constraints:
    """Return what was asked and what the panel sheet says, within the channels that took part.

    Channels that took no part are excluded: nothing is known of them.

    Raises
    ------
    PanelError
        For constraints that no panel can meet, a channel named twice, and one to keep that took no
        part in the run.
    """
    _check_doubled(spec, asked)
    joined = from_sheet(spec.panel, asked)
    check_constraints(spec.panel, joined)
    seen = everything(spec)
    absent = [c for c in joined.must_keep if c not in seen]
    if absent:
        message = (
            f"{names_of(spec.panel, absent)} must be kept but took no part in this run, which has "
            f"{names_of(spec.panel, seen)}; expected channels of the run: rank that channel in a "
            "new run and ask there, or do not keep it"
        )
        raise PanelError(message)
    unseen = {c for c in real_channels(spec.panel) if c not in seen}
    within = replace(joined, exclude=tuple(sorted(unseen.union(joined.exclude))))
    check_constraints(spec.panel, within)
    return within


def checked_panel(spec: RunSpec, members: tuple[int, ...]) -> tuple[int, ...]:
    """Return the channels of one panel, ascending.

    Raises PanelError for none, one named twice, and one that took no part in the run.
    """
    seen = everything(spec)
    outside = [c for c in members if c not in seen]
    doubled = [c for c in members if members.count(c) > 1]
    if not members or outside or doubled:
        found = "no channel"
        if outside:
            found = f"channel {_named(spec, outside[0])}"
        elif doubled:
            found = f"channel {_named(spec, doubled[0])} twice"
        message = (
            f"a panel has {found}; expected different ones among {names_of(spec.panel, seen)}, at "
            "least one: correct the panel"
        )
        raise PanelError(message)
    return tuple(sorted(members))


def compared(
    spec: RunSpec,
    wanted: Constraints,
    before: Sequence[tuple[str, int]],
    asked: Sequence[tuple[str, int]],
) -> tuple[tuple[str, int], ...]:
    """Return what is compared as in the paper: methods of the run, and numbers of leading stains.

    What an earlier question compared stays, unless it no longer fits what is wanted.

    Raises
    ------
    PanelError
        For a ranking that the run does not have, and a number of stains that no panel can have.
    """
    offered = tuple(c for c in everything(spec) if c not in wanted.exclude)
    have = {method_name(one) for one in spec.methods}
    for name, m in asked:
        if name not in have:
            message = f"the run has no ranking {name!r}; it has {', '.join(sorted(have))}"
            raise PanelError(message)
        check_top(spec.panel, m, wanted, offered)

    def fits(m: int) -> bool:
        try:
            check_top(spec.panel, m, wanted, offered)
        except PanelError:
            return False
        return True

    kept = [(name, m) for name, m in before if name in have and fits(m)]
    return tuple(dict.fromkeys((*kept, *asked)))


def _check_doubled(spec: RunSpec, asked: Constraints) -> None:
    for what, members in (("to keep", asked.must_keep), ("to exclude", asked.exclude)):
        doubled = [c for c in members if members.count(c) > 1]
        if doubled:
            name = _named(spec, doubled[0])
            message = f"channel {name} was named twice among those {what}; name it once"
            raise PanelError(message)


def _named(spec: RunSpec, channel: int) -> str:
    known = 0 <= channel < len(spec.panel)
    return repr(spec.panel.names[channel]) if known else f"number {channel}"
