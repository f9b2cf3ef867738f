"""What multiplexed images hold without any network: logistic regression on channel means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pxcore.data.synthetic.multiplex_circles import MultiplexImages
from pxcore.types import Array, frozen

STRENGTH = 0.1
"""Inverse of the ridge penalty."""


@dataclass(frozen=True, slots=True, eq=False)
class MultiplexOracle:
    """How well means of channels tell the classes, and by which channels."""

    accuracy: float
    """Share of the test images whose class is told, 0 to 1."""
    weight: Array
    """(C,) float64: largest absolute weight of a channel over the classes, its means scaled to a
    standard deviation of 1."""

    def __post_init__(self) -> None:
        frozen(self, "weight")


def multiplex_oracle(train: MultiplexImages, test: MultiplexImages) -> MultiplexOracle:
    """Return how well one mean a channel tells the classes: what a network can at least reach.

    All that a class changes is how many circles are bright in its own few channels, and of that a
    channel's mean keeps nearly all. Where this fails, the images hold too little for any model.

    Parameters
    ----------
    train
        Images (N, C, H, W) of at least two classes; scale and weights are fitted on them alone.
    test
        Images of the same channels, on which the accuracy is counted.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - takes a second to load
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    known, asked = (one.images.mean(axis=(2, 3), dtype=np.float64) for one in (train, test))
    scale = StandardScaler().fit(known)
    model = LogisticRegression(C=STRENGTH, max_iter=1000).fit(scale.transform(known), train.labels)
    return MultiplexOracle(
        accuracy=float(model.score(scale.transform(asked), test.labels)),
        weight=np.abs(model.coef_).max(axis=0),
    )
