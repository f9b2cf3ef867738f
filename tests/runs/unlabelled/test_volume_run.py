"""Pictures and volumes of the same cells go the whole way: a volume is one channel throughout."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pxcore.doors.unlabelled import Unlabelled
from pxcore.runs import imports
from pxcore.store.home import Store
from pxcore.types import ImportRequest
from pxcore.types.unlabelled import Planes
from tests.tiny_lab import carry_on

DRAWN = (
    *(("form", "paired"), ("n_cells", "24"), ("size", "18"), ("depth", "16")),
    *(("labels", "hidden"), ("seed", "1")),
)


def test_paired_cells_are_clustered_and_ranked_by_channel(store: Store) -> None:
    cells = imports.bring_in(
        store,
        ImportRequest(path="unlabelled_cells", format="unlabelled_cells", options=DRAWN),
        lambda _step, _share: None,
    )
    door = Unlabelled(store)
    drafted = door.draft(cells.id)
    assert drafted.model == "dcae_fused"
    narrow = (("code", 4), ("volume_width", 2), ("width", 2))
    ask = replace(drafted, options=narrow, epochs=2, clusters=2, rank=True, maps=True)
    run_id = door.submit(ask)
    carry_on(store)
    found = door.result(run_id)
    assert found.planes == Planes(pictures=3, volumes=1, depth=16)
    assert found.centred
    for ranking in found.rankings:
        assert ranking.channels == ("BF", "Grain", "Body", "Place")
        assert len(ranking.value) == len(ranking.per_cluster) == 4
    assert found.live.redrawn is not None
    assert found.live.redrawn.before.shape[1:] == (19, 18, 18)
    assert found.brightness.shape == (24, 19)
    assert np.array_equal(found.labels, np.full(24, -1))
    assert any("24 cells are too few" in one for one in found.trust.said)
