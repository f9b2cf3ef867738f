"""The child process of ``maps``: Grad-CAM of the classifier of clusters."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch

from pxcore.importance.attribution.grad_cam import grad_cam, masks_of
from pxcore.models.cluster_classifier import ClusterClassifier
from pxcore.runs.execute.unlabelled.cells import encoding
from pxcore.runs.execute.unlabelled.explain import classifier, layer
from pxcore.runs.saved.encoder import load_weights
from pxcore.runs.unlabelled.maps import FILE, ClusterMapsOrder
from pxcore.store.artifacts import Artifacts
from pxcore.store.keys import decode

BATCH = 16


def main(folder: Path, order: ClusterMapsOrder) -> None:
    """Write pictures, maps, masks and calls into ``folder``."""
    artifacts, cells = Artifacts(Path(order.home)), np.asarray(order.positions, dtype=np.int64)
    with encoding(artifacts, order.taken, order.encoder) as one:
        network = classifier(one, order.n_clusters)()
        assert isinstance(network, ClusterClassifier)  # for the type checker
        head = load_weights(artifacts.folder(order.head))
        state = {name.removeprefix("head."): torch.tensor(w) for name, w in head.items()}
        network.head.load_state_dict(state)
        shown = one.shown(cells)
        network = network.to(shown.device).eval()
        maps, masks, called = [], [], []
        for rows in torch.split(torch.arange(len(cells), device=shown.device), BATCH):
            images = shown.batch(rows)
            drawn = grad_cam(network, images, layer(order.layer))
            maps.append(drawn.cpu().numpy())
            masks.append(masks_of(drawn).cpu().numpy())
            with torch.no_grad():
                called.append(network(images).argmax(dim=1).cpu().numpy())
        np.savez_compressed(
            folder / FILE,
            images=one.opened.source.images(cells),
            maps=np.concatenate(maps).astype(np.float32),
            masks=np.concatenate(masks),
            called=np.concatenate(called).astype(np.int64),
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), decode(ClusterMapsOrder, sys.stdin.read()))
