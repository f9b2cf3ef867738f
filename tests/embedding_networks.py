"""Networks that make something of each channel, untrained but awake, and cells to show them."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import nn

from pxcore.importance.method import ExplainRequest
from pxcore.importance.randomised import held
from pxcore.models import MODELS, BuildRequest
from pxcore.models.build import build_network
from pxcore.training.device import Layout
from pxcore.training.seeding import private_randomness
from pxcore.types.runs import Option

N, C, K, SIDE, REPEATS = 23, 5, 3, 16, 3
DEAD = 1
CPU = torch.device("cpu")
LABELS = np.random.default_rng(4).permutation(np.arange(N) % K)
NETWORKS: dict[str, tuple[str, tuple[Option, ...]]] = {
    "shared": ("channel_embedding", ()),
    "independent": ("channel_embedding", (("encoders", "independent"),)),
    "bsn": ("bsn", ()),
    "behind_dropout": ("channel_embedding", (("channel_dropout", True),)),
}


@cache
def cells() -> torch.Tensor:
    images = torch.rand(N, C, SIDE, SIDE, generator=torch.Generator().manual_seed(2)) ** 2
    images[:, DEAD] = 0.25
    return images


@cache
def network(name: str) -> nn.Module:
    """A network that tells cells apart: BatchNorm that saw them, logits that spread by about 1."""
    model, options = NETWORKS[name]
    request = BuildRequest(
        n_channels=C, n_classes=K, image_size=(SIDE, SIDE), options=(("width", 8), *options)
    )
    with private_randomness(CPU, 8), torch.no_grad():
        made = build_network(model, request)
        for _ in range(30):
            made.train()(cells())
        logits = made.eval()(cells())
        weight, bias = list(made.parameters())[-2:]  # of the last layer
        weight.div_(logits.std())
        bias.sub_(logits.mean(dim=0)).div_(logits.std())
    return made.eval().requires_grad_(requires_grad=False)


def asked(name: str, batch_size: int = 10) -> ExplainRequest:
    return ExplainRequest(
        model=network(name),
        cells=held(cells()),
        labels=LABELS,
        n_classes=K,
        repeats=REPEATS,
        train_mean=np.full(C, 0.25),
        last_convolution=MODELS[NETWORKS[name][0]].last_convolution,
        layout=Layout(batch_size=batch_size),
    )
