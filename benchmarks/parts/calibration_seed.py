"""Everything the calibration measures on one seed, as plain numbers for a line of JSON."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.parts.planted_run import Fitted, PlantedRun, Shape, fitted, planted_run, question
from pxcore.evaluation.association import association, cell_sizes, channel_features, groups
from pxcore.evaluation.redundancy import JointEvidence, redundancy, units_to_measure
from pxcore.evaluation.values import Sizes
from pxcore.evaluation.where import where_or_how_much
from pxcore.importance.fold import FoldImportance, combine
from pxcore.importance.joint import measure_joint
from pxcore.importance.method import ExplainRequest
from pxcore.importance.methods import METHODS
from pxcore.importance.rank_ranges import Draws
from pxcore.importance.ranking import rank
from pxcore.types import Array, Importance

TOTAL, PLACE = "permute_cells", "pxpermute_mask"
CHEAP = ("pxpermute", PLACE, TOTAL, "occlusion")
GRADIENTS = ("integrated_gradients", "deeplift", "guided_gradcam", "lrp")
DEAR = ("leave_one_out", "shapley")
FEW = Draws(n_samples=2)
"""Where only verdicts count."""
Record = dict[str, object]


def measure_seed(shape: Shape, seed: int, methods: Sequence[str]) -> Record:
    """Return what every method says about one seed's channels, beside the truth."""
    started = time.perf_counter()
    run = planted_run(shape, seed)
    models = [fitted(run, number) for number in range(shape.n_folds)]
    asked = [question(run, one) for one in models]
    scores = {name: [_explained(run, name, *pair) for pair in zip(models, asked, strict=True)]
              for name in methods}  # fmt: skip
    n_train = [len(fold.train) for fold in run.folds]
    found = {name: combine(folds, n_train) for name, folds in scores.items()}
    record: Record = {
        "seed": seed,
        "kinds": [*(kind.value for kind in run.kinds), "decoy", "decoy"],
        "f1": float(np.mean([one.base_score.mean() for one in scores[methods[0]]])),
        "methods": {name: _ranked(run, found[name], scores[name]) for name in methods},
    }
    if TOTAL in methods and PLACE in methods:
        parts = where_or_how_much(found[TOTAL], found[PLACE], decoys=run.decoys)
        record["where"] = [verdict.name for verdict in parts.verdict]
        record["amount"] = [[one.mean, one.low, one.high] for one in parts.amount]
        if not shape.noise_only:
            record["truth"] = _truth(run, models)
            record |= _redundant(run, asked, scores[TOTAL])
    record["seconds"] = time.perf_counter() - started
    return record


def _explained(run: PlantedRun, name: str, model: Fitted, asked: ExplainRequest) -> FoldImportance:
    method = METHODS[name]
    if method.needs_dropout:
        other = fitted(run, model.number, options=(("channel_dropout", True),))
        asked = replace(asked, model=other.model)
    if method.kind == "retraining":
        asked = replace(asked, retrained=_retrained(run, model))
    return method.explain(asked)


def _retrained(run: PlantedRun, model: Fitted) -> tuple[Array, ...]:
    """Return what models without each channel say about the test cells."""
    everything = range(run.n_channels)
    found = []
    for missing in everything:
        kept = tuple(c for c in everything if c != missing)
        found.append(fitted(run, model.number, channels=kept).trained.test_probability.copy())
    return tuple(found)


def _ranked(run: PlantedRun, found: Importance, folds: Sequence[FoldImportance]) -> Record:
    """Return values, intervals and verdicts; each decoy is also judged by the other one."""
    own = rank(found, folds, decoys=run.decoys, draws=Draws(n_samples=200, seed=run.seed))
    first, second = run.decoys
    against = [
        rank(found, folds, decoys=(other,), draws=FEW).verdict[decoy].name
        for decoy, other in ((first, second), (second, first))
    ]
    plain = rank(found, folds, draws=FEW)
    return {
        "mean": list(own.mean),
        "low": list(own.low),
        "high": list(own.high),
        "rank": list(own.rank),
        "verdict": [verdict.name for verdict in own.verdict],
        "without_decoys": [verdict.name for verdict in plain.verdict],
        "decoys_by_the_other": against,
    }


def _truth(run: PlantedRun, models: Sequence[Fitted]) -> Record:
    """Return each model's drops on the cells that nothing was trained on, (J, C) a method."""
    asked = [question(run, one, truth=True) for one in models]
    return {
        name: [METHODS[name].explain(one).scores.mean(axis=(0, 2)).tolist() for one in asked]
        for name in (TOTAL, PLACE)
    }


def _redundant(
    run: PlantedRun, asked: Sequence[ExplainRequest], singles: Sequence[FoldImportance]
) -> Record:
    """Return the groups, and the pairs that work only together."""
    shape, n_real = run.shape, len(run.kinds)
    inside = run.drawn.masks[: shape.n_cells, 0] > 0
    features = channel_features(run.drawn.images[: shape.n_cells], inside)
    alike = np.eye(run.n_channels)
    alike[:n_real, :n_real] = association(features, cell_sizes(inside))
    units = units_to_measure(alike, n_channels=n_real)
    together = groups(alike[:n_real, :n_real])
    found = redundancy(
        JointEvidence(
            joints=[measure_joint(one, units, together) for one in asked],
            singles=singles,
            units=units,
            features=alike,
            costs=(0.0,) * run.n_channels,
            sizes=Sizes(
                n_train=tuple(len(fold.train) for fold in run.folds),
                n_test=tuple(len(fold.test) for fold in run.folds),
            ),
            decoys=run.decoys,
        )
    )
    return {
        "groups": [
            {
                "channels": list(group.channels),
                "interchangeable": group.interchangeable,
                "alone": [one.mean for one in group.alone],
                "beyond": [[one.mean, one.high] for one in group.beyond],
                "joint": [group.joint.mean, group.joint.low],
                "extra": [group.extra.mean, group.extra.low, group.extra.high],
            }
            for group in found.groups
        ],
        "only_together": [[p.first, p.second] for p in found.pairs if p.only_together],
        "negative": [[p.first, p.second] for p in found.pairs if p.interaction.high < 0],
        "positive": [[p.first, p.second] for p in found.pairs if p.interaction.low > 0],
    }
