"""Artifacts that are about to get a row: held, however wrong the clock tells their age.

A hold is a folder of this process among the temporary ones, with the keys in it. When its process
dies it holds nothing any more.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from pxcore.store.files import write_atomic
from pxcore.store.home import Store
from pxcore.store.owners import orphaned

LABEL, FILE = "held", "keys"
KEY = re.compile(r"[0-9a-f]{64}")


@contextmanager
def held(store: Store, keys: Iterable[str]) -> Iterator[None]:
    """Keep these artifacts, there or about to be, from every clean-up while the block lasts."""
    folder = store.artifacts.temporary(LABEL)
    try:
        with store.database.writing():  # a removal under way, which does not know of it, ends first
            write_atomic(folder / FILE, "\n".join(keys).encode())
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def held_keys(store: Store) -> frozenset[str]:
    """Return what is held now. Whoever removes artifacts asks under the database's write lock."""
    found: set[str] = set()
    for folder in store.artifacts.temporaries(LABEL):
        if not orphaned(folder.name):
            with suppress(FileNotFoundError):  # it has just ended
                found.update(KEY.findall((folder / FILE).read_text("ascii")))
    return frozenset(found)
