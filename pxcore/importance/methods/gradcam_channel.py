"""Grad-CAM of each channel, for networks that look at every channel alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pxcore.errors import MethodError
from pxcore.importance.method import ATTRIBUTION, ExplainRequest, Fault, Method, choices
from pxcore.types.runs import Option

if TYPE_CHECKING:
    from pxcore.importance.fold import FoldImportance
    from pxcore.models.model import Model


def explain(request: ExplainRequest) -> FoldImportance:
    """Return the mean of each channel's Grad-CAM at the last convolution, for the called class.

    A channel's maps are its own here, so the map of where they point at the class belongs to it,
    and its mean says how much.

    Source: Selvaraju et al., ICCV 2017; the baseline "BSN" of Abdel Magid et al., MICCAI 2020.

    Raises
    ------
    MethodError
        For a network that sees channels together, or without the architecture's last convolution.
    """
    from pxcore.importance.attribution import channel_cam  # noqa: PLC0415 - loads torch
    from pxcore.importance.attribution.cell_values import explained_by_cell  # noqa: PLC0415

    choices(METHOD.options, request.options)
    if request.last_convolution is None:
        message = (
            "Grad-CAM was not told which part of the network is its last convolution; expected "
            "the architecture's `last_convolution`"
        )
        raise MethodError(message)
    look = channel_cam.looking(request, request.last_convolution)
    return explained_by_cell(METHOD, request, look, "mean")


def refusal(model: Model, _options: tuple[Option, ...]) -> str:
    """Return why an architecture has no maps of single channels; empty when it has."""
    if model.channels == "alone":
        return ""
    return (
        f"{model.label} does not look at each channel alone; train One channel at a time or "
        "Channel embedding"
    )


METHOD = Method(
    id="gradcam_channel",
    label="Grad-CAM of each channel",
    summary="Asks where the last maps of each channel point at the class, and how much; for "
    "networks that look at every channel alone.",
    unit=ATTRIBUTION,
    kind="attribution",
    repeated=False,
    explain=explain,
    refusal=refusal,
    faults=(
        Fault(
            what="dead_channel",
            reason="The network's biases make maps of a channel without any light as well.",
        ),
    ),
)
