"""Named settings of a run, from a first answer on a CPU to the published protocol."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pxcore.errors import RunError
from pxcore.registry import Registry
from pxcore.types import Averaging, Dataset, MethodSpec, ModelSpec, Preset, RunSpec, TrainingParams

PIXELS, CELLS = MethodSpec(id="pxpermute"), MethodSpec(id="permute_cells")
PIXELS_IN_CELL = MethodSpec(id="pxpermute_mask")
SIGNED_MEDIAN, BLACK = ("aggregate", "signed_median"), ("reference", "zero")
RIVALS = (
    MethodSpec(id="occlusion"),  # filled with zero, its default
    MethodSpec(id="integrated_gradients", options=(SIGNED_MEDIAN, BLACK)),
    MethodSpec(id="deeplift", options=(SIGNED_MEDIAN, BLACK)),
    MethodSpec(id="lrp", options=(SIGNED_MEDIAN,)),
    MethodSpec(id="guided_gradcam", options=(SIGNED_MEDIAN, ("layer", "layer1"))),
)
"""The five methods that the paper compares with, as its authors' code sums them up."""
BOTH_DECOYS = ("decoy_empty", "decoy_foreign")


@dataclass(frozen=True, slots=True)
class PresetEntry:
    """A preset with the settings behind it."""

    shown: Preset
    model: ModelSpec
    training: TrainingParams
    methods: tuple[MethodSpec, ...]
    n_folds: int
    repeats: int | None = None
    averaging: Averaging = "classes"
    decoys: tuple[str, ...] = ()
    redundancy: bool = False
    least_channels: int = 0
    """Channels from which on it is offered, before all others."""
    may_start_random: bool = False
    """ImageNet weights that are not on the host may become random ones when it is drafted."""

    @property
    def id(self) -> str:
        """Lower-case word stored with runs."""
        return self.shown.id


FAST = PresetEntry(
    shown=Preset(
        id="fast",
        label="Fast",
        summary="A small network, 5 folds, short training: a first answer, with two decoy channels "
        "that show what zero looks like.",
        cost="meant for a CPU; the time on this host is estimated below",
    ),
    model=ModelSpec(id="small_cnn"),
    training=TrainingParams(
        max_epochs=30,
        learning_rate=3e-3,
        schedule="one_cycle",
        balance="weights",
        keep="last",
        low_percentile=0.05,
        high_percentile=99.95,
    ),
    methods=(PIXELS, CELLS, PIXELS_IN_CELL),
    n_folds=5,
    decoys=BOTH_DECOYS,
    redundancy=True,
)
"""One cycle and weighted classes as measured in docs/models.md. The end of a cycle is its best
part, and on a handful of rare cells the best validation epoch is chance: the last one is kept."""

STANDARD = PresetEntry(
    shown=Preset(
        id="standard",
        label="Standard",
        summary="ResNet18 (from ImageNet where its weights are on this host), 5 folds, two decoy "
        "channels, repeats until more would not change the order.",
        cost="meant for a GPU; the time on this host is estimated below",
    ),
    model=ModelSpec(id="resnet18", weights="imagenet"),
    training=replace(FAST.training, max_epochs=20, learning_rate=1e-3),
    methods=(PIXELS, CELLS, PIXELS_IN_CELL),
    n_folds=5,
    decoys=BOTH_DECOYS,
    redundancy=True,
    may_start_random=True,
)

PAPER = PresetEntry(
    shown=Preset(
        id="paper",
        label="As published",
        summary="ResNet18 from ImageNet, 5 folds, 100 pixel permutations and the five methods the "
        "paper compares with, as it did them. No decoys.",
        cost="trains until 50 epochs bring no gain, 100 repeats: meant for a GPU",
    ),
    model=ModelSpec(id="resnet18", weights="imagenet"),
    training=TrainingParams(max_epochs=1000, stop_patience=50),
    methods=(PIXELS, *RIVALS),
    n_folds=5,
    repeats=100,
    averaging="published",
)
"""Training ends after 50 epochs without improvement; ``max_epochs`` only bounds a defect."""

MULTIPLEXED = PresetEntry(
    shown=Preset(
        id="multiplexed",
        label="Many channels",
        summary="A channel-embedding network, 5 folds, two decoy channels: made for ranking 20 to "
        "100 channels, by its own gradient and by both permutations.",
        cost="a small network on a CPU, the published one on a GPU; the time is estimated below",
    ),
    model=ModelSpec(id="channel_embedding"),
    training=TrainingParams(
        max_epochs=100,
        batch_size=32,
        weight_decay=1e-7,
        optimiser="adam_amsgrad",
        plateau_patience=6,
        plateau_factor=0.65,
        stop_patience=10,
        balance="weights",
        noise=0.0,
        crop=4,
        low_percentile=0.0,
        high_percentile=99.0,
        zero_pixels="skip",
    ),
    methods=(MethodSpec(id="channel_embedding"), CELLS, PIXELS),
    n_folds=5,
    decoys=BOTH_DECOYS,
    least_channels=20,
)
"""After Abdel Magid et al. 2020: optimiser, weight decay, batches, patience and factor of the
plateau, flips, crops. We differ: the learning rate is that of a start from random weights; the
plateau and the kept epoch go by F1-macro, not accuracy, without their threshold (0.005), cooldown
(3) and smallest rate; classes are weighted; values are scaled by percentiles; noise 0; where to
stop is ours, of which they say nothing. Pairs of so many channels are too many to exchange."""

PRESETS = Registry("preset", [FAST, STANDARD, PAPER, MULTIPLEXED], RunError)


def offered(n_channels: int) -> tuple[Preset, ...]:
    """Return the presets for so many channels, the one that suits them best first."""
    able = [one for one in PRESETS.values() if one.least_channels <= n_channels]
    ranked = sorted(able, key=lambda one: -one.least_channels)  # stable: else as in the table
    return tuple(one.shown for one in ranked)


def spec_from(preset: str, dataset: Dataset, owner: str = "") -> RunSpec:
    """Return the preset's spec for a data set. Raises RunError for an unknown preset."""
    entry = PRESETS[preset]
    return RunSpec(
        dataset_id=dataset.id,
        panel=dataset.panel,
        classes=dataset.classes,
        mask_kind=dataset.mask_kind,
        title=f"{dataset.title}: {entry.shown.label.lower()}",
        preset=entry.id,
        model=entry.model,
        training=replace(entry.training),
        methods=entry.methods,
        n_folds=entry.n_folds,
        repeats=entry.repeats,
        averaging=entry.averaging,
        decoys=entry.decoys,
        redundancy=entry.redundancy,
        owner=owner,
    )
