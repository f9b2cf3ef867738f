"""What to know of a merge beyond each candidate's reason, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pxcore.panel.staged.finished import FinishedRun

__all__ = ["looks_notes", "parted_notes", "verdict_notes"]


def looks_notes(ranks: Mapping[str, Sequence[tuple[int, int]]], *, scaled: bool) -> tuple[str, ...]:
    """Return what it means that some markers were looked at in more runs than others.

    ``ranks``: by marker, one entry a run that saw it.
    """
    counts = [len(own) for own in ranks.values() if own]
    if not counts or min(counts) == max(counts):
        return ()
    where = f"Candidates sit in {min(counts)} to {max(counts)} runs, and the best of more looks is "
    if scaled:
        told = "larger by chance: each was lowered by what chance adds beyond the fewest looks."
    else:
        told = (
            "better by chance: ranks favour those in more runs a little. Bridge markers that are "
            "clear in every run put the runs on one scale, where this is corrected."
        )
    return (where + told,)


def verdict_notes(finished: Sequence[FinishedRun], wanted: Sequence[str]) -> tuple[str, ...]:
    """Return where a verdict has no decoys to be held against, and that none was taken.

    ``wanted``: what the rule takes.
    """
    notes = []
    bare = [str(run.number) for run in finished if not run.against_decoys]
    if bare:
        runs = f"Run {bare[0]} was" if len(bare) == 1 else f"Runs {', '.join(bare)} were"
        notes.append(
            f"{runs} ranked without decoys: informative means only above 0 there, and values that "
            "are no drop in F1 are never informative. Rank again with decoys, or go by the top m."
        )
    if not wanted:
        notes.append(
            "By verdict the rule takes no candidate: none is informative without a stand-in that "
            "goes in anyway. Go by the top m, take some by hand, or rank with more folds."
        )
    return tuple(notes)


def parted_notes(finished: Sequence[FinishedRun], taken: Sequence[str]) -> tuple[str, ...]:
    """Return a warning for every pair that works only together and of which one is left out."""
    pairs = dict.fromkeys(tuple(sorted(p)) for run in finished for p in run.only_together)
    return tuple(
        f"{first} and {second} work only together, but only one of them goes into the final run."
        for first, second in pairs
        if (first in taken) != (second in taken)
    )
