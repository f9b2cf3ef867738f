"""The setting that all attribution methods share. Loads no torch."""

from pxcore.importance.method import MethodOption

AGGREGATE = MethodOption(
    name="aggregate",
    choices=("mean_abs", "signed_median"),
    summary="the mean absolute attribution inside the cell's outline, or, as published, the "
    "signed median over the tile (close to 0 on background)",
)
