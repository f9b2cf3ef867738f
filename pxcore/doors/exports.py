"""The numbers of a finished run: as tables, as one JSON value, and as files in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pxcore.store.home import Store

if TYPE_CHECKING:
    import pandas as pd


class Exports:
    """What of a run can be worked on elsewhere."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def tables(self, run_id: str) -> dict[str, pd.DataFrame]:
        """Return importance, ranking, per_class, performance, confusion, training, and proofs."""
        from pxcore.runs import tables  # noqa: PLC0415 - pandas takes half a second

        return tables.tables(self._store, run_id)

    def json(self, run_id: str) -> dict[str, object]:
        """Return the run as ``python -m pxcore run --json`` writes it; never NaN."""
        from pxcore.runs import tables  # noqa: PLC0415

        return tables.run_json(self._store, run_id)

    def files(self, run_id: str, folder: Path) -> tuple[Path, ...]:
        """Return the files (CSV, JSON, SVG) that a finished run was written to."""
        from pxcore.runs import export  # noqa: PLC0415 - loads matplotlib

        return export.export(self._store, run_id, folder)
