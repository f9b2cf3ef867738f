"""Reasons that lie in the one number that a network makes of each channel."""

from __future__ import annotations

from pxcore.evaluation.disagreement_facts import Facts, Rule

EMBEDDING = "channel_embedding"
"""The method that stops at that number."""


def stops_at_number(facts: Facts) -> bool:
    """Return whether one of the two rankings, and only one, stops at each channel's number."""
    return facts.methods.count(EMBEDDING) == 1


def _against_spoiling(facts: Facts) -> bool:
    spoils = set(facts.kinds) == {"attribution", "perturbation"}
    return stops_at_number(facts) and spoils and not facts.partners


def _against_pixels(facts: Facts) -> bool:
    return stops_at_number(facts) and facts.kinds == ("attribution", "attribution")


def _scalings(facts: Facts) -> bool:
    both = facts.methods == (EMBEDDING, EMBEDDING)
    scalings = {one.settings.get("scaling", "per_image") for one in (facts.higher, facts.lower)}
    return both and len(scalings) > 1


EMBEDDED = (
    Rule(
        "number_not_decision",
        _against_spoiling,
        lambda _f: (
            "One asks how strongly the class reacts to the one number that the network makes of "
            "the channel, the other how many images change their class when the channel is spoilt: "
            "where the network is sure of its answer, the number can matter and no image change."
        ),
    ),
    Rule(
        "number_not_pixels",
        _against_pixels,
        lambda _f: (
            "One stops at the number that the network makes of each channel, the other goes on to "
            "its pixels: few pixels may make a number that counts, and many one that does not."
        ),
    ),
    Rule(
        "scaled_in_each_image",
        _scalings,
        lambda _f: (
            "One brings the gradients of every image to the same range, the other does not: there, "
            "images whose class is nearly undecided may weigh more than all others."
        ),
    ),
)
"""Reasons that have to do with channel embedding."""
