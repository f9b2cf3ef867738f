"""What is asked of cells without labels: which codes, which clusters, what beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pxcore.types.added import added

Option = tuple[str, str | int | float | bool]
Covariance = Literal["tied", "diag", "full"]
PixelLimits = Literal["percentiles", "full_scale"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterAsk:
    """One clustering: cells -> codes -> clusters."""

    dataset_id: str
    title: str = ""
    channels: tuple[int, ...] = ()
    """Planes in the data set's panel, ascending; empty for all. All slices of a volume or none."""
    model: str = "dcae_2d"
    """An entry of ``AUTOENCODERS``."""
    options: tuple[Option, ...] = ()
    """Its settings, such as ``("width", 8)`` and ``("code", 64)``."""
    epochs: int = 40
    batch_size: int = 32
    learning_rate: float = 1e-3
    start_epochs: int = added(0)
    """Of the epochs: so many first at ``start_rate``; published for pictures with volumes: 5."""
    start_rate: float = added(1e-5)
    picture_weight: float = added(0.99)
    """w1 of the fused loss: w1 · MSE of the pictures + (1 - w1) · MSE of the volumes."""
    limits: PixelLimits = added("percentiles")  # noqa: RUF009 - a field
    """Pixel values that become 0 and 1: ``percentiles`` of training cells, or ``full_scale``, 0
    and the largest value of the stored type, as published."""
    encoder_of: str = ""
    """A finished clustering run whose encoder is used as it is: nothing is trained. Model,
    settings and training are then those of that run."""
    clusters: int | None = None
    """None: as many as BIC likes best, from 1 to ``max_clusters``."""
    max_clusters: int = 10
    variant: str = "whitened"
    """``whitened``, ``raw``, ``umap`` or ``birch``."""
    covariance: Covariance = "tied"
    components: int = 10
    """Main directions that whitened codes keep, at most."""
    centre: bool = True
    """Move each cell to the middle of its frame by its mask; without masks nothing is moved."""
    refine: bool = False
    """Also gather the codes around the clusters found first (joint refinement after IDEC)."""
    rank: bool = False
    """Also rank the channels on the clusters, without a classifier."""
    maps: bool = False
    """Also train a classifier on the frozen encoder, whose Grad-CAM maps explain clusters."""
    check_masks: bool = False
    """Also check by cross-validation whether masks of such maps tell clusters apart. Slow."""
    seed: int = 0
    owner: str = ""
    volumes: int = 0
    """How the chosen planes lie, filled in at submission: the last ``volumes`` x ``depth`` of
    them are slices, volume by volume."""
    depth: int = 0
    pixels_key: str = ""
    """Where the pixels lie, filled in at submission: codes depend on them, not on labels."""
    donors_key: str = added("")
    """Where donors are noted, filled in at submission where at least two are known: what explains
    clusters is judged on donors it was not trained on."""
    encoder_key: str = ""
    """Where the encoder of ``encoder_of`` lies, filled in at submission."""
    encoder_clusters: str = ""
    """Where the clusters of ``encoder_of`` lie, filled in at submission."""
