"""Classical permutation importance: give each cell the same channel of another cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pxcore.importance.method import DROP_IN_F1, ExplainRequest, Method, choices

if TYPE_CHECKING:
    from pxcore.importance.fold import FoldImportance


def explain(request: ExplainRequest) -> FoldImportance:
    """Return the drops when each cell shows another held-out cell's picture in one channel.

    Everything the channel says about the cell is lost, its place and its amount, while every
    single picture stays a real one. Where donors are known, cells are exchanged within a donor:
    the difference between donors stays and is not counted as importance.

    Source: Breiman, Machine Learning 45, 2001; Fisher, Rudin and Dominici, JMLR 20, 2019
    (equation 3 for one rearrangement of all cells).
    """
    from pxcore.importance.engine import measure  # noqa: PLC0415 - loads torch
    from pxcore.importance.perturbations import PERMUTE_CELLS, Context  # noqa: PLC0415 - loads torch

    choices(METHOD.options, request.options)
    context = Context(cells=request.cells, seed=request.seed, groups=request.groups)
    return measure(METHOD.id, PERMUTE_CELLS, request, context, _notes(request))


def _notes(request: ExplainRequest) -> tuple[str, ...]:
    """Return what a reader must know about the exchange."""
    if request.groups is None:
        return ()
    _, sizes = np.unique(request.groups, return_counts=True)
    alone = int((sizes == 1).sum())
    notes = ["cells were exchanged within their donor or sample"]
    if alone:
        notes.append(f"{alone} held-out cells are the only one of their donor and kept as they are")
    return tuple(notes)


METHOD = Method(
    id="permute_cells",
    label="Permutation across cells",
    summary="Gives each cell the channel of another cell: what everything in the channel is "
    "worth, its place and its amount.",
    unit=DROP_IN_F1,
    kind="perturbation",
    repeated=True,
    explain=explain,
)
