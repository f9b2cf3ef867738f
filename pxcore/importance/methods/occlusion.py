"""Occlusion: replace a whole channel by one value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pxcore.importance.method import DROP_IN_F1, ExplainRequest, Method, MethodOption, choices

if TYPE_CHECKING:
    from pxcore.importance.fold import FoldImportance


def explain(request: ExplainRequest) -> FoldImportance:
    """Return the drops when a channel is 0, or its mean over the training cells, everywhere.

    Nothing is random, so it runs once. The model never saw such a picture: a channel it does not
    need can score high, brightfield at 0 most of all.

    Source: Shetab Boushehri et al. 2024, "channel-wise occlusion" (fill 0, after scaling).

    Raises
    ------
    MethodError
        For ``fill = mean`` without the training mean.
    """
    from pxcore.importance.engine import measure  # noqa: PLC0415 - loads torch
    from pxcore.importance.perturbations import MEAN, ZERO, Context  # noqa: PLC0415 - loads torch

    fill = choices(METHOD.options, request.options)["fill"]
    context = Context(cells=request.cells, seed=request.seed, fill=request.train_mean)
    return measure(METHOD.id, MEAN if fill == "mean" else ZERO, request, context)


METHOD = Method(
    id="occlusion",
    label="Occlusion",
    summary="Replaces a channel by one value: fast, but the model never saw such pictures.",
    unit=DROP_IN_F1,
    kind="perturbation",
    repeated=False,
    options=(
        MethodOption(
            name="fill",
            choices=("zero", "mean"),
            summary="0, as published, or the channel's mean over the training cells",
        ),
    ),
    explain=explain,
)
