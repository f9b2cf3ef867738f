"""Torchvision's models, also where its compiled operators cannot be loaded.

The torchvision wheel of the public registry is built for CUDA. Beside the CPU build of torch its
library does not load, and then importing torchvision fails with ``operator torchvision::nms does
not exist``: it registers how ``nms`` behaves on fake tensors without looking whether ``nms`` is
there. We use none of these operators, only the network definitions, so we declare the two that
it asks for (without an implementation). Where the library loads, nothing is declared.
"""

from __future__ import annotations

import importlib
import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

import torch

_MISSING = {
    "nms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}


@cache
def torchvision_models() -> ModuleType:
    """Return the module ``torchvision.models``."""
    if not _operators_load():
        _declare()
    return importlib.import_module("torchvision.models")


@cache
def torchvision_videos() -> ModuleType:
    """Return the module ``torchvision.models.video.resnet``: networks for stacks of pictures."""
    torchvision_models()
    return importlib.import_module("torchvision.models.video.resnet")


def _operators_load() -> bool:
    """Tell whether torchvision's compiled library can be loaded (and load it)."""
    spec = importlib.util.find_spec("torchvision")
    folders = spec.submodule_search_locations if spec is not None else None
    for folder in folders or ():
        for library in Path(folder).glob("_C.*"):
            try:
                torch.ops.load_library(str(library))  # type: ignore[no-untyped-call]
            except OSError:
                return False
            return True
    return False


def _declare() -> None:
    """Declare the operators torchvision registers fakes for, for the life of the process."""
    library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for name, signature in _MISSING.items():
        if not hasattr(torch.ops.torchvision, name):
            library.define(f"{name}{signature}")  # type: ignore[no-untyped-call]
    _DECLARED.append(library)


_DECLARED: list[torch.library.Library] = []
"""Declarations live as long as their library object."""
