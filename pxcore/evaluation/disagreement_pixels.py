"""Reasons that lie in what a method does to pixels: perturbations, then attributions."""

from __future__ import annotations

from pxcore.evaluation.disagreement_embedding import stops_at_number
from pxcore.evaluation.disagreement_facts import WITHIN_CELL, Facts, Rule, by_verdict, of
from pxcore.types import Where
from pxcore.types.comparison import Column

DIFFERENCES = ("integrated_gradients", "deeplift")
"""Attributions that share out the difference to a reference image."""


def _undisputed(facts: Facts, about: Column, wanted: Where) -> bool:
    """Return whether no run speaks against ``wanted`` in the data set of a ranking."""
    return facts.where(about) <= {wanted} and not facts.not_informative


def _brightness(facts: Facts) -> bool:
    undisputed = _undisputed(facts, facts.lower, Where.AMOUNT)
    return of("pxpermute", "pxpermute_mask")(facts) and facts.lower_finds_nothing and undisputed


def _brightness_said(facts: Facts) -> str:
    said = (
        "Brightness of the whole cell may be what counts: rearranging pixels over the whole "
        "picture spreads it over the background, rearranging them inside the cell outline does "
        "not."
    )
    if not facts.where(facts.lower):
        return said
    return f"{said} {by_verdict(facts, facts.lower, 'The amount is enough')}."


def _amount(facts: Facts) -> bool:
    # Exchange sees both: what counts is what the channel tells where pixels were rearranged.
    exchanged = of("permute_cells", *WITHIN_CELL)(facts)
    return exchanged and _undisputed(facts, facts.lower, Where.AMOUNT)


def _amount_said(facts: Facts) -> str:
    why = "another cell's picture changes how bright the channel is, rearranged pixels keep that."
    if facts.where(facts.lower):
        return f"{by_verdict(facts, facts.lower, 'The amount is enough')}: {why}"
    return f"The amount may count more than the place: {why}"


def _place(facts: Facts) -> bool:
    moved, exchanged = facts.methods
    both = moved in WITHIN_CELL and exchanged == "permute_cells"
    return both and _undisputed(facts, facts.higher, Where.PLACE)


def _place_said(facts: Facts) -> str:
    why = (
        "rearranged pixels may spare channels that are read by their brightness, another cell's "
        "picture spares none, so those can overtake it there."
    )
    if facts.where(facts.higher):
        return f"{by_verdict(facts, facts.higher, 'The place matters')}: {why}"
    return f"The place may count more than in other channels: {why}"


def _foreign(facts: Facts) -> bool:
    moved, exchanged = facts.methods
    both = moved in WITHIN_CELL and exchanged == "permute_cells"
    return both and Where.PLACE not in facts.where(facts.higher)


def _occluded(facts: Facts, fill: str) -> bool:
    other = facts.lower.method_id != "occlusion" and facts.lower.kind != "attribution"
    own = facts.higher.settings.get("fill", "zero") == fill
    return facts.higher.method_id == "occlusion" and other and own


def _flat(facts: Facts) -> bool:
    # Training with channels missing at random shows the models just this picture.
    return _occluded(facts, "mean") and "channel_dropout True" not in facts.higher.model


PERTURBED = (
    Rule(
        "whole_cell_brightness",
        _brightness,
        _brightness_said,
    ),
    Rule("amount_not_place", _amount, _amount_said),
    Rule("place_not_amount", _place, _place_said),
    Rule(
        "rearranged_picture",
        _foreign,
        lambda _f: (
            "Rearranged pixels are pictures that no camera takes: the models may stumble over them "
            "in a channel that they do not need. Another cell's picture is a real one."
        ),
    ),
    Rule(
        "black_picture",
        lambda f: _occluded(f, "zero"),
        lambda _f: (
            "A black picture may be foreign to the models: blanking the channel can then cost more "
            "than the information in it."
        ),
    ),
    Rule(
        "flat_picture",
        _flat,
        lambda _f: (
            "An even grey picture was not shown in training: filling the channel with its mean "
            "may be foreign to the models, and can then cost more than the information in it."
        ),
    ),
)
"""Reasons between perturbations."""


def _attributions(facts: Facts) -> bool:
    return facts.kinds == ("attribution", "attribution")


def _settings(facts: Facts, name: str, default: str) -> tuple[str, str]:
    return facts.higher.settings.get(name, default), facts.lower.settings.get(name, default)


def _references(facts: Facts) -> bool:
    have = all(method in DIFFERENCES for method in facts.methods)
    return have and len(set(_settings(facts, "reference", "mean"))) > 1


def _references_said(facts: Facts) -> str:
    words = {"mean": "the training mean", "zero": "a black picture"}
    first, second = (words.get(one, one) for one in _settings(facts, "reference", "mean"))
    return (
        f"Different reference images ({first}; {second}): each tells what makes the output differ "
        "from that of its own one, and brightness common to all cells counts against black only."
    )


def _only_one_is(facts: Facts, method: str) -> bool:
    return _attributions(facts) and facts.methods.count(method) == 1


ATTRIBUTED = (
    Rule(
        "median_of_background",
        lambda f: (
            f.lower.kind == "attribution"
            and f.lower.settings.get("aggregate") == "signed_median"
            and f.lower_near_zero
        ),
        lambda _f: (
            "The signed median may see background only: where that fills most of the picture, "
            "attributions are near zero, and those of both signs cancel."
        ),
    ),
    Rule(
        "different_aggregate",
        lambda f: _attributions(f) and len(set(_settings(f, "aggregate", "mean_abs"))) > 1,
        lambda _f: (
            "One takes the mean absolute attribution, the other the signed median: they differ "
            "where few pixels carry much, or where both signs occur."
        ),
    ),
    Rule("different_reference", _references, _references_said),
    Rule(
        "one_convolution",
        lambda f: _only_one_is(f, "guided_gradcam"),
        lambda _f: (
            "Guided Grad-CAM sees the map of one convolution only, the last one unless set "
            "otherwise, and drops negative gradients: what the output owes to other layers or to "
            "negative weights may be missing. It also does not count how bright pixels are."
        ),
    ),
    Rule(
        "relevance_rule",
        lambda f: _only_one_is(f, "lrp"),
        lambda _f: (
            "LRP hands the output back by a rule of its own that follows positive weights at "
            "convolutions: what speaks against the class may be missing."
        ),
    ),
    Rule(
        "other_shares",
        lambda f: set(f.methods) == set(DIFFERENCES),
        lambda _f: (
            "Integrated gradients average over pictures on the way from the reference image, "
            "DeepLift compares its two ends: where the model is far from linear they may share "
            "out the same difference in other ways."
        ),
    ),
    Rule(
        "output_not_decision",
        lambda f: (
            set(f.kinds) == {"attribution", "perturbation"}
            and not f.partners
            and not stops_at_number(f)
        ),
        lambda _f: (
            "An attribution asks how strongly the model's output reacts to the pixels, a "
            "perturbation how many cells change their class: a channel can move one without the "
            "other."
        ),
    ),
)
"""Reasons that have to do with attributions."""
