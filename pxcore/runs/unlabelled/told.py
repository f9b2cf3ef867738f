"""A finished clustering as JSON, as ``python -m pxcore cluster --json`` writes it."""

from __future__ import annotations

from dataclasses import asdict

from pxcore.runs.saved.text import plain
from pxcore.types.unlabelled_views import ClusterRanking, ClusterResult, MaskFold


def told(found: ClusterResult) -> dict[str, object]:
    """Return everything but what is told of single cells; never NaN.

    ``clusters`` (how many), ``sizes``, ``bic``; ``balanced_accuracy``, ``ari`` and ``f1`` where
    classes are known, each class's beside them; ``importance`` where channels were ranked;
    ``classifier`` where maps were asked for, ``masks`` where they were checked.
    """
    answer: dict[str, object] = {
        "run": found.run.id,
        "dataset": found.dataset.id,
        "cells": len(found.cells),
        "clusters": len(found.sizes),
        "sizes": list(found.sizes),
        "bic": [[k, value] for k, value in found.bic],
        "verdict": found.trust.verdict,
        "said": list(found.trust.said),
        "stability": {
            "agreement": found.trust.agreement,
            "by_chance": found.trust.by_chance,
            "per_cluster": list(found.trust.per_cluster),
        },
        "nuisance": {
            "together": found.trust.nuisance_together,
            "guess": found.trust.guess,
            "alone": dict(found.trust.nuisance),
        },
        "settings": {name: value for name, value in asdict(found.ask).items() if name in SETTINGS},
        "panel": list(found.panel.names),
    }
    if found.counterpart:
        answer["encoder_counterpart"] = list(found.counterpart)
    if (known := found.against) is not None:
        answer |= {
            "balanced_accuracy": known.balanced_accuracy,
            "ari": known.ari,
            "f1": known.f1,
            "classes": list(known.classes),
            "counterpart": list(known.counterpart),
            "confusion": known.confusion.tolist(),
            "precision_per_class": list(known.precision_per_class),
            "recall_per_class": list(known.recall_per_class),
            "f1_per_class": list(known.f1_per_class),
        }
    if found.rankings:
        answer["importance"] = {one.method: _ranking(one) for one in found.rankings}
    if found.calls is not None:
        answer["classifier"] = asdict(found.calls)
    if found.mask_folds:
        answer["masks"] = {
            "dealt": found.mask_dealt,
            "folds": [_fold(one) for one in found.mask_folds],
            "permuted_clusters": [_fold(one) for one in found.mask_control],
        }
    clean = plain(answer)
    assert isinstance(clean, dict)  # for the type checker
    return clean


SETTINGS = (
    *("model", "options", "epochs", "batch_size", "learning_rate", "start_epochs", "start_rate"),
    *("picture_weight", "limits", "variant", "covariance"),
    *("components", "max_clusters", "centre", "refine", "encoder_of", "seed"),
)


def _ranking(one: ClusterRanking) -> dict[str, object]:
    """Return a ranking, channels in panel order."""
    return {
        "unit": "1 - F1 of the clusters found again",
        "channels": list(one.channels),
        "value": list(one.value),
        "low": list(one.low),
        "high": list(one.high),
        "rank": list(one.rank),
        "posterior_drop": list(one.posterior_drop),
        "warning": one.warning,
    }


def _fold(one: MaskFold) -> dict[str, float]:
    return {name: float(value) for name, value in asdict(one).items()}
