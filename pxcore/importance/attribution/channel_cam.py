"""Grad-CAM of single channels: where the last maps of each channel point at a class."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import nn

from pxcore.errors import MethodError
from pxcore.importance.attribution.cell_values import (
    Look,
    Looked,
    cells_at_once,
    check_logits,
)
from pxcore.importance.attribution.watched import pointing, watched
from pxcore.importance.method import ExplainRequest
from pxcore.models.embedding import embedding_of


def looking(request: ExplainRequest, part: Callable[[nn.Module], nn.Module]) -> Look:
    """Return what sees the mean Grad-CAM of each channel for the class that is called.

    ::

        w_ck = mean over places of  d f_called / d A_ck        A_ck: map k of channel c
        value of c = mean over places of  ReLU(Σ_k w_ck A_ck)

    Nothing is followed back beyond the maps. Source: Selvaraju et al., ICCV 2017, equations 1, 2.

    Raises
    ------
    MethodError
        For a network that does not look at each channel alone, or whose ``part`` puts out no maps.
    """
    own = copy.deepcopy(request.model).eval().requires_grad_(requires_grad=False)
    embedding = embedding_of(own)
    if embedding is None or not embedding.alone:
        message = (
            "this network does not look at each channel alone, so its maps belong to no channel; "
            "expected one such as bsn. Choose guided_gradcam or a permutation"
        )
        raise MethodError(message)
    shown = part(own)

    def look_at(images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        with watched(shown) as maps, torch.enable_grad():
            logits: torch.Tensor = own(images).float()
            check_logits(request, logits)
            called = logits.amax(dim=1).sum()
            found = _means(called, maps, len(images) * embedding.n_channels)
        return logits.detach(), found.reshape(len(images), -1).detach().float()  # (B, C)

    def look(images: torch.Tensor, _positions: torch.Tensor) -> Looked:
        few = torch.split(images, cells_at_once(own, images))
        logits, values = zip(*(look_at(cells) for cells in few), strict=True)
        return torch.cat(logits), {"mean": torch.cat(values)}

    return look


def _means(called: torch.Tensor, maps: list[torch.Tensor], n_planes: int) -> torch.Tensor:
    """Return (B·C,): the mean of each plane's Grad-CAM, from its maps (B·C, F, h, w)."""
    if len(maps) != 1 or maps[0].dim() != 4 or len(maps[0]) != n_planes:
        shapes = [tuple(one.shape) for one in maps]
        message = (
            f"the part of the network that Grad-CAM was told to look at gives {shapes} for "
            f"{n_planes} planes; expected one (planes, features, height, width). Choose a "
            "permutation, which asks nothing of the network"
        )
        raise MethodError(message)
    return pointing(called, maps[0]).mean(dim=(1, 2))
