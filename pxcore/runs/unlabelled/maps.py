"""Where the classifier of clusters looks in some cells: drawn by a child process, then kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pxcore.errors import ClusteringError, DatasetError, MethodError
from pxcore.models.autoencoders import AUTOENCODERS
from pxcore.runs.child import run_child
from pxcore.runs.parts import Parts
from pxcore.runs.result import finished
from pxcore.runs.saved.clusters import load_clustered
from pxcore.runs.unlabelled.asks import ask_of
from pxcore.runs.unlabelled.plan import taken_of
from pxcore.runs.unlabelled.result import kept, refusal
from pxcore.runs.unlabelled.tasks import Taken
from pxcore.store.home import Store
from pxcore.store.keys import encode, key_of
from pxcore.types.unlabelled_views import ClusterMaps

VERSION, MOST_CELLS, SECONDS = 1, 64, 300
FILE = "maps.npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterMapsOrder:
    """What the child process is asked."""

    home: str
    taken: Taken
    encoder: str
    head: str
    """Key of the classifier."""
    n_clusters: int
    layer: str
    positions: tuple[int, ...]


def maps(store: Store, run_id: str, positions: Sequence[int], layer: str = "") -> ClusterMaps:
    """Return Grad-CAM maps of the called cluster, and their masks, of at most 64 cells.

    ``layer``: a convolution of the encoder; empty for the last, the others are finer.

    Raises
    ------
    RunError
        For a run that has not finished, clusters nothing, or was not asked for maps.
    MethodError
        For a layer it does not have.
    DatasetError
        For cells that are not there, or too many.
    ClusteringError
        Where the clusters are too small to be explained.
    """
    record, ask = finished(store, run_id, clusters=True), ask_of(store, run_id)
    parts = Parts(store, record)
    head = kept(parts, "explain_clusters").name
    if why := refusal(parts):
        raise ClusteringError(why)
    encoder = ask.encoder_key or next(
        row.key for row in (parts.row("refine"), parts.row("encode")) if row is not None
    )
    cluster = load_clustered(kept(parts, "cluster")).cluster
    cells = _checked(positions, len(cluster))
    order = ClusterMapsOrder(
        home=str(store.home),
        taken=taken_of(ask),
        encoder=encoder,
        head=head,
        n_clusters=int(cluster.max()) + 1,
        layer=_layer(ask.model, layer),
        positions=cells,
    )
    key = key_of("cluster_maps", VERSION, head, order.layer, list(cells))
    if not store.artifacts.has(key):
        with store.artifacts.write(key) as folder:
            module = "pxcore.runs.unlabelled.maps_child"
            run_child(module, (str(folder),), encode(order), "the maps", SECONDS)
        store.note_artifacts({"cluster_maps": key})
    rows = np.asarray(cells, dtype=np.int64)
    with np.load(store.artifacts.folder(key) / FILE, allow_pickle=False) as arrays:
        return ClusterMaps(
            positions=rows,
            images=arrays["images"],
            maps=arrays["maps"],
            masks=arrays["masks"],
            called=arrays["called"],
            cluster=cluster[rows],
        )


def _layer(model: str, layer: str) -> str:
    """Return the layer whose maps are drawn."""
    entry = AUTOENCODERS[model]
    known = (*entry.stages, entry.last_map)
    if layer and layer not in known:
        message = f"{model} has no layer {layer!r} for maps; it has {', '.join(known)}"
        raise MethodError(message)
    return layer or entry.last_map


def _checked(positions: Sequence[int], n_cells: int) -> tuple[int, ...]:
    cells = tuple(int(position) for position in positions)
    if not 1 <= len(cells) <= MOST_CELLS:
        message = f"{len(cells)} cells were asked for; expected 1 to {MOST_CELLS}"
        raise DatasetError(message)
    if not all(0 <= cell < n_cells for cell in cells):
        message = f"cells {cells} were asked for; the run has cells 0 to {n_cells - 1}"
        raise DatasetError(message)
    return cells
