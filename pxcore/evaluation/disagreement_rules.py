"""Why two methods can rank one channel differently: facts in, a reason in plain words out.

A rule holds where what is known of the two rankings fits: which method each is, its settings,
verdict and value of the channel, which channels say the same, what the runs decided on place or
amount, and whether cells and models are the same. It says for certain only what is known; a cause
that nothing proves it calls possible. It does not hold where the evidence speaks against it.
Every rule that holds is told, the different cells and models first, because nothing about the
methods is certain then.
"""

from __future__ import annotations

from pxcore.evaluation.disagreement_embedding import EMBEDDED
from pxcore.evaluation.disagreement_facts import Facts, Rule, alike_found, of
from pxcore.evaluation.disagreement_pixels import ATTRIBUTED, PERTURBED
from pxcore.types.comparison import Reason


def reasons(facts: Facts) -> tuple[Reason, ...]:
    """Return every reason whose rule holds; that none is known where none does."""
    found = tuple(
        Reason(id=rule.id, sentence=rule.says(facts)) for rule in RULES if rule.holds(facts)
    )
    return found or (Reason(id="unknown", sentence=UNKNOWN),)


def _retrained(facts: Facts) -> bool:
    return facts.kinds.count("retraining") == 1


def _other_models(facts: Facts) -> bool:
    return facts.higher.model != facts.lower.model or _retrained(facts)


def _models_said(facts: Facts) -> str:
    may = "each may use another channel for the same answer."
    if facts.higher.model != facts.lower.model:
        return f"Different models ({facts.higher.model}; {facts.lower.model}): {may}"
    with_it, without = facts.higher, facts.lower
    if with_it.kind == "retraining":
        with_it, without = without, with_it
    return (
        f"Different models: {without.label} asks models that were trained without the channel, "
        f"{with_it.label} those that have it; {may}"
    )


def _credit_shared(facts: Facts) -> bool:
    shares = facts.higher.kind == "attribution" or facts.higher.method_id == "shapley"
    return bool(facts.partners) and facts.lower.kind == "perturbation" and shares


def _left_out_said(facts: Facts) -> str:
    why = (
        "Shapley values share the credit among channels that say the same, leaving out any one of "
        "them may cost nothing while another is there."
    )
    if facts.partners:
        return f"It says much the same as {facts.named_partners}: {why}"
    return f"Another channel may say the same: {why}"


UNKNOWN = (
    "No rule here explains it. Look at what each method does to this channel, class by class, "
    "before trusting either."
)
_CHANCE = " Two trainings also differ by chance."
BEHIND = (
    Rule(
        "different_data",
        lambda f: not f.same_data,
        lambda f: (
            f"Different cells: {f.higher.run.dataset_title} and {f.lower.run.dataset_title}. "
            "Their classes, staining or instrument may differ, so this need not be the methods."
        ),
    ),
    Rule("different_model", _other_models, _models_said),
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
)
"""Reasons that lie in cells and models."""
TRAINED = (
    Rule(
        "replaceable",
        lambda f: f.kinds == ("perturbation", "retraining"),
        lambda f: (
            "Another channel may replace it: models that are trained again without it can turn to "
            "that one, models that were trained with it may rely on it." + alike_found(f)
        ),
    ),
    Rule(
        "needed_when_retrained",
        lambda f: f.kinds == ("retraining", "perturbation") and f.lower_finds_nothing,
        lambda f: (
            "Spoilt in a trained model it has no sure cost, maybe as other channels stand in; "
            "without it from the start, training may not reach as far." + _CHANCE + alike_found(f)
        ),
    ),
    Rule(
        "credit_shared",
        _credit_shared,
        lambda f: (
            f"It says much the same as {f.named_partners}: {f.higher.label} can give each a share "
            "of the credit, while spoiling one of them may cost little as the other stands in."
        ),
    ),
    Rule("shared_or_left_out", of("shapley", "leave_one_out"), _left_out_said),
    Rule(
        "needs_the_others",
        of("leave_one_out", "shapley"),
        lambda _f: (
            "It may count only beside others: leaving it out loses all that they tell together, "
            "Shapley values average over sets in which those are missing too." + _CHANCE
        ),
    ),
    Rule(
        "used_but_replaceable",
        lambda f: f.kinds == ("attribution", "retraining"),
        lambda f: (
            "An attribution shows what the trained model looks at, training without the channel "
            "what another model can do without it." + alike_found(f)
        ),
    ),
    Rule(
        "needed_but_unseen",
        lambda f: f.kinds == ("retraining", "attribution"),
        lambda _f: (
            "Attributions may miss what only many pixels or channels together tell: the trained "
            "model's output can react little to single pixels of a channel that training needs."
            + _CHANCE
        ),
    ),
)
"""Reasons that lie in what models make of the other channels."""
RULES = (*BEHIND, *PERTURBED, *TRAINED, *ATTRIBUTED, *EMBEDDED)
"""Every rule, in the order in which reasons are told."""
