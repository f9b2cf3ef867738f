"""The door on published results: numbers that need no store."""

from __future__ import annotations

from pxcore.types.published import PublishedSet


class Published:
    """The paper's three data sets with our statistics."""

    def sets(self) -> tuple[PublishedSet, ...]:
        """Return them in the paper's order."""
        from pxcore.evaluation.published import published_sets  # noqa: PLC0415 - scipy, half a second

        return published_sets()

    def source(self) -> tuple[str, str]:
        """Return citation and DOI of the paper."""
        from pxcore.evaluation.published import DOI, SOURCE  # noqa: PLC0415

        return SOURCE, DOI
