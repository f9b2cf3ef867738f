"""The settings of attribution methods. Loads no torch."""

from pxcore.importance.method import MethodOption

STEPS = 50
"""Points on the way from a reference image, as published."""

AGGREGATE = MethodOption(
    name="aggregate",
    choices=("mean_abs", "signed_median"),
    summary="the mean absolute attribution inside the cell's outline, or, as published, the "
    "signed median over the tile (close to 0 on background)",
)
REFERENCE = MethodOption(
    name="reference",
    choices=("mean", "zero"),
    summary="what cells are compared with: each channel's mean over the training cells, or 0 as "
    "published (a black brightfield is a picture the model never saw)",
)
