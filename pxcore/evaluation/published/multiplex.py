"""The published tables of channel embedding: numbers only, read once and checked.

Source: Abdel Magid et al., Channel embedding for informative protein identification from highly
multiplexed images, MICCAI 2020, tables 1 to 3 and table 1 of its supplement. Every row is a single
training; six channels are informative, so one channel is 16.7 points of recall.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from pxcore.types.benchmark import PublishedScore, PublishedTissue

FILE = Path(__file__).with_name("multiplex.json")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Drawn(_Frozen):
    entry: str
    accuracy: float
    recall: dict[int, float]
    millions: float | None = None


class _Tissue(_Frozen):
    entry: str
    accuracy: float
    spearman: float


class _File(_Frozen):
    source: str
    synthetic: tuple[_Drawn, ...]
    tissue: tuple[_Tissue, ...]


@cache
def _file() -> _File:
    return _File.model_validate_json(FILE.read_text("utf-8"))


def source() -> str:
    """Return where the numbers are from."""
    return _file().source


def published_scores() -> tuple[PublishedScore, ...]:
    """Return the rows on drawn images, the publication's own system first."""
    return tuple(
        PublishedScore(
            entry=one.entry,
            accuracy=one.accuracy,
            recall=tuple(sorted(one.recall.items())),
            millions=one.millions,
        )
        for one in _file().synthetic
    )


def published_tissue() -> tuple[PublishedTissue, ...]:
    """Return the rows on breast cancer tissue."""
    return tuple(
        PublishedTissue(entry=one.entry, accuracy=one.accuracy, spearman=one.spearman)
        for one in _file().tissue
    )
