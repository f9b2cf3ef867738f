"""A finished clustering as its page shows it, and one under way: files are read, no more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from pxcore.clustering.verdict import open_advice
from pxcore.data.annotation import Annotation
from pxcore.errors import RunError
from pxcore.evaluation.cluster_calls import calls_words, dealing_words
from pxcore.evaluation.cluster_words import ruling_words, units_panel
from pxcore.evaluation.clusters import against_classes
from pxcore.plots.numbers import count
from pxcore.runs import ledger
from pxcore.runs.galleries import annotation_of
from pxcore.runs.ledger import RunRecord
from pxcore.runs.parts import Parts
from pxcore.runs.result import finished
from pxcore.runs.saved.cluster_ranks import (
    StoredMaskCheck,
    load_calls,
    load_mask_check,
    load_ranking,
    load_refusal,
)
from pxcore.runs.saved.clusters import (
    ClusteredCells,
    load_brightness,
    load_cluster_story,
    load_clustered,
)
from pxcore.runs.saved.encoder import EncoderStory, load_encoder_story, load_redrawn
from pxcore.runs.unlabelled.asks import ask_of
from pxcore.runs.unlabelled.plan import taken_of
from pxcore.runs.work import read_progress
from pxcore.store.home import Store
from pxcore.types import Dataset, Panel, TrainingParams
from pxcore.types.unlabelled import AutoencoderSpec
from pxcore.types.unlabelled_ask import ClusterAsk
from pxcore.types.unlabelled_views import (
    ClassMatch,
    ClusterCalls,
    ClusterRanking,
    ClusterResult,
    EncoderLive,
)

LABELS = {
    "permute_cells": "Across cells: the channel of another cell",
    "permute_pixels": "Within cells: pixels permuted, the amount of light stays",
}
"""Of the rankings."""


def live(store: Store, run_id: str) -> EncoderLive:
    """Return how far the encoder of a run is, in training or trained.

    Raises RunError for an unknown run or another kind.
    """
    ask, rows = ask_of(store, run_id), ledger.task_rows(store, run_id)
    own = [row.key for row in rows if row.kind in ("encode", "refine")]
    keys = own or [ask.encoder_key]
    losses: list[tuple[float, float]] = []
    shown = None
    for key in keys:
        if store.artifacts.has(key):
            folder = store.artifacts.folder(key)
            told = [(e.train_loss, e.valid_loss) for e in load_encoder_story(folder).history]
        else:
            folder = store.artifacts.work(key)
            told = [(train, valid) for train, valid, _ in read_progress(folder).curve]
        losses += told
        shown = load_redrawn(folder) or shown
    epochs = ask.epochs + (len(keys) - 1) * max(1, round(ask.epochs / 2))
    return EncoderLive(epochs=epochs, losses=tuple(losses), redrawn=shown)


def result(store: Store, run_id: str) -> ClusterResult:
    """Return everything a finished clustering's page shows.

    Raises RunError while the run is not finished, for another kind of run, and when its clusters
    have left the store.
    """
    record = finished(store, run_id, clusters=True)
    ask, parts = ask_of(store, run_id), Parts(store, record)
    folder = kept(parts, "cluster")
    cells, story = load_clustered(folder), load_cluster_story(folder)
    annotation, now = annotation_of(store, record.dataset), live(store, run_id)
    panel, planes = record.spec.panel.take(ask.channels), taken_of(ask).planes
    masks, unexplained, calls = _masks(parts), refusal(parts), _calls(parts)
    encoders = _encoders(store, ask, parts)
    return ClusterResult(
        run=record.row,
        ask=ask,
        dataset=record.dataset,
        panel=panel,
        planes=planes,
        centred=ask.centre,
        cells=np.arange(len(cells.cluster), dtype=np.int64),
        cluster=cells.cluster,
        posterior=cells.posterior,
        sizes=story.sizes,
        places=cells.places,
        place_rows=cells.place_rows,
        brightness=load_brightness(kept(parts, "codes")),
        labels=annotation.labels.astype(np.int64),
        groups=annotation.groups.astype(np.int64),
        bic=story.bic,
        galleries=story.galleries,
        trust=story.trust,
        against=match(cells, annotation, len(story.sizes)),
        live=now,
        history=encoders[-1].history,
        rankings=_rankings(parts, units_panel(panel, planes), _advice(record.dataset, ask)),
        has_maps=parts.row("explain_clusters") is not None and not unexplained,
        calls=calls,
        mask_folds=masks.folds,
        mask_control=masks.control,
        mask_dealt=dealing_words(masks.dealing) if masks.folds else "",
        counterpart=story.counterpart,
        details=(
            *_details(record, ask, encoders),
            *((("No maps", unexplained),) if unexplained else ()),
            *((("No mask check", masks.refused),) if masks.refused else ()),
            *(("Note on maps", note) for note in (calls.notes if calls else ())),
            *(("Note on the mask check", note) for note in masks.notes),
        ),
    )


def match(cells: ClusteredCells, annotation: Annotation, n_clusters: int) -> ClassMatch | None:
    """Return clusters beside the classes that are known; None where no cell has one."""
    if not (annotation.labels >= 0).any():
        return None
    labels, classes = annotation.labels.astype(np.int64), annotation.classes
    found = against_classes(cells.cluster, labels, n_clusters, len(classes))
    return ClassMatch(
        classes=classes,
        counterpart=found.counterpart,
        confusion=found.confusion,
        balanced_accuracy=found.balanced_accuracy,
        ari=found.adjusted_rand,
        f1=found.macro_f1,
        precision_per_class=found.precision,
        recall_per_class=found.recall,
        f1_per_class=found.f1,
        n_cells=found.n_cells,
    )


def kept(parts: Parts, part: str) -> Path:
    """Return where a part's result lies. Raises RunError when it has left the store."""
    row = parts.row(part)
    if row is None:
        message = f"the part {part!r} of this run cannot be found in the store; start it again"
        raise RunError(message)
    return parts.kept(row)


