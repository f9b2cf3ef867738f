"""Names of methods for people, from the table of methods, and how each of them works."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pages.parts.session import lab

WAYS = {
    "perturbation": "Perturb the cells",
    "attribution": "Follow the gradients",
    "subsets": "Show sets of channels",
    "retraining": "Train again",
}
"""How methods work, in the order in which they are offered."""


def method_labels(names: Iterable[str]) -> dict[str, str]:
    """Return labels by a run's names, such as "occlusion:fill=mean": "Occlusion (fill=mean)"."""
    known = {choice.id: choice.label for choice in lab().choices("method")}
    return {name: _label(name, known) for name in names}


def method_way(name: str) -> str:
    """Return how a run's method works, one of ``WAYS``; empty for one that is not there."""
    own = name.partition(":")[0]
    return next((choice.way for choice in lab().choices("method") if choice.id == own), "")


def _label(name: str, known: dict[str, str]) -> str:
    method, _, settings = name.partition(":")
    label = known.get(method, method)
    return f"{label} ({settings.replace(':', ', ')})" if settings else label


def in_words(text: str, labels: dict[str, str]) -> str:
    """Return the label of a step with methods as people call them.

    >>> in_words("Rank channels with permute_cells, fold 1", {"permute_cells": "Other cells"})
    'Rank channels with Other cells, fold 1'
    """
    if not labels:
        return text
    names = "|".join(re.escape(name) for name in sorted(labels, key=len, reverse=True))
    return re.sub(rf"(?<= )({names})(?=,|$)", lambda found: labels[found[1]], text)
