"""What is known of a public data set, and how far it is on this host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pxcore.types.cells import Panel


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicSet:
    """One data set of the catalogue: where it is, who made it, how it is read."""

    id: str
    title: str
    summary: str
    """One sentence: what the cells are and what the classes are about."""
    panel: Panel
    """Roles and markers as published; given to the importer as a panel sheet by position."""
    n_cells: int
    """Labelled cells, as published."""
    n_classes: int
    citation: str
    doi: str
    """Of the paper."""
    licence: str
    page: str
    """Where a person finds the file."""
    url: str
    """The file itself, https."""
    file: str
    """Name it gets on this host."""
    starts: tuple[bytes, ...]
    """What the file may begin with: a page of words in its place is refused."""
    most_bytes: int
    """No download goes beyond it."""
    size: int | None = None
    """Size of the file, where it is known for sure."""
    sha256: str = ""
    """Of the file, as published; empty where none is."""
    format: str = "auto"
    options: tuple[tuple[str, str], ...] = ()
    side: int = 0
    """Side of the square tiles; 0 chooses from the cells."""
    by_hand: str = ""
    """Where one file is not enough: what a person unpacks into the folder. Never downloaded, no
    panel sheet is given to the importer, and no results of it are shown as published."""
    assumed: tuple[str, ...] = ()
    """Plain sentences: what of the file's layout is taken from papers and was not seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicState:
    """A data set of the catalogue on this host."""

    entry: PublicSet
    state: Literal["absent", "partly", "here"]
    folder: str
    """Where its file is put, by a download or by hand."""
    file: str = ""
    """What lies there; empty when nothing does."""
    n_bytes: int = 0
    resumes: bool = False
    """True where a download that is partly here goes on; else it begins anew."""
    may_fetch: bool = True
    """False where downloads are switched off on this host."""
    sha256: str = ""
    """Of the file that was last imported; empty before."""
    dataset_id: str = ""
    """The registered data set made of it, if any."""
