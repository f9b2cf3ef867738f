"""A package called umap, which hosts may lack."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import ClassVar

import pytest

from pxcore.clustering.placing import whitening
from pxcore.types import Array


class FakeUmap:
    """Stands in for the map: two directions of the codes."""

    fitted: ClassVar[list[tuple[int, ...]]] = []
    """Shapes of what was placed."""

    def __init__(self, **_settings: object) -> None:
        pass

    def fit_transform(self, codes: Array) -> Array:
        """Return the first two main directions."""
        self.fitted.append(codes.shape)
        return whitening(codes, 2).points(codes)


@pytest.fixture
def umap(monkeypatch: pytest.MonkeyPatch) -> type[FakeUmap]:
    """Have a package called umap; return what stands in for its map."""
    made = ModuleType("umap")
    made.__spec__ = sys.__spec__
    made.UMAP = FakeUmap  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "umap", made)
    monkeypatch.setattr(FakeUmap, "fitted", [])
    return FakeUmap
