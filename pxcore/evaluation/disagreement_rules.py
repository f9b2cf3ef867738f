"""Why two methods can rank one channel differently: facts in, a reason in plain words out.

A rule does not prove its reason. It holds where what is known of the two rankings fits: which
method each is, its settings, verdict and value of the channel, which channels say the same, and
whether cells and models are the same. Every rule that holds is told, the different cells and
models first, because nothing about the methods is certain then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pxcore.types import Ranking, Verdict
from pxcore.types.comparison import Column, Reason

NEAR_ZERO = 0.1
"""Share of a method's largest value below which a value is near zero. Our choice."""
WITHIN_CELL = ("pxpermute", "pxpermute_mask")
"""Methods that move pixels and leave each cell its own brightness."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One channel that ``higher`` ranks surely higher than ``lower`` does."""

    higher: Column
    lower: Column
    at_higher: int
    """The channel's position in the panel of ``higher``."""
    at_lower: int
    partners: tuple[str, ...] = ()
    """Names of channels that one of the runs found to say the same."""

    @property
    def same_data(self) -> bool:
        """True when both rankings are of one data set."""
        return self.higher.run.dataset_id == self.lower.run.dataset_id

    @property
    def kinds(self) -> tuple[str, str]:
        """Kind of the method that ranks it higher, then of the other."""
        return self.higher.kind, self.lower.kind

    @property
    def lower_finds_nothing(self) -> bool:
        """True when the lower ranking does not call the channel informative."""
        return self.lower.ranking.verdict[self.at_lower] is not Verdict.INFORMATIVE


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason: when it applies, and what it says."""

    id: str
    holds: Callable[[Facts], bool]
    says: Callable[[Facts], str]


def reasons(facts: Facts) -> tuple[Reason, ...]:
    """Return every reason whose rule holds; that none is known where none does."""
    found = tuple(
        Reason(id=rule.id, sentence=rule.says(facts)) for rule in RULES if rule.holds(facts)
    )
    return found or (Reason(id="unknown", sentence=UNKNOWN),)


def _of(first: str, *seconds: str) -> Callable[[Facts], bool]:
    """Return whether ``first`` ranks it higher than one of ``seconds``."""
    return lambda f: f.higher.method_id == first and f.lower.method_id in seconds


def _filled(facts: Facts) -> str:
    return facts.higher.settings.get("fill", "zero")


def _black(facts: Facts) -> bool:
    other = facts.lower.method_id != "occlusion" and facts.lower.kind != "attribution"
    return facts.higher.method_id == "occlusion" and other and _filled(facts) == "zero"


def _flat(facts: Facts) -> bool:
    other = facts.lower.method_id != "occlusion" and facts.lower.kind != "attribution"
    return facts.higher.method_id == "occlusion" and other and _filled(facts) != "zero"


def _median(facts: Facts) -> bool:
    lower = facts.lower
    return (
        lower.kind == "attribution"
        and "signed_median" in lower.settings.values()
        and _near_zero(lower.ranking, facts.at_lower)
    )


def _near_zero(ranking: Ranking, channel: int) -> bool:
    """Return whether a value is small beside the largest one of its ranking."""
    largest = max(abs(value) for value in ranking.mean)
    return abs(ranking.mean[channel]) <= NEAR_ZERO * largest


def _partners(facts: Facts) -> str:
    return " and ".join(facts.partners[:3])


UNKNOWN = (
    "No rule here explains it. Look at what each method does to this channel, class by class, "
    "before trusting either."
)
RULES = (
    Rule(
        "different_data",
        lambda f: not f.same_data,
        lambda f: (
            f"Different cells: {f.higher.run.dataset_title} and {f.lower.run.dataset_title}. "
            "Their classes, staining or instrument may differ, so this need not be the methods."
        ),
    ),
    Rule(
        "different_model",
        lambda f: f.higher.model != f.lower.model,
        lambda f: (
            f"Different models ({f.higher.model}; {f.lower.model}): each may use another "
            "channel for the same answer."
        ),
    ),
    Rule(
        "different_training",
        lambda f: (
            f.same_data
            and f.higher.model == f.lower.model
            and f.higher.item.run_id != f.lower.item.run_id
        ),
        lambda _f: (
            "Two runs: their folds, seeds or training settings may differ, and so the models."
        ),
    ),
    Rule(
        "whole_cell_brightness",
        lambda f: _of("pxpermute", "pxpermute_mask")(f) and f.lower_finds_nothing,
        lambda _f: (
            "Brightness of the whole cell: rearranging pixels over the whole picture spreads it "
            "over the background; rearranged inside the cell outline nothing is lost, so where "
            "in the cell the signal lies does not show."
        ),
    ),
    Rule(
        "amount_not_place",
        _of("permute_cells", *WITHIN_CELL),
        lambda _f: (
            "The amount counts more than the place: another cell's picture changes how bright "
            "the channel is, rearranged pixels keep that."
        ),
    ),
    Rule(
        "black_picture",
        _black,
        lambda _f: (
            "A black picture was never seen in training: blanking the channel shows the models "
            "something foreign, which can cost more than the information in it."
        ),
    ),
    Rule(
        "flat_picture",
        _flat,
        lambda _f: (
            "An even grey picture was never seen in training: filling the channel with its mean "
            "shows the models something foreign, which can cost more than the information in it."
        ),
    ),
    Rule(
        "replaceable",
        lambda f: f.kinds == ("perturbation", "retraining") and f.lower.method_id != "shapley",
        lambda f: (
            "Another channel can replace it: models that are trained again without it do without "
            "it, models that were trained with it rely on it."
            + (f" {_partners(f)} say much the same." if f.partners else "")
        ),
    ),
    Rule(
        "needed_when_retrained",
        lambda f: f.kinds == ("retraining", "perturbation") and f.lower_finds_nothing,
        lambda f: (
            "Spoilt in a trained model it costs little, as other channels stand in; without it "
            "from the start, training does not reach as far."
            + (f" {_partners(f)} say much the same." if f.partners else "")
        ),
    ),
    Rule(
        "credit_shared",
        lambda f: (
            bool(f.partners)
            and f.lower.kind == "perturbation"
            and (f.higher.kind == "attribution" or f.higher.method_id == "shapley")
        ),
        lambda f: (
            f"It says much the same as {_partners(f)}: {f.higher.label} gives each a share of "
            "the credit, while spoiling one of them costs little because the other stands in."
        ),
    ),
    Rule(
        "median_of_background",
        _median,
        lambda _f: (
            "The signed median is taken over a picture that is mostly background, where "
            "attributions are near zero, and those of both signs cancel."
        ),
    ),
    Rule(
        "used_but_replaceable",
        lambda f: f.kinds == ("attribution", "retraining"),
        lambda _f: (
            "An attribution shows what the trained model looks at, training without the channel "
            "what another model can do without it."
        ),
    ),
    Rule(
        "needed_but_unseen",
        lambda f: f.kinds == ("retraining", "attribution"),
        lambda _f: (
            "Without it from the start the models do worse, though the trained model's output "
            "reacts little to its single pixels: attributions miss what only many pixels or "
            "channels together tell."
        ),
    ),
    Rule(
        "output_not_decision",
        lambda f: set(f.kinds) == {"attribution", "perturbation"} and not f.partners,
        lambda _f: (
            "An attribution asks how strongly the model's output reacts to the pixels, a "
            "perturbation how many cells change their class: a channel can move one without the "
            "other."
        ),
    ),
)
"""Every rule, in the order in which reasons are told."""
