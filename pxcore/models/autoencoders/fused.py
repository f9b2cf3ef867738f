"""Two encoders side by side, and two decoders: pictures and volumes of one cell."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn


class _JoinedEncoder(nn.Module):
    """(B, P, H, W) -> (B, 2 · code): the code of the pictures, then that of the volumes."""

    def __init__(self, pictures: nn.Module, volumes: nn.Module, n_pictures: int) -> None:
        super().__init__()
        self.pictures, self.volumes = pictures, volumes
        self._n_pictures = n_pictures

    def forward(self, planes: torch.Tensor) -> torch.Tensor:
        first, second = planes[:, : self._n_pictures], planes[:, self._n_pictures :]
        return torch.cat([self.pictures(first), self.volumes(second)], dim=1)


class _JoinedDecoder(nn.Module):
    """(B, 2 · code) -> (B, P, H, W)."""

    def __init__(self, pictures: nn.Module, volumes: nn.Module, code: int) -> None:
        super().__init__()
        self.pictures, self.volumes = pictures, volumes
        self._code = code

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        first, second = codes[:, : self._code], codes[:, self._code :]
        return torch.cat([self.pictures(first), self.volumes(second)], dim=1)


def joined(
    encoders: tuple[nn.Module, nn.Module],
    decoders: tuple[nn.Module, nn.Module],
    n_pictures: int,
    code: int,
) -> nn.Sequential:
    """Return one network of two branches; each pair is that of pictures, then that of volumes."""
    return nn.Sequential(
        OrderedDict(
            encoder=_JoinedEncoder(*encoders, n_pictures), decoder=_JoinedDecoder(*decoders, code)
        )
    )
