"""What can be asked of cells without labels: suggested, checked, filled in, submitted."""

from __future__ import annotations

import importlib.util
from dataclasses import replace

from pxcore.clustering.fit import VARIANTS
from pxcore.errors import PanelError, RunError
from pxcore.models.autoencoders import AUTOENCODERS, AutoencoderRequest
from pxcore.people.rights import require_member, signed
from pxcore.runs import datasets, heart, ledger
from pxcore.runs.checks import check_settings
from pxcore.runs.result import finished
from pxcore.runs.unlabelled.plan import taken_of, training_of
from pxcore.runs.unlabelled.refusals import refuse
from pxcore.runs.upkeep.quotas import require_quota
from pxcore.runs.upkeep.room import run_bytes
from pxcore.store.home import Store
from pxcore.types import Choice, Dataset, MaskKind, ModelSpec, Panel, RunRow, RunSpec
from pxcore.types.unlabelled import Planes, planes_of
from pxcore.types.unlabelled_ask import ClusterAsk

PRESET = "clusters"
"""In place of a preset's name, where runs are listed."""
SMALL = (("code", 64), ("width", 8))
"""Settings on a processor: the published sizes are for a GPU."""
EPOCHS, EPOCHS_GPU = 40, 150


def models() -> tuple[Choice, ...]:
    """Return the autoencoders, with the published value of every setting."""
    return tuple(
        Choice(
            kind="autoencoder",
            id=one.id,
            label=one.label,
            summary=one.summary,
            options=tuple((name, (str(value),)) for name, value in one.options),
        )
        for one in AUTOENCODERS.values()
    )


def variants() -> tuple[Choice, ...]:
    """Return the ways from codes to clusters; ``umap`` where it is installed."""
    there = importlib.util.find_spec("umap") is not None
    return tuple(
        Choice(kind="clustering", id=one.id, label=one.label, summary=one.summary)
        for one in VARIANTS.values()
        if one.id != "umap" or there
    )


def draft(store: Store, dataset_id: str) -> ClusterAsk:
    """Return what is suggested for a data set on this host."""
    dataset = datasets.one(store, dataset_id)
    planes = planes_of(dataset)
    model = "dcae_2d"
    if planes.volumes:
        model = "dcae_fused" if planes.pictures else "dcae_3d"
    ask = ClusterAsk(
        dataset_id=dataset_id,
        title=f"Clusters of {dataset.title}",
        model=model,
        centre=dataset.mask_kind is MaskKind.CELL,
        owner=store.settings.owner,
    )
    if heart.status(store).device == "cuda":
        return replace(ask, epochs=EPOCHS_GPU)
    small = (*SMALL, ("volume_width", 4)) if model == "dcae_fused" else SMALL
    return replace(ask, options=small, epochs=EPOCHS, batch_size=16, learning_rate=2e-3)


def filled(store: Store, ask: ClusterAsk) -> ClusterAsk:
    """Return what was asked with all that follows from the data set and an earlier encoder.

    Raises what :func:`check` raises for channels and for the encoder.
    """
    dataset = datasets.one(store, ask.dataset_id)
    ask = replace(
        ask,
        channels=ask.channels or tuple(range(len(dataset.panel))),
        centre=ask.centre and dataset.mask_kind is MaskKind.CELL,
        options=tuple(sorted(ask.options)),
        pixels_key=dataset.pixels_key,
        title=ask.title or f"Clusters of {dataset.title}",
        donors_key=dataset.annotation_key if dataset.has_groups else "",
        encoder_key="",
        encoder_clusters="",
    )
    planes = _planes(dataset, ask.channels)
    ask = replace(ask, volumes=planes.volumes, depth=planes.depth)
    return _with_encoder(store, ask, dataset) if ask.encoder_of else ask


def check(store: Store, ask: ClusterAsk) -> None:
    """Raise the PxError that says why something cannot be asked of these cells."""
    frozen_spec(store, ask)


def submit(store: Store, ask: ClusterAsk, *, private: bool = False) -> str:
    """Return the id of a new queued run. Raises what :func:`check` raises, AccessError too."""
    require_member(store, "Starting a run")
    return ledger.submit(store, frozen_spec(store, ask), private=private)


def frozen_spec(store: Store, ask: ClusterAsk) -> RunSpec:
    """Return the checked run as it is stored.

    Raises
    ------
    DatasetError, PanelError
        For an unknown data set, or channels it does not have.
    TrainingError
        For an autoencoder that does not fit the cells, or settings out of range.
    ClusteringError
        For more clusters than cells, or a variant that cannot do what is asked.
    RunError
        For an encoder that cannot be used here.
    """
    ask = filled(store, ask)
    dataset = datasets.one(store, ask.dataset_id)
    spec = RunSpec(
        dataset_id=dataset.id,
        panel=dataset.panel,
        classes=dataset.classes,
        mask_kind=dataset.mask_kind,
        title=ask.title,
        preset=PRESET,
        channels=ask.channels,
        model=ModelSpec(id=ask.model, options=ask.options),
        training=training_of(ask),
        methods=(),
        clusters=ask,
        seed=ask.seed,
        owner=ask.owner,
    )
    check_settings(spec)
    entry, (_, height, width) = AUTOENCODERS[ask.model], dataset.image_shape
    request = AutoencoderRequest(
        planes=taken_of(ask).planes, image_size=(height, width), options=ask.options
    )
    entry.settings(request)
    refuse(ask, dataset)
    needed = run_bytes(spec, dataset)
    store.require_space(needed, "this run")
    require_quota(store, signed(store, spec.owner), needed, "this run")
    return spec


