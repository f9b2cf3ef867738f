"""A model with channel dropout, shown one set of channels after the other, fast.

The first convolution is linear, so it is computed once for each channel alone and then only
added up::

    convolution(S shown) = convolution(nothing shown)
                           + sum over c in S of convolution(channel c - what fills it)

Sets come in ascending order, so that neighbours share most of their sum: about one addition a
set. A channel that equals what fills it adds exactly 0. Networks that do not begin with a plain
convolution are shown the filled cells instead; the numbers are the same up to rounding.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import torch
from torch import nn
from torch.nn import functional

from pxcore.errors import MethodError
from pxcore.importance.folded import TOLERANCE, folded
from pxcore.models.channel_dropout import ChannelDropout, dropout_of, present
from pxcore.training.device import Layout, memory_budget
from pxcore.types import Array


class ShownSets:
    """A copy of a model that answers for sets of channels.

    Parameters
    ----------
    model
        In evaluation mode, with a ChannelDropout layer; it is not changed.
    sample
        (B, C, H, W) some cells, on which the faster way is checked.
    layout
        How forward passes run; the model was placed by it.

    Raises
    ------
    MethodError
        When the model has no ChannelDropout.
    """

    def __init__(self, model: nn.Module, sample: torch.Tensor, layout: Layout) -> None:
        fast = folded(model, sample)
        self._model = copy.deepcopy(fast) if fast is model else fast
        self._dropout = require_dropout(self._model)
        self._layout = layout
        self._stem: nn.Conv2d | None = None
        self._given = _Given()
        self._take_stem_apart(sample)

    def logits(self, block: torch.Tensor, sets: Array) -> Iterator[torch.Tensor]:
        """Yield (B, K) float32 of a block (B, C, H, W) under each of the sets (S, C) bool."""
        if self._layout.channels_last:
            block = block.contiguous(memory_format=torch.channels_last)
        if self._stem is None or not _fits_memory(self._stem, block):
            yield from self._filled(block, sets)
            return
        for maps in _sums(_parts(self._stem, self._dropout, block), sets):
            self._given.maps = maps
            yield self._layout.forward(self._model, block)
        self._given.maps = None

    def _filled(self, block: torch.Tensor, sets: Array) -> Iterator[torch.Tensor]:
        """Yield the same, the channels that are not shown filled."""
        for shown in torch.as_tensor(sets, device=block.device):
            with present(self._model, shown):
                yield self._layout.forward(self._model, block)

    def _take_stem_apart(self, sample: torch.Tensor) -> None:
        """Let the first convolution be added up, if that gives the same on the sample."""
        name = _reader(self._model, self._dropout, sample)
        if name is None:
            return
        stem = self._model.get_submodule(name)
        if not isinstance(stem, nn.Conv2d):
            return
        n_channels = sample.shape[1]
        sets = (torch.arange(3)[:, None] + torch.arange(n_channels)) % 3 == 0  # mixed sets
        expected = torch.stack(list(self._filled(sample, sets.numpy())))
        self._given.instead_of = stem
        _put(self._model, name, self._given)
        self._stem = stem
        found = torch.stack(list(self.logits(sample, sets.numpy())))
        difference = (found.softmax(dim=-1) - expected.softmax(dim=-1)).abs().max()
        if not float(difference) <= TOLERANCE:
            _put(self._model, name, stem)
            self._stem = None


def require_dropout(model: nn.Module) -> ChannelDropout:
    """Return the model's ChannelDropout.

    Raises MethodError when it has none.
    """
    layer = dropout_of(model)
    if layer is None:
        message = (
            "this method asks the model about sets of channels, but the model was trained with "
            "all channels always present; expected one trained with channel_dropout = true: "
            "train the model again with that option"
        )
        raise MethodError(message)
    return layer


class _Given(nn.Module):
    """Stands in for the first convolution: hands on maps that were computed elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.maps: torch.Tensor | None = None
        self.instead_of: nn.Conv2d | None = None

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return (B, F, H', W'), the caller's to write into."""
        if self.maps is not None:
            return self.maps.clone()
        result: torch.Tensor = images if self.instead_of is None else self.instead_of(images)
        return result


def _reader(model: nn.Module, dropout: ChannelDropout, sample: torch.Tensor) -> str | None:
    """Return the name of the one plain convolution that reads what the dropout gives.

    Seen on the sample, not guessed from names; None when there is none.
    """
    given: list[torch.Tensor] = []
    found: list[str] = []
    hooks = [dropout.register_forward_hook(lambda _module, _input, out: given.append(out))]

    def watch(name: str, module: nn.Conv2d) -> None:
        def seen(_module: nn.Module, inputs: tuple[torch.Tensor, ...], _out: torch.Tensor) -> None:
            if any(inputs[0] is one for one in given):
                found.append(name)

        hooks.append(module.register_forward_hook(seen))

    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d) and _plain(module):
            watch(name, module)
    try:
        model(sample)
    finally:
        for hook in hooks:
            hook.remove()
    return found[0] if len(found) == 1 else None


def _plain(convolution: nn.Conv2d) -> bool:
    """Tell whether a convolution is a sum over its channels with zeros around the picture."""
    numbered = not isinstance(convolution.padding, str)
    return numbered and convolution.groups == 1 and convolution.padding_mode == "zeros"


def _parts(
    stem: nn.Conv2d, dropout: ChannelDropout, block: torch.Tensor
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Return the stem's maps (B, F, H', W') of nothing shown, and what each channel adds."""
    fill = dropout.fill[:, None, None]
    nothing = stem(fill.expand(1, *block.shape[1:])).expand(len(block), -1, -1, -1)
    padding = [int(pixels) for pixels in stem.padding]
    adds = [
        functional.conv2d(
            block[:, c : c + 1] - fill[c],
            stem.weight[:, c : c + 1],
            None,
            stem.stride,
            padding,
            stem.dilation,
        )
        for c in range(block.shape[1])
    ]
    return nothing, adds


def _sums(parts: tuple[torch.Tensor, list[torch.Tensor]], sets: Array) -> Iterator[torch.Tensor]:
    """Yield the maps under each set; channels are added in their order, whatever came before."""
    nothing, adds = parts
    upto = [nothing] * (len(adds) + 1)  # upto[d]: with the shown ones of the first d channels
    before = None
    for shown in sets:
        first = 0 if before is None else int((shown != before).argmax())
        if before is None or bool((shown != before).any()):
            for channel in range(first, len(adds)):
                here = upto[channel]
                upto[channel + 1] = here + adds[channel] if shown[channel] else here
        before = shown
        yield upto[-1]


def _fits_memory(stem: nn.Conv2d, block: torch.Tensor) -> bool:
    """Tell whether the maps of every channel, and as many sums, take a fair share of memory."""
    n_cells, n_channels, height, width = block.shape
    across, down = (stem.stride[0], stem.stride[1])
    maps = n_cells * stem.out_channels * -(-height // across) * -(-width // down)
    return 4 * maps * 2 * (n_channels + 1) <= memory_budget(block.device) // 2


def _put(model: nn.Module, name: str, module: nn.Module) -> None:
    """Replace the submodule of this dotted name."""
    parent, _, own = name.rpartition(".")
    model.get_submodule(parent).add_module(own, module)