def _encoders(store: Store, ask: ClusterAsk, parts: Parts) -> tuple[EncoderStory, ...]:
    """Return how the encoder came about that the codes are of: trained, then maybe refined."""
    own = [kept(parts, part) for part in ("encode", "refine") if parts.row(part) is not None]
    folders = own or [store.artifacts.folder(ask.encoder_key)]
    return tuple(load_encoder_story(folder) for folder in folders)


def _advice(dataset: Dataset, ask: ClusterAsk) -> str:
    """Return what can still be tried against clusters by place and size."""
    may_centre = dataset.has_masks and not ask.centre
    return open_advice(may_centre=may_centre, may_whiten=ask.variant != "whitened")


def _rankings(parts: Parts, shown: Panel, advice: str) -> tuple[ClusterRanking, ...]:
    """Return the rankings in the order in which they were asked for."""
    found = []
    for row in parts.tasks:
        for part in row.parts:
            if not part.startswith("rank_clusters/"):
                continue
            name = part.partition("/")[2]
            stored = load_ranking(parts.kept(row))
            found.append(
                ClusterRanking(
                    method=name,
                    label=LABELS.get(name, name),
                    channels=shown.names,
                    value=stored.value,
                    low=stored.low,
                    high=stored.high,
                    rank=stored.rank,
                    rank_low=stored.rank_low,
                    rank_high=stored.rank_high,
                    posterior_drop=stored.posterior_drop,
                    per_cluster=stored.per_cluster,
                    n_cells=stored.n_cells,
                    repeats=stored.repeats,
                    warning=ruling_words(np.asarray(stored.value), shown, advice),
                )
            )
    return tuple(found)


def refusal(parts: Parts) -> str:
    """Return why clusters could not be explained by maps; empty where they were, or not asked."""
    there = parts.row("explain_clusters") is not None
    return load_refusal(kept(parts, "explain_clusters")) if there else ""


def _calls(parts: Parts) -> ClusterCalls | None:
    """Return what the classifier of clusters is worth, with its words; None without one."""
    there = parts.row("explain_clusters") is not None
    found = load_calls(kept(parts, "explain_clusters")) if there else None
    return found and replace(found, said=calls_words(found))


def _masks(parts: Parts) -> StoredMaskCheck:
    """Return the check of masks; an empty one where it was not asked for."""
    there = parts.row("mask_check") is not None
    return load_mask_check(kept(parts, "mask_check")) if there else StoredMaskCheck()


def _details(
    record: RunRecord, ask: ClusterAsk, encoders: tuple[EncoderStory, ...]
) -> tuple[tuple[str, str], ...]:
    """Return what ran, name and value in words."""
    encoder = encoders[-1]
    settings = ", ".join(f"{name} {value}" for name, value in encoder.spec.options)
    trainings = zip(("Training", "Refinement"), encoders, strict=False)
    told = [
        ("Autoencoder", f"{encoder.spec.id}{f' ({settings})' if settings else ''}"),
        *((name, _training(one)) for name, one in trainings),
        *_weighed(encoder.spec, record.dataset),
        ("Cells", f"{record.dataset.n_cells}, {_where(record.dataset, ask)}"),
        ("Clusters", f"variant {ask.variant}, {ask.covariance} covariance, "
         + ("number by BIC" if ask.clusters is None else f"{ask.clusters} asked for")),
        ("Seed", str(ask.seed)),
        ("Device", encoder.device),
        *(("Note", note) for note in dict.fromkeys(n for one in encoders for n in one.notes)),
    ]  # fmt: skip
    if ask.encoder_of:
        told.insert(0, ("Encoder", f"of run {ask.encoder_of}, used as it is"))
    return tuple(told)


def _training(encoder: EncoderStory) -> str:
    """Return how long and how an encoder was trained."""
    training = encoder.spec.training
    return (
        f"{count(len(encoder.history), 'epoch')} in batches of {training.batch_size} at a learning "
        f"rate of {training.learning_rate:g}{_started(training)}; epoch {encoder.best_epoch} kept"
    )


def _started(training: TrainingParams) -> str:
    """Return what was done before the learning rate that is told."""
    n = training.start_epochs
    return f" after {n} at {training.start_rate:g}" if n else ""


def _weighed(spec: AutoencoderSpec, dataset: Dataset) -> tuple[tuple[str, str], ...]:
    """Return what the loss weighs and how pixels were scaled, where that is not the usual."""
    told = []
    if spec.id == "dcae_fused":
        told.append(("Weight of pictures", f"{spec.picture_weight:g}"))
    if spec.limits == "full_scale":
        told.append(("Scale", f"0 to the largest value of {dataset.dtype}"))
    return tuple(told)


def _where(dataset: Dataset, ask: ClusterAsk) -> str:
    if ask.centre:
        return "moved to the middle of their frames by their masks"
    return "not centred" if dataset.has_masks else "not centred: there are no outlines"