def runs(store: Store, dataset_id: str = "") -> tuple[RunRow, ...]:
    """Return the runs that cluster cells, newest first: all, or those of one data set."""
    return tuple(
        record.row
        for record in ledger.records(store)
        if record.spec.clusters is not None and dataset_id in ("", record.spec.dataset_id)
    )


def clusters(store: Store, run_id: str) -> bool:
    """Return whether a run clusters cells. Raises RunError for an unknown one."""
    return ledger.record(store, run_id).spec.clusters is not None


def ask_of(store: Store, run_id: str) -> ClusterAsk:
    """Return what a run was asked. Raises RunError for an unknown run or another kind."""
    ask = ledger.record(store, run_id).spec.clusters
    if ask is None:
        message = f"run {run_id!r} trains a classifier and has no clusters; open it under Runs"
        raise RunError(message)
    return ask


def _planes(dataset: Dataset, channels: tuple[int, ...]) -> Planes:
    """Return how the chosen planes are pictures and slices."""
    own = planes_of(dataset)
    ordered = list(channels) == sorted(set(channels))
    if not ordered or not all(0 <= c < own.count for c in channels):
        message = (
            f"the channels are {channels}; expected different positions from 0 to {own.count - 1} "
            "in the panel's order, or none for all"
        )
        raise PanelError(message)
    whole = [unit for unit in own.units[own.pictures :] if set(unit) <= set(channels)]
    pictures = [c for c in channels if c < own.pictures]
    if len(pictures) + sum(map(len, whole)) != len(channels):
        message = (
            "some slices of a volume are chosen and others are not; choose all slices of a volume, "
            "or none"
        )
        raise PanelError(message)
    return Planes(pictures=len(pictures), volumes=len(whole), depth=own.depth if whole else 0)


def _with_encoder(store: Store, ask: ClusterAsk, dataset: Dataset) -> ClusterAsk:
    """Return the ask with the encoder of an earlier run, whose settings it takes over."""
    record, first = finished(store, ask.encoder_of, clusters=True), ask_of(store, ask.encoder_of)
    rows = {part: row.key for row in ledger.task_rows(store, record.id) for part in row.parts}
    encoder = rows.get("refine") or rows.get("encode") or first.encoder_key
    if not store.artifacts.has(encoder):
        message = (
            f"the encoder of run {ask.encoder_of!r} has left the store; start that run again, or "
            "train a new one"
        )
        raise RunError(message)
    size, other = dataset.image_shape[1:], record.dataset.image_shape[1:]
    here, there = taken_of(ask).planes, taken_of(first).planes
    if here != there or size != other:
        message = (
            f"the encoder of run {ask.encoder_of!r} takes {there.count} planes of {other[0]} x "
            f"{other[1]} pixels ({there.pictures} pictures, {there.volumes} volumes); these cells "
            f"have {here.count} of {size[0]} x {size[1]} ({here.pictures}, {here.volumes}): choose "
            "the same channels in the same order, imported with the same size, or train a new one"
        )
        raise RunError(message)
    if first.centre and dataset.mask_kind is not MaskKind.CELL:
        message = (
            f"the encoder of run {ask.encoder_of!r} was trained on cells moved to the middle by "
            "their masks, and these cells have none: import them with masks, or train a new one"
        )
        raise RunError(message)
    _require_same_channels(ask, dataset.panel, record.spec.panel.take(first.channels))
    if ask.refine:
        message = "an encoder of another run is used as it is; leave the refinement out, or train"
        raise RunError(message)
    return replace(
        ask,
        model=first.model,
        options=first.options,
        epochs=first.epochs,
        batch_size=first.batch_size,
        learning_rate=first.learning_rate,
        start_epochs=first.start_epochs,
        start_rate=first.start_rate,
        picture_weight=first.picture_weight,
        limits=first.limits,
        centre=first.centre,
        encoder_key=encoder,
        encoder_clusters=rows.get("cluster", ""),
    )


def _require_same_channels(ask: ClusterAsk, panel: Panel, theirs: Panel) -> None:
    """Raise RunError where a channel has another name than the encoder was trained on."""
    pairs = zip(panel.take(ask.channels).names, theirs.names, strict=True)
    for place, (own, other) in enumerate(pairs, 1):
        if own != other:
            message = (
                f"channel {place} of these cells is {own!r}; the encoder of run "
                f"{ask.encoder_of!r} was trained on {other!r}: choose {', '.join(theirs.names)}, "
                "name the channels alike at import, or train a new one"
            )
            raise RunError(message)
