"""Arrays inside frozen values."""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T", bound=np.generic)

Array: TypeAlias = npt.NDArray[Any]
"""A numpy array; its dtype, shape and unit stand in the docstring of its owner."""


def read_only(array: npt.NDArray[T]) -> npt.NDArray[T]:
    """Return ``array`` as a view nobody can write through (the caller keeps its own rights)."""
    view = array.view()
    view.setflags(write=False)
    return view


def frozen(owner: object, *names: str) -> None:
    """Make the named array fields of a frozen dataclass read-only, from its ``__post_init__``."""
    for name in names:
        object.__setattr__(owner, name, read_only(np.asarray(getattr(owner, name))))
