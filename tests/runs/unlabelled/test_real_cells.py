"""111 real cells without labels go through, and the run says that they are too few."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pxcore.clustering.verdict import ClusterVerdict
from pxcore.doors.unlabelled import Unlabelled
from pxcore.runs import imports
from pxcore.store.home import Store
from pxcore.types import ImportRequest
from tests.tiny_lab import carry_on


def test_few_real_cells_go_through_and_are_called_too_few(store: Store, shared_data: Path) -> None:
    path = str(shared_data / "amnis_cif" / "eotaxin.cif")
    cells = imports.bring_in(store, ImportRequest(path=path), lambda _step, _share: None)
    door = Unlabelled(store)
    drafted = door.draft(cells.id)
    assert (cells.n_cells, cells.classes, drafted.centre) == (111, (), True)
    narrow = (("code", 8), ("width", 2))
    ask = replace(drafted, options=narrow, epochs=2, max_clusters=3, rank=True, maps=True)
    run_id = door.submit(ask)
    carry_on(store)
    found = door.result(run_id)
    assert sum(found.sizes) == 111
    assert found.trust.verdict in set(ClusterVerdict)
    assert any("111 cells are too few for firm conclusions" in said for said in found.trust.said)
    assert found.against is None
    assert [len(ranking.channels) for ranking in found.rankings] == [len(cells.panel)] * 2
