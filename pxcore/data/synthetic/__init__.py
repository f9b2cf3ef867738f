"""Synthetic cells with planted truth: what a sound method must find is known."""

from pxcore.data.synthetic.ifc_cells import (
    IfcParams,
    SyntheticCells,
    group_names,
    ifc_blocks,
    ifc_cells,
    ifc_panel,
)
from pxcore.data.synthetic.multiplex_circles import (
    MultiplexImages,
    MultiplexPanel,
    multiplex_circles,
    multiplex_images,
    multiplex_labels,
    multiplex_panel,
    multiplex_truth,
)
from pxcore.data.synthetic.multiplex_oracle import MultiplexOracle, multiplex_oracle
from pxcore.data.synthetic.multiplex_params import MultiplexParams, suited
from pxcore.data.synthetic.planted import Planted, class_names, truth_of
from pxcore.data.synthetic.unlabelled_cells import UnlabelledCells, unlabelled_cells
from pxcore.data.synthetic.unlabelled_params import UnlabelledParams

__all__ = [
    "IfcParams",
    "MultiplexImages",
    "MultiplexOracle",
    "MultiplexPanel",
    "MultiplexParams",
    "Planted",
    "SyntheticCells",
    "UnlabelledCells",
    "UnlabelledParams",
    "class_names",
    "group_names",
    "ifc_blocks",
    "ifc_cells",
    "ifc_panel",
    "multiplex_circles",
    "multiplex_images",
    "multiplex_labels",
    "multiplex_oracle",
    "multiplex_panel",
    "multiplex_truth",
    "suited",
    "truth_of",
    "unlabelled_cells",
]
