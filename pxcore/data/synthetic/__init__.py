"""Synthetic cells with planted truth: what a sound method must find is known."""

from pxcore.data.synthetic.ifc_cells import (
    IfcParams,
    SyntheticCells,
    group_names,
    ifc_blocks,
    ifc_cells,
    ifc_panel,
)
from pxcore.data.synthetic.planted import Planted, class_names, truth_of

__all__ = [
    "IfcParams",
    "Planted",
    "SyntheticCells",
    "class_names",
    "group_names",
    "ifc_blocks",
    "ifc_cells",
    "ifc_panel",
    "truth_of",
]
