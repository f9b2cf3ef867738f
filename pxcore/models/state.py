"""Weights out of a file into a network, without ever unpickling anything."""

from __future__ import annotations

import pickle  # only for the name of the error torch.load raises; nothing is unpickled
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pxcore.errors import TrainingError

if TYPE_CHECKING:
    import torch
    from torch import nn

_UNREADABLE = (OSError, RuntimeError, EOFError, ValueError, LookupError)
"""What torch.load raises for files that are damaged or hold more than tensors."""
_COLOUR_ENDS = ("conv1.", "fc.")
"""Layers of a ResNet of colour pictures that mean nothing for a stain or for other classes."""


def load_state(network: nn.Module, file: Path, first: str, last: str) -> None:
    """Fill ``network`` with the weights of ``file``.

    ``first`` and ``last`` name the layers that depend on the channels and classes. When the
    file's last layer fits, the file is taken to be a network for this very task and everything
    must fit. When it does not, it comes from another task (ImageNet), and both named layers keep
    the random weights they have: a filter made for red, green and blue means nothing here.

    Raises
    ------
    TrainingError
        When the file cannot be read, or belongs to another architecture.
    """
    given = read_state(file)
    wanted = network.state_dict()
    of_this_task = all(
        name in given and given[name].shape == wanted[name].shape
        for name in wanted
        if name.startswith(f"{last}.")
    )
    if not of_this_task:
        ends = (f"{first}.", f"{last}.")
        given = {name: value for name, value in given.items() if not name.startswith(ends)}
        given |= {name: value for name, value in wanted.items() if name.startswith(ends)}
    _check(given, wanted, file)
    network.load_state_dict(given)


def load_whole_or_part(network: nn.Module, file: Path, part: str, last: str) -> None:
    """Fill ``network``, or one part of it, with the weights of ``file``.

    A file of a network like this one fills it all; where its last layer ``last`` does not fit, it
    was made for other classes or channels and that layer stays random. A file without that part's
    name is taken to be a network of colour pictures, of the part's architecture (ImageNet): it
    fills the part, all but the first convolution ``conv1`` and the last layer ``fc``.

    Raises
    ------
    TrainingError
        When the file cannot be read, or belongs to another architecture.
    """
    given = read_state(file)
    if any(name.startswith(f"{part}.") for name in given):
        load_state(network, file, first=last, last=last)
        return
    inner = network.get_submodule(part)
    wanted = inner.state_dict()
    given = {name: value for name, value in given.items() if not name.startswith(_COLOUR_ENDS)}
    given |= {name: value for name, value in wanted.items() if name.startswith(_COLOUR_ENDS)}
    _check(given, wanted, file)
    inner.load_state_dict(given)


def read_state(file: Path) -> dict[str, torch.Tensor]:
    """Return the tensors of a ``.safetensors``, ``.pth`` or ``.pt`` file by name.

    Raises TrainingError when it is not a plain file of tensors.
    """
    import torch  # noqa: PLC0415 - the web process lists models without torch
    from safetensors import SafetensorError  # noqa: PLC0415
    from safetensors.torch import load_file  # noqa: PLC0415

    try:
        if file.suffix == ".safetensors":
            state: object = load_file(file)
        else:
            state = torch.load(file, map_location="cpu", weights_only=True)
    except (*_UNREADABLE, SafetensorError, pickle.UnpicklingError) as error:
        message = (
            f"weights file {file.name!r} cannot be read ({type(error).__name__}); expected a "
            "safetensors file, or a .pth file that holds tensors only"
        )
        raise TrainingError(message) from error
    if not isinstance(state, dict) or not all(
        isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in state.items()
    ):
        message = f"weights file {file.name!r} holds no state dict; expected tensors by name"
        raise TrainingError(message)
    return state


def _check(
    given: Mapping[str, torch.Tensor], wanted: Mapping[str, torch.Tensor], file: Path
) -> None:
    """Refuse weights that do not fit name by name and shape by shape."""
    missing = sorted(wanted.keys() - given.keys())
    unknown = sorted(given.keys() - wanted.keys())
    wrong = [
        f"{name} {tuple(given[name].shape)} for {tuple(wanted[name].shape)}"
        for name in wanted
        if name in given and given[name].shape != wanted[name].shape
    ]
    for what, names in (("lacks", missing), ("also holds", unknown), ("has other shapes", wrong)):
        if names:
            shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if names[3:] else "")
            message = (
                f"weights file {file.name!r} does not fit this network: it {what}: {shown}; "
                "choose weights of the same model, channels and classes, or random weights"
            )
            raise TrainingError(message)
