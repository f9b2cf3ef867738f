"""The same run with one more question: what is already there is reused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from pxcore.errors import PanelError, RunError
from pxcore.people.rights import require_member
from pxcore.runs import drafts, ledger
from pxcore.store.home import Store
from pxcore.types import Estimate, MethodSpec, RunSpec, RunState

Group = tuple[int, ...]
PLACE_AND_AMOUNT = ("permute_cells", "pxpermute_mask")
"""Methods whose drops part what a stain tells by its place from what by its amount."""


def with_gates(spec: RunSpec) -> RunSpec:
    """Return the run with the sanity checks of its methods."""
    return _titled(replace(spec, gates=True), "with sanity checks")


def with_redundancy(spec: RunSpec) -> RunSpec:
    """Return the run with channels exchanged two at a time, to find those that say the same."""
    return _titled(replace(spec, redundancy=True), "with redundancy")


def with_where(spec: RunSpec) -> RunSpec:
    """Return the run with the methods that tell a stain's place from its amount.

    A method that is there keeps its settings.
    """
    there = {method.id for method in spec.methods}
    added = tuple(MethodSpec(id=name) for name in PLACE_AND_AMOUNT if name not in there)
    return _titled(replace(spec, methods=(*spec.methods, *added)), "with where or how much")


def with_leakage(spec: RunSpec) -> RunSpec:
    """Return the run with trainings on folds dealt cell by cell, to show what donors leak."""
    return _titled(replace(spec, leakage=True), "with the leakage gap")


def left_out(spec: RunSpec, groups: Sequence[Group]) -> RunSpec:
    """Return the run with trainings without these groups of channels beside those it has.

    ``groups``: positions in the data set's panel. Raises PanelError for none.
    """
    asked = [tuple(sorted(group)) for group in groups]
    if not asked:
        message = "no channels were given to train without; name at least one"
        raise PanelError(message)
    told = "; ".join(", ".join(_names(spec, group)) for group in asked)
    every = tuple(dict.fromkeys((*spec.leave_out, *asked)))
    return _titled(replace(spec, leave_out=every), f"without {told}")


def follow_up(
    store: Store, run_id: str, what: str, groups: Sequence[Group] = (), owner: str = ""
) -> str:
    """Return the id of a run that asks one thing more of an earlier one, queued.

    Where an equal run exists that did not fail, its id comes back instead.

    Parameters
    ----------
    what
        ``gates``, ``redundancy``, ``leakage``, ``where`` or ``left_out``.
    groups
        For ``left_out``: channels to train without, each group by itself.
    owner
        Who asks; empty for the earlier run's owner.

    Raises
    ------
    RunError
        For an unknown run or question; and all that submitting raises.
    """
    earlier = ledger.record(store, run_id)
    asked = _asked(earlier.spec, what, groups)
    spec = drafts.frozen_spec(store, replace(asked, owner=owner or asked.owner))
    return submit_once(store, spec, private=earlier.private)


def submit_once(store: Store, spec: RunSpec, *, private: bool = False) -> str:
    """Return the id of a run of this frozen spec: an equal one that did not fail, or a new one.

    ``private``: whether both are; what follows a private run is private as well.
    """
    require_member(store, "Starting a run")
    for found in ledger.records(store):
        ended_badly = found.row.state in (RunState.FAILED, RunState.CANCELLED)
        alike = found.private == private and _plain(found.spec) == _plain(spec)
        if not ended_badly and alike:
            return found.id
    return ledger.submit(store, spec, private=private)


def estimate(store: Store, run_id: str, what: str, groups: Sequence[Group] = ()) -> Estimate:
    """Return what a follow-up would cost, and how many of its steps are already there.

    Raises what ``follow_up`` raises, so that a page can say why before anybody asks for it.
    """
    asked = _asked(ledger.record(store, run_id).spec, what, groups)
    drafts.check(store, asked)
    return drafts.estimate(store, asked)


def _asked(earlier: RunSpec, what: str, groups: Sequence[Group]) -> RunSpec:
    """Return a run's spec with one question more."""
    questions: Mapping[str, Callable[[RunSpec], RunSpec]] = {
        "gates": with_gates,
        "redundancy": with_redundancy,
        "leakage": with_leakage,
        "where": with_where,
        "left_out": lambda spec: left_out(spec, groups),
    }
    if earlier.clusters is not None:
        message = (
            "a run that clusters cells ranks no channels of a classifier: name its clusters, and "
            "start a run on the data set that is made of them"
        )
        raise RunError(message)
    if what not in questions:
        message = f"nothing is known to follow a run as {what!r}; there is {', '.join(questions)}"
        raise RunError(message)
    return questions[what](earlier)


def _plain(spec: RunSpec) -> RunSpec:
    """Return a spec without what decides no number, for comparison."""
    return replace(spec, title="", owner="", priority=0, preset="", leave_out=_unordered(spec))


def _unordered(spec: RunSpec) -> tuple[Group, ...]:
    return tuple(sorted(spec.leave_out))


def _names(spec: RunSpec, group: Group) -> list[str]:
    names = spec.panel.names
    return [names[c] if 0 <= c < len(names) else f"number {c}" for c in group]


def _titled(spec: RunSpec, words: str) -> RunSpec:
    """Return the spec with what was added in its title, once."""
    if words in spec.title:
        return spec
    return replace(spec, title=", ".join(part for part in (spec.title, words) if part))
