"""What each method does to a channel, in words: for sentences and for the titles of axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pxcore.plots.numbers import shortened
from pxcore.plots.text import plain
from pxcore.types import MethodResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """How one method is spoken of; its id before the settings finds it."""

    own: str
    """What is taken from "it"."""
    of_name: str
    """The same with a place for names."""
    axis: str = ""
    """Behind the unit, of "the channel"; empty where ``of_name`` says it."""
    moves: str = "falls"
    """What F1 does."""
    nothing: str
    """What a negligible value means under this method and no other, of ``{names}``; ``{s}`` is
    the end of a verb that follows one name, ``{be}`` is "is" or "are"."""
    broad: str = ""
    """Said instead of ``nothing`` where nothing else in the run finds the channel informative: of
    a method that takes all that a channel tells."""
    acts: bool = True
    """Whether ``nothing`` says what was done to the channel: the number need not say it again."""


METHODS = {
    "pxpermute": Words(
        own="when its pixels are scattered over the picture,",
        of_name="when the pixels of {} are scattered over the picture",
        nothing="Scattering the pixels of {names} over the picture has a negligible effect",
    ),
    "pxpermute_mask": Words(
        own="without its structure inside the cell",
        of_name="without the structure of {} inside the cell",
        axis="when the channel's pixels are rearranged inside the cell",
        nothing="The place of {names} inside the cell has a negligible effect",
    ),
    "permute_cells": Words(
        own="with another cell's image in its place",
        of_name="with another cell's image in place of {}",
        axis="with another cell's image in the channel",
        nothing="Another cell's image in place of {names} has a negligible effect",
        broad="{names} {be} negligible",
    ),
    "occlusion": Words(
        own="when it is blanked out",
        of_name="when {} is blanked out",
        nothing="Blanking out {names} has a negligible effect",
    ),
    "leave_one_out": Words(
        own="trained without it,",
        of_name="when the models are trained without {}",
        nothing="What {names} tell{s} beyond the other channels is negligible",
        acts=False,
    ),
    "shapley": Words(
        own="with it added (averaged over every set of the others)",
        of_name="with {} added (averaged over every set of the others)",
        axis="that the channel adds, averaged over every set of the others",
        moves="rises",
        nothing="What {names} add{s}, averaged over every set of the others, is negligible",
        acts=False,
    ),
}
"""Methods measured in F1. Those measured in attribution are told by their unit."""
PERTURBED = Words(
    own="when it is perturbed",
    of_name="when {} is perturbed",
    nothing="Perturbing {names} has a negligible effect",
)


def nothing_said(method: str, names: Sequence[str], *, found_elsewhere: bool) -> str:
    """Return what a negligible value of some channels means under a method, as a clause.

    Parameters
    ----------
    names
        As a person reads them, few enough to be listed.
    found_elsewhere
        Whether something else in the run finds these channels informative.
    """
    said = words(method)
    text = said.broad if said.broad and not found_elsewhere else said.nothing
    one = len(names) == 1
    return text.format(names=shortened(names), s="s" if one else "", be="is" if one else "are")


def act_said(method: str, *, found_elsewhere: bool) -> bool:
    """Return whether `nothing_said` of the same tells what the method did to the channel."""
    said = words(method)
    return said.acts and (found_elsewhere or not said.broad)


def words(method: str) -> Words:
    """Return how a method of a run (``occlusion:fill=mean``) is spoken of."""
    return METHODS.get(method.partition(":")[0], PERTURBED)


def in_f1(result: MethodResult) -> bool:
    """Return whether a method's values are F1; else they are attributions of some scale."""
    return "F1" in result.importance.unit


def axis_title(result: MethodResult) -> str:
    """Return what the axis of a ranking shows, as plotly text."""
    unit = plain(result.importance.unit)
    if not in_f1(result):
        return f"{unit} of the channel ({plain(result.label)})"
    said = words(result.method)
    return f"{unit} {said.axis or said.of_name.format('the channel')} ({plain(result.label)})"


def score_name(result: MethodResult) -> str:
    """Return what falls or rises: ``F1``."""
    return result.importance.unit.removeprefix("drop in ")
