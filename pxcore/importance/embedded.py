"""Perturbing a network that looks at each channel alone: only what is spoilt is looked at again.

::

    logits = conclude(e_1, ..., e_C),   e_c = embed(channel c)

so spoiling channel c changes e_c and nothing else. Every channel of every cell is embedded once;
each spoilt plane is embedded once, takes its place among the C, and ``conclude`` runs again. R
repeats then take R + 1 looks at the cells, not C·R + 1. Where whole pictures are exchanged among
cells, their embeddings are exchanged: no look at all.

The engine does not know: it is handed embeddings for cells, ``conclude`` for the network and a
perturbation of embeddings, which asks the plain one with its own draws. Results differ by the
order of sums. A plane that is as it was keeps its embedding to the bit, so a channel without any
light scores exactly 0.

Planes pass in pieces and cells in blocks, so memory does not grow with channels and repeats.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import nn

from pxcore.importance.folded import folded
from pxcore.importance.method import ExplainRequest, look_for_stop
from pxcore.importance.perturbations import Apply, Context, Draw, Perturbation
from pxcore.models.embedding import PIECE, Conclusion, Embedding, embedding_of, groups
from pxcore.training.device import Layout
from pxcore.training.device_cells import Cells

BLOCK = 2**25
"""Pixels of the cells that are held at once while they are spoilt: 128 MB."""
BEFORE = "before its first repeat"
"""Where a ranking looks whether it shall end."""
_FEW = 4
"""Cells that folding a network is checked on: many planes, and each passes twice."""
Question = tuple[ExplainRequest, Context, Perturbation]


def embedded(
    request: ExplainRequest,
    context: Context,
    perturbation: Perturbation,
    needed: Sequence[int],
) -> Question | None:
    """Return the same question about embeddings, or None where the network has none.

    Parameters
    ----------
    request
        With its model in evaluation mode and without gradients wanted; it is not changed.
    needed
        Channels that will be spoilt, ascending.

    Raises
    ------
    Cancelled
        When ``request.stop()`` says so.
    """
    plain = embedding_of(request.model)
    if plain is None or not plain.alone or not len(request.cells):
        return None
    height, width = request.cells.image_size
    pixels = len(request.cells.channels) * height * width
    network = _folded(request, plain, max(1, min(_FEW, PIECE // pixels)))
    eyes = _Eyes(network, request.layout)
    cells = EmbeddedCells(request.cells, _everything(request, eyes, max(1, BLOCK // pixels)))
    size = request.layout.batch_size
    if perturbation.exchanges:
        context = replace(context, cells=cells)
    else:
        size = max(1, min(size, BLOCK // pixels))
        perturbation = _seen(perturbation, context, _Spoiling(eyes, request.cells, cells, needed))
    asked = replace(request, model=Conclusion(network), cells=cells, layout=Layout(batch_size=size))
    return asked, context, perturbation


class EmbeddedCells:
    """Held-out cells as a network's second step sees them.

    Parameters
    ----------
    cells
        The cells themselves.
    values
        (n, C, ...) float32 on their device: the embedding of every channel.
    """

    def __init__(self, cells: Cells, values: torch.Tensor) -> None:
        self.channels, self.device = cells.channels, cells.device
        self.image_size = cells.image_size
        self._values = values

    def __len__(self) -> int:
        return len(self._values)

    def batch(self, positions: torch.Tensor) -> torch.Tensor:
        """Return the embeddings (B, C, ...) of the cells at ``positions`` (B,); fresh memory."""
        return self._values.index_select(0, positions)

    def channel(self, channel: int, positions: torch.Tensor) -> torch.Tensor:
        """Return the embedding (B, ...) of one channel of these cells; fresh memory."""
        return self._values[positions, channel]


@dataclass(frozen=True, slots=True)
class _Eyes:
    """The first step of a network, as the layout wants it."""

    network: Embedding
    layout: Layout

    def embed(self, planes: torch.Tensor, channels: Sequence[int]) -> torch.Tensor:
        """Return (B, C', ...) float32 of planes (B, C', H, W)."""
        with torch.autocast(planes.device.type, torch.bfloat16, enabled=self.layout.bfloat16):
            return self.network.embed(planes, channels).float()


class _AtOnce(nn.Module):
    """A network through which all planes pass once, so that every layer is used once."""

    def __init__(self, network: Embedding) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        everything = range(self.network.n_channels)
        return self.network.conclude(self.network.look(images, everything))


@dataclass(slots=True)
class _Spoiling:
    """Embeds what a perturbation makes of the cells, block by block."""

    eyes: _Eyes
    cells: Cells
    embedded: EmbeddedCells
    needed: Sequence[int]
    last: tuple[torch.Tensor, torch.Tensor] | None = None
    """Positions and pixels of the block at hand: the repeats of a block follow one another."""

    def block(self, positions: torch.Tensor) -> torch.Tensor:
        """Return the pixels (B, C, H, W) of the cells at ``positions``; not to be written to."""
        if self.last is None or self.last[0] is not positions:
            self.last = (positions, self.cells.batch(positions))
        return self.last[1]

    def columns(self, apply: Apply, positions: torch.Tensor) -> Apply:
        """Return what gives the embedding (B, ...) of a channel once it is spoilt.

        Channels are embedded a group at a time, when the first of them is asked for.
        """
        block = self.block(positions)
        pixels = len(block) * block[0, 0].numel()
        group_of = {c: group for group in groups(self.needed, pixels) for c in group}
        done: dict[int, torch.Tensor] = {}

        def column(channel: int, _own: torch.Tensor) -> torch.Tensor:
            if channel not in done:
                group = group_of[channel]
                done.update(zip(group, self._group(apply, block, positions, group), strict=True))
            return done[channel]

        return column

    def _group(
        self, apply: Apply, block: torch.Tensor, positions: torch.Tensor, group: Sequence[int]
    ) -> Iterator[torch.Tensor]:
        spoilt = torch.stack([apply(channel, block[:, channel]) for channel in group], dim=1)
        found = self.eyes.embed(spoilt, group)  # (B, G, ...)
        for place, channel in enumerate(group):
            own = self.embedded.channel(channel, positions)
            alike = (spoilt[:, place] == block[:, channel]).flatten(1).all(dim=1)
            kept = alike.reshape(-1, *(1 for _ in own.shape[1:]))
            yield torch.where(kept, own, found[:, place])


def _seen(perturbation: Perturbation, context: Context, spoiling: _Spoiling) -> Perturbation:
    """Return a perturbation of embeddings that draws what the plain one draws."""

    def begin(_context: Context, repeat: int) -> Draw:
        draw = perturbation.begin(context, repeat)
        return lambda positions: spoiling.columns(draw(positions), positions)

    return replace(perturbation, begin=begin)


def _everything(request: ExplainRequest, eyes: _Eyes, at_once: int) -> torch.Tensor:
    """Return the embeddings (n, C, ...) of all cells, so many cells at once."""
    cells, parts = request.cells, []
    for positions in torch.split(torch.arange(len(cells), device=cells.device), at_once):
        look_for_stop(request, BEFORE)
        parts.append(eyes.embed(cells.batch(positions), range(len(cells.channels))))
    return torch.cat(parts)


def _folded(request: ExplainRequest, plain: Embedding, n_cells: int) -> Embedding:
    """Return an equal but faster network; ``request.model`` is not changed."""
    first = torch.arange(min(n_cells, len(request.cells)), device=request.cells.device)
    faster = folded(_AtOnce(plain), request.cells.batch(first))
    return faster.network if isinstance(faster, _AtOnce) else plain
