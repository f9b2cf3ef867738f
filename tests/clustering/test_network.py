"""Encoder and clusters as one network say what the clustering says of the codes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from pxcore.clustering.clusters import Clustering
from pxcore.clustering.fit import cluster
from pxcore.clustering.network import cluster_network
from pxcore.clustering.params import ClusterParams
from pxcore.clustering.placing import Nearest
from pxcore.errors import ClusteringError
from tests.clustering.made_codes import hidden_codes

CODES, _ = hidden_codes()


class Flat(nn.Module):
    """Cells of 2 planes of 1 x 3 pixels are their own codes."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, planes: torch.Tensor) -> torch.Tensor:
        """Return the pixels."""
        return planes.flatten(1) * self.scale


def autoencoder() -> nn.Module:
    """Return a network with a part called encoder."""
    return nn.ModuleDict({"encoder": Flat()})


@pytest.mark.parametrize(
    ("variant", "covariance"),
    [("whitened", "tied"), ("whitened", "diag"), ("raw", "full"), ("birch", "tied")],
)
def test_a_network_says_what_the_clustering_says(variant: str, covariance: str) -> None:
    params = ClusterParams(variant=variant, covariance=covariance, n_clusters=3, n_init=2)  # type: ignore[arg-type]
    found = cluster(CODES, params)
    network = cluster_network(autoencoder(), found)
    cells = torch.from_numpy(CODES).reshape(-1, 2, 1, 3)
    logits = network(cells)
    assert np.array_equal(logits.argmax(dim=1).numpy(), found.predict(CODES))
    if variant != "birch":
        assert np.allclose(logits.softmax(dim=1).numpy(), found.probabilities(CODES), atol=1e-9)
    assert not any(weight.requires_grad for weight in network.parameters())


def test_a_map_without_a_formula_is_refused() -> None:
    found = cluster(CODES, ClusterParams(n_clusters=2, n_init=1))
    placing = Nearest(CODES, np.zeros(6), np.ones(6), np.zeros((len(CODES), 2)))
    mapped = Clustering(variant="umap", placing=placing, assigner=found.assigner)
    with pytest.raises(ClusteringError, match="variant umap cannot be asked"):
        cluster_network(autoencoder(), mapped)
