"""A network of the table with the options that every architecture has: the way to build one."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

from pxcore.errors import TrainingError
from pxcore.models import MODELS, BuildRequest
from pxcore.models.model import ALWAYS, CHANNEL_DROPOUT, NETWORK

if TYPE_CHECKING:
    from torch import nn


def build_network(model_id: str, request: BuildRequest) -> nn.Module:
    """Return a network (B, C, H, W) float32 -> (B, K) logits of an architecture of the table.

    With the option ``channel_dropout`` it is a sequence of two: the layer that hides channels,
    under that name, and the architecture as ``network``. ``request.weights`` are those of the
    architecture, and its options are the others given.

    Raises
    ------
    TrainingError
        For an unknown model or option, a ``channel_dropout`` that is neither true nor false, or
        weights of another network.
    """
    options = dict(request.options)
    dropout, named = options.pop(CHANNEL_DROPOUT, False), str(options.pop(ALWAYS, ""))
    if not isinstance(dropout, bool):
        message = f"option {CHANNEL_DROPOUT} is {dropout!r}; expected true or false"
        raise TrainingError(message)
    network = MODELS[model_id].build(replace(request, options=tuple(options.items())))
    if not dropout:
        return network
    from torch import nn  # noqa: PLC0415 - the web process lists models without torch

    from pxcore.models.channel_dropout import ChannelDropout  # noqa: PLC0415 - loads torch

    always = (*request.always, *(int(number) for number in named.split(",") if number))
    layer = ChannelDropout(request.n_channels, always)
    return nn.Sequential(OrderedDict({CHANNEL_DROPOUT: layer, NETWORK: network}))
