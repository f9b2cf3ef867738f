"""A finished clustering: what it says of codes, and how it is stored without pickle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pxcore.clustering.mixture import Mixture
from pxcore.clustering.placing import PLACINGS, Affine, Nearest
from pxcore.clustering.subclusters import Subclusters
from pxcore.errors import ClusteringError
from pxcore.types import Array

ASSIGNERS: dict[str, type[Mixture] | type[Subclusters]] = {
    Mixture.kind: Mixture,
    Subclusters.kind: Subclusters,
}
"""Every way to give points to clusters by the word that is stored with it."""
_FORMAT = "pxcore clustering 1"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clustering:
    """Codes -> points -> clusters, numbered from 0 by size, the largest first.

    Equal codes get equal answers, also after :meth:`to_arrays` and :meth:`from_arrays`, bit for
    bit: the same arithmetic on the same numbers.
    """

    variant: str
    placing: Affine | Nearest
    assigner: Mixture | Subclusters
    bic: tuple[tuple[int, float], ...] = ()
    """(number of clusters, BIC) of every number that was tried; empty where none has one."""
    seed: int = 0

    @property
    def n_clusters(self) -> int:
        """K."""
        return self.assigner.n_clusters

    def points(self, codes: Array) -> Array:
        """Return (n, d) float64: where codes (n, L) lie when they are clustered."""
        return self.placing.points(codes)

    def probabilities(self, codes: Array) -> Array:
        """Return (n, K) float64, rows sum to 1."""
        return self.assigner.probabilities(self.points(codes))

    def predict(self, codes: Array) -> Array:
        """Return (n,) int64 cluster numbers: the most likely one."""
        found: Array = self.assigner.log_parts(self.points(codes)).argmax(axis=1)
        return found

    def sizes(self, codes: Array) -> tuple[int, ...]:
        """Return how many of these cells each cluster has."""
        counts = np.bincount(self.predict(codes), minlength=self.n_clusters)
        return tuple(int(n) for n in counts)

    def to_arrays(self) -> dict[str, Array]:
        """Return everything as named arrays of numbers and text, ready for an npz file."""
        head = {
            "format": np.asarray(_FORMAT),
            "variant": np.asarray(self.variant),
            "placing": np.asarray(self.placing.kind),
            "assigner": np.asarray(self.assigner.kind),
            "bic": np.asarray(self.bic, dtype=np.float64).reshape(-1, 2),
            "seed": np.asarray(self.seed, dtype=np.int64),
        }
        parts = {f"placing/{n}": a for n, a in self.placing.arrays().items()}
        parts |= {f"assigner/{n}": a for n, a in self.assigner.arrays().items()}
        return head | parts

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Clustering:
        """Return what :meth:`to_arrays` was taken from.

        Raises
        ------
        ClusteringError
            When the arrays are not those of a clustering.
        """
        found = str(arrays["format"]) if "format" in arrays else "no mark of a format"
        if found != _FORMAT:
            message = f"the arrays hold {found!r}; expected {_FORMAT!r}: cluster the cells again"
            raise ClusteringError(message)
        try:
            return cls(
                variant=str(arrays["variant"]),
                placing=PLACINGS[str(arrays["placing"])](**_part(arrays, "placing/")),
                assigner=ASSIGNERS[str(arrays["assigner"])](**_part(arrays, "assigner/")),
                bic=tuple((int(k), float(value)) for k, value in arrays["bic"]),
                seed=int(arrays["seed"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            message = (
                f"the arrays of a clustering are not complete ({error}); cluster the cells again"
            )
            raise ClusteringError(message) from error


def _part(arrays: Mapping[str, Array], start: str) -> dict[str, Any]:
    """Return the arrays whose name begins so, without it; single numbers as such."""
    named = {name[len(start) :]: a for name, a in arrays.items() if name.startswith(start)}
    return {name: a if a.ndim else a.item() for name, a in named.items()}
