"""From what is asked of cells without labels to steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from pxcore.clustering.params import ClusterParams
from pxcore.runs.unlabelled.tasks import (
    ClusterTask,
    CodesTask,
    EncodeTask,
    ExplainClustersTask,
    MaskCheckTask,
    RankClustersTask,
    RefineTask,
    Taken,
    UnlabelledTask,
)
from pxcore.store.keys import derive_seed
from pxcore.types import TrainingParams
from pxcore.types.unlabelled import AutoencoderSpec, Planes
from pxcore.types.unlabelled_ask import ClusterAsk

PERTURBATIONS = {"permute_cells": "across cells", "permute_pixels": "within cells"}
"""What spoils a channel, and in words."""
"""Rankings without labels. Across cells first: it destroys everything a channel says of a cell."""
REFINED = 0.5
"""Of the epochs: how long a refinement goes on."""
Add = Callable[[UnlabelledTask, str, str, Sequence[str]], str]
"""Task, part, label, keys it needs -> its key."""


def taken_of(ask: ClusterAsk) -> Taken:
    """Return which planes are looked at; ``ask`` was filled in."""
    pictures = len(ask.channels) - ask.volumes * ask.depth
    return Taken(
        pixels=ask.pixels_key,
        channels=ask.channels,
        planes=Planes(pictures=pictures, volumes=ask.volumes, depth=ask.depth),
        centre=ask.centre,
    )


def params_of(ask: ClusterAsk) -> ClusterParams:
    """Return the settings of the clustering. Raises ClusteringError for numbers out of range."""
    return ClusterParams(
        variant=ask.variant,
        n_clusters=ask.clusters,
        max_clusters=ask.max_clusters,
        components=ask.components,
        covariance=ask.covariance,
        seed=ask.seed,
    )


def training_of(ask: ClusterAsk) -> TrainingParams:
    """Return the settings of the autoencoder's training: all epochs, the best one is kept."""
    return replace(
        AutoencoderSpec().training,
        max_epochs=ask.epochs,
        batch_size=ask.batch_size,
        learning_rate=ask.learning_rate,
        stop_patience=ask.epochs,
        start_epochs=ask.start_epochs,
        start_rate=ask.start_rate,
    )


def spec_of(ask: ClusterAsk) -> AutoencoderSpec:
    """Return the autoencoder that is asked for."""
    return AutoencoderSpec(
        id=ask.model,
        options=tuple(sorted(ask.options)),
        training=training_of(ask),
        picture_weight=ask.picture_weight,
        limits=ask.limits,
    )


def add_steps(ask: ClusterAsk, add: Add) -> None:
    """Add every step, each after those it needs.

    Parts: ``encode``, ``codes``, ``cluster``, ``rank_clusters/PERTURBATION``,
    ``explain_clusters``, ``mask_check``; with joint refinement ``first/codes``,
    ``first/cluster`` and ``refine`` before ``codes``.
    """
    taken, params, spec = taken_of(ask), params_of(ask), spec_of(ask)
    encoder = ask.encoder_key
    if not encoder:
        seed = derive_seed("encode", ask.seed)
        train = EncodeTask(taken=taken, spec=spec, seed=seed)
        encoder = add(train, "encode", "Train the autoencoder", ())
    if ask.refine:
        encoder = _refined(ask, add, encoder, spec)
    needs = () if ask.encoder_key else (encoder,)
    codes = add(CodesTask(taken=taken, encoder=encoder), "codes", "Encode the cells", needs)
    task = ClusterTask(codes=codes, params=params, first=ask.encoder_clusters)
    clusters = add(task, "cluster", "Find clusters", (codes,))
    _explained(ask, add, encoder, clusters)


def _refined(ask: ClusterAsk, add: Add, encoder: str, spec: AutoencoderSpec) -> str:
    """Add first clusters and the refinement towards them; return the key of its encoder."""
    taken = taken_of(ask)
    codes = add(
        CodesTask(taken=taken, encoder=encoder),
        "first/codes",
        "Encode the cells, first time",
        (encoder,),
    )
    first = ClusterTask(codes=codes, params=params_of(ask))
    clusters = add(first, "first/cluster", "Find clusters, first time", (codes,))
    epochs = max(1, round(REFINED * ask.epochs))
    refine = RefineTask(
        taken=taken,
        encoder=encoder,
        clusters=clusters,
        spec=replace(spec, training=replace(spec.training, max_epochs=epochs, start_epochs=0)),
        seed=derive_seed("encode", ask.seed),  # the same cells are kept from both trainings
    )
    label = "Gather codes around the clusters"
    return add(refine, "refine", label, (encoder, clusters))


def _explained(ask: ClusterAsk, add: Add, encoder: str, clusters: str) -> None:
    """Add what looks at the clusters."""
    taken, needs = taken_of(ask), (clusters,)
    for name, words in PERTURBATIONS.items() if ask.rank else ():
        seed = derive_seed("rank_clusters", ask.seed, name)
        ranked = RankClustersTask(
            taken=taken, encoder=encoder, clusters=clusters, perturbation=name, seed=seed
        )
        label = f"Rank channels on the clusters, {words}"
        add(ranked, f"rank_clusters/{name}", label, needs)
    seed = derive_seed("explain_clusters", ask.seed)
    if ask.maps:
        task = ExplainClustersTask(
            taken=taken, encoder=encoder, clusters=clusters, seed=seed, donors=ask.donors_key
        )
        add(task, "explain_clusters", "Train the classifier of clusters", needs)
    if ask.check_masks:
        check = MaskCheckTask(
            taken=taken, encoder=encoder, clusters=clusters, seed=seed, donors=ask.donors_key
        )
        add(check, "mask_check", "Check whether masks tell clusters apart", needs)
