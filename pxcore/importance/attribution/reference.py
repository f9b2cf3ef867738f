"""The reference image of attributions: what a cell is compared with, one value a channel."""

from __future__ import annotations

import numpy as np
import torch

from pxcore.errors import MethodError
from pxcore.importance.method import ExplainRequest, MapRequest, Method, choices
from pxcore.types import Array


def reference_of(method: Method, request: ExplainRequest | MapRequest) -> Array | None:
    """Return the reference value of each channel, (C,) float32; None for 0 in all.

    0 as well for methods that leave no choice of it.

    Raises
    ------
    MethodError
        Where it is the training mean and the request holds none.
    """
    if choices(method.options, request.options).get("reference", "zero") == "zero":
        return None
    if request.train_mean is None:
        message = (
            f"{method.label} compares cells with the training mean of each channel, which was not "
            "given; expected one number a channel. Give it, or choose reference = zero"
        )
        raise MethodError(message)
    return np.asarray(request.train_mean, dtype=np.float32)


def reference_image(values: Array | None, images: torch.Tensor) -> torch.Tensor:
    """Return the reference of some cells: as ``images`` (B, C, H, W), on their device.

    Raises
    ------
    MethodError
        Unless ``values`` are one finite number a channel.
    """
    if values is None:
        return torch.zeros_like(images)
    n_channels = images.shape[1]
    if values.shape != (n_channels,) or not np.isfinite(values).all():
        message = (
            f"the reference values of the channels are {values.tolist()}; expected {n_channels} "
            "finite numbers, the training mean of each channel. Choose reference = zero without it"
        )
        raise MethodError(message)
    means = torch.tensor(values, dtype=images.dtype, device=images.device)
    return means[:, None, None].expand_as(images).contiguous()
