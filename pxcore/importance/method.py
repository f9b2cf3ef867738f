"""What an importance method is, and what it is asked.

Torch is named here for the type checker only, and by methods only inside ``explain``: the web
process lists the methods without loading it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from pxcore.errors import Cancelled, MethodError
from pxcore.types import Array, MaskKind, Role
from pxcore.types.runs import Option

if TYPE_CHECKING:
    import torch
    from torch import nn

    from pxcore.importance.fold import FoldImportance
    from pxcore.importance.masks import MaskReader
    from pxcore.models.model import Model
    from pxcore.training.device import Layout
    from pxcore.training.device_cells import Cells

DROP_IN_F1 = "drop in F1"
"""The unit of every perturbation."""
SHARE_OF_F1 = "F1"
"""The unit of Shapley values: the shares of all channels add up to the model's F1 above chance."""
ATTRIBUTION = "attribution"
"""The unit of what follows gradients: the class's output, parted among the pixels."""

Kind = Literal["perturbation", "attribution", "subsets", "retraining"]
"""How a method works: it changes the cells, follows the model's gradients, shows the model sets of
channels, or trains again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodOption:
    """A setting of one method: one of its choices, the first of which is the default."""

    name: str
    choices: tuple[str, ...]
    summary: str


def _plain() -> Layout:
    """Return the layout of somebody who made no trial."""
    from pxcore.training.device import Layout  # noqa: PLC0415 - loads torch

    return Layout()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainRequest:
    """One trained model and the held-out cells to explain it on.

    ``model`` is on the device of ``cells``. C channels and n cells are those of ``cells``.
    """

    model: nn.Module
    cells: Cells
    labels: Array
    """(n,) integers from 0 to ``n_classes - 1``"""
    n_classes: int
    groups: Array | None = None
    """(n,) donor or sample of each cell, -1 = unknown; None when no donor is known."""
    read_masks: MaskReader | None = None
    mask_kind: MaskKind = MaskKind.NONE
    roles: tuple[Role, ...] = ()
    """(C,): what each channel is, looked at only where cell outlines must be found."""
    decoys: tuple[int, ...] = ()
    """Positions of made channels."""
    train_mean: Array | None = None
    """(C,) mean of the normalised **training** pixels: see ``training.means.channel_means``."""
    retrained: tuple[Array, ...] = ()
    """For methods of kind ``retraining``: C arrays (n, K), the probabilities that a model trained
    without that channel gives these cells."""
    seed: int = 0
    options: tuple[Option, ...] = ()
    last_convolution: Callable[[nn.Module], nn.Module] | None = None
    """``Model.last_convolution`` of the model's architecture: the part whose maps Guided Grad-CAM
    looks at. Asked of a copy of ``model``."""
    repeats: int | None = None
    """Fixed number, or None to repeat until the order of channels is settled."""
    max_repeats: int = 100
    layout: Layout = field(default_factory=_plain)
    """How forward passes run, cells a pass among it. Results change by rounding at most; the
    model must have been placed by the same layout."""
    tell: Callable[[str, float], None] = lambda _step, _share: None
    """Told the step in words and the share done, 0 to 1, after every batch of every repeat."""
    stop: Callable[[], bool] = lambda: False
    """Looked at before every forward pass; True ends the work with ``Cancelled``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapRequest:
    """One trained model and some cells to draw pixel attributions of."""

    model: nn.Module
    """On the device of ``images``; it is not changed."""
    images: torch.Tensor
    """(B, C, H, W) float32 in [0, 1], normalised as in training."""
    targets: torch.Tensor
    """(B,) int64: the class whose output is explained, in each cell; usually its true one."""
    train_mean: Array | None = None
    """As :attr:`ExplainRequest.train_mean`, for methods that compare with it."""
    options: tuple[Option, ...] = ()
    last_convolution: Callable[[nn.Module], nn.Module] | None = None
    """As :attr:`ExplainRequest.last_convolution`."""
    batch_size: int = 64
    """Cells a pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A property that methods are tested for and one method is known not to have."""

    what: Literal["dead_channel"]
    """``dead_channel``: a channel without any light scores 0."""
    reason: str
    """Why not: a plain sentence."""


def check_labels(request: ExplainRequest) -> None:
    """Refuse anything but one label a cell, and at least one cell."""
    if len(request.labels) != len(request.cells) or len(request.labels) == 0:
        message = (
            f"{len(request.labels)} labels were given for {len(request.cells)} held-out cells; "
            "expected one label a cell, and at least one cell"
        )
        raise MethodError(message)


def look_for_stop(request: ExplainRequest, where: str) -> None:
    """Raise Cancelled when somebody wants the work to end; ``where``: how far it came, in words."""
    if request.stop():
        message = f"ranking was asked to stop {where}"
        raise Cancelled(message)


def fits_any(_model: Model, _options: tuple[Option, ...]) -> str:
    """Return that a method asks nothing particular of the architecture."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A way to tell how much a trained model relies on each channel."""

    id: str
    label: str
    """Shown to people."""
    summary: str
    """One sentence: what is done and what it tells."""
    unit: str
    kind: Kind
    repeated: bool
    """True when chance is involved, so that repeats, stability and ``repeats`` mean something."""
    uses_roles: bool = False
    """True when the roles of channels decide something where cells have no stored outlines."""
    needs_dropout: bool = False
    """True when it asks a model that was trained with channels missing (``channel_dropout``)."""
    gates: tuple[str, ...] = ("random_weights", "constant_channel")
    """Ids of the sanity checks that it must pass."""
    options: tuple[MethodOption, ...] = ()
    explain: Callable[[ExplainRequest], FoldImportance]
    maps: Callable[[MapRequest], torch.Tensor] | None = None
    """Pixel attributions (B, C, H, W) float32 of some cells, on their device; None where a method
    has no such picture."""
    refusal: Callable[[Model, tuple[Option, ...]], str] = fits_any
    """Why the method, with these of **its** options, cannot explain an architecture: a plain
    sentence, empty when it can. Answers without torch."""
    faults: tuple[Fault, ...] = ()
    """What is known not to hold, shown in ``docs/methods_by_model.md``."""

    def lacks(self, what: str) -> bool:
        """Return True when a property is known not to hold."""
        return any(fault.what == what for fault in self.faults)


def choices(options: Sequence[MethodOption], given: Sequence[Option]) -> dict[str, str]:
    """Return the value of every option, the default where none is given.

    Raises
    ------
    MethodError
        For an option the method does not have, or a value it does not offer.
    """
    chosen = {option.name: option.choices[0] for option in options}
    offered = {option.name: option.choices for option in options}
    for name, value in given:
        if name not in offered:
            known = ", ".join(offered) or "no options"
            message = f"option {name!r} is not known to this method; it has {known}"
            raise MethodError(message)
        if value not in offered[name]:
            message = f"option {name} is {value!r}; expected one of {', '.join(offered[name])}"
            raise MethodError(message)
        chosen[name] = str(value)
    return chosen
