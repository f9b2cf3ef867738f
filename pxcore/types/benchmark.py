"""The benchmark on drawn images: what was published, and what this lab's runs give."""

from __future__ import annotations

from dataclasses import dataclass

from pxcore.types.runs import ModelSpec

Settings = tuple[tuple[str, str], ...]
"""Name and text of every setting of drawn images."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Numbers of several data sets, percent."""

    values: tuple[float, ...]
    """One a data set."""

    @property
    def mean(self) -> float:
        """Their mean; NaN without one."""
        return sum(self.values) / len(self.values) if self.values else float("nan")

    @property
    def sd(self) -> float:
        """Their standard deviation (n - 1); NaN of fewer than two."""
        n, mean = len(self.values), self.mean
        if n < 2:
            return float("nan")
        return float((sum((one - mean) ** 2 for one in self.values) / (n - 1)) ** 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedScore:
    """One row of the published table, percent; a single training each."""

    entry: str
    """Id of the model in ``BenchmarkEntry``."""
    accuracy: float
    recall: tuple[tuple[int, float], ...]
    """K and Recall@K, as far as it was published."""
    millions: float | None = None
    """Weights of the network, millions, as far as they were published."""

    def at(self, k: int) -> float | None:
        """Return Recall@k, or None where it was not published."""
        return dict(self.recall).get(k)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedTissue:
    """One row of the published table on tissue."""

    entry: str
    accuracy: float
    spearman: float
    """Between importance and the spread of the classes' means over cells, x 100."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkEntry:
    """A model of the benchmark with the importance that belongs to it."""

    id: str
    label: str
    model: ModelSpec
    """At the published width."""
    method: str
    """Id of the method by which it ranks channels in the publication."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkKind:
    """Drawn data sets that differ in nothing but their seed."""

    id: str
    """Stands in addresses."""
    settings: Settings
    """Without seed and part."""
    seeds: tuple[str, ...]
    datasets: tuple[str, ...]
    """Ids, in the order of ``seeds``."""
    n_channels: int
    n_informative: int

    @property
    def known(self) -> dict[str, str]:
        """Settings by name."""
        return dict(self.settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkRow:
    """One model and one method on all data sets of a kind that they were run on."""

    entry: str
    """Of the published table; empty for another model."""
    model: str
    """In words, with what differs from its defaults."""
    method: str
    """Its name within the runs."""
    method_label: str
    seeds: tuple[str, ...]
    runs: tuple[str, ...]
    """In the order of ``seeds``."""
    accuracy: Spread
    recall: tuple[tuple[int, Spread], ...]
    """K and Recall@K: of each training's own ranking, averaged over the trainings of a run."""
    parameters: int | None
    """Weights of one network; None where they have left the store."""

    def at(self, k: int) -> Spread | None:
        """Return Recall@k, or None where it was not computed."""
        return dict(self.recall).get(k)


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkAsk:
    """What to draw, train and rank. The defaults take minutes a run on a CPU."""

    seeds: int = 5
    n_images: int = 1200
    size: int = 48
    channels: int = 30
    background: str = "mid"
    width: int = 8
    """Maps of the first convolution of every network; 64 as published."""
    models: tuple[str, ...] = ("embedding",)
    """Ids of entries."""
    methods: tuple[str, ...] = ("permute_cells", "pxpermute")
    """Names such as ``channel_embedding:scaling=none``, beside the method that belongs to each
    model, as far as they fit it."""
    folds: int = 4
    epochs: int = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkState:
    """How far what was asked for is."""

    missing: tuple[int, ...]
    """Seeds whose images are not here and not on their way."""
    drawing: tuple[str, ...]
    """Imports under way."""
    failed: tuple[str, ...]
    """What imports of these images failed by."""
    to_run: int
    """Runs that are neither finished nor under way, of the images that are here."""
    running: tuple[str, ...]
    """Runs under way."""
    finished: tuple[str, ...]

    @property
    def drawn(self) -> bool:
        """True when all images are here."""
        return not self.missing and not self.drawing
