"""The gradient at the embedding: how much the class moves with each channel's one number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pxcore.importance.attribution.settings import REFERENCE
from pxcore.importance.method import ExplainRequest, Fault, Method, MethodOption, choices
from pxcore.types.runs import Option

if TYPE_CHECKING:
    from pxcore.importance.fold import FoldImportance
    from pxcore.models.model import Model


def explain(request: ExplainRequest) -> FoldImportance:
    """Return the size of the gradient of the called class at each channel's number.

    ::

        g = d f_called / d r          r_c: the one number that the network makes of channel c
        |g| of each cell from 0, its smallest, to 1, its largest; the mean over the cells

    r has no unit and no direction that means more, hence the absolute value: the mean of the
    signed gradient ranks badly. Both scalings of every cell are stored.

    Source: Abdel Magid et al., MICCAI 2020, section 2.2, and its code, which scales per image
    where the text averages: ``scaling`` offers both. We differ: a class's score is the mean over
    its cells, not the sum over all; other attributions of r, and of the true class, can be chosen.

    Raises
    ------
    MethodError
        For a network that makes no number of each channel, or a reference that was not given.
    """
    from pxcore.importance.attribution import at_embedding  # noqa: PLC0415 - loads torch
    from pxcore.importance.attribution.cell_values import explained_by_cell  # noqa: PLC0415
    from pxcore.importance.attribution.reference import reference_of  # noqa: PLC0415

    chosen = choices(METHOD.options, request.options)
    compares = chosen["attribution"] in ("integrated_gradients", "deeplift")
    reference = reference_of(METHOD, request) if compares else None
    look = at_embedding.looking(request, reference, chosen["attribution"], chosen["target"])
    return explained_by_cell(METHOD, request, look, chosen["scaling"])


def refusal(model: Model, _options: tuple[Option, ...]) -> str:
    """Return why an architecture has no number of each channel; empty when it has."""
    if model.embedding:
        return ""
    return f"{model.label} makes no number of each channel; train Channel embedding"


METHOD = Method(
    id="channel_embedding",
    label="Channel embedding",
    summary="Follows the class that is called back to the one number that the network makes of "
    "each channel.",
    unit="gradient",
    kind="attribution",
    repeated=False,
    options=(
        MethodOption(
            name="scaling",
            choices=("per_image", "none"),
            summary="each cell's values from 0 to 1, as the published code, or as they are, as the "
            "published text",
        ),
        MethodOption(
            name="attribution",
            choices=("gradient", "gradient_x_input", "integrated_gradients", "deeplift"),
            summary="what is made of the numbers: their gradient as published, times the numbers, "
            "integrated from the reference image's numbers, or shared by the rescale rule",
        ),
        MethodOption(
            name="target",
            choices=("predicted", "true"),
            summary="the class whose output is followed: the one that is called, as published, or "
            "the cell's true one",
        ),
        REFERENCE,
    ),
    explain=explain,
    refusal=refusal,
    faults=(
        Fault(
            what="dead_channel",
            reason="A gradient is not multiplied by what the channel shows, so what the classifier "
            "would do with a number that never changes is scored as well.",
        ),
    ),
)
