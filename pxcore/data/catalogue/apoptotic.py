"""Apoptotic cells in brightfield and one stain."""

from pxcore.data.hdf5 import SIGNATURE
from pxcore.data.limits import GIB
from pxcore.types import Channel, Panel, Role
from pxcore.types.public import PublicSet

ENTRY = PublicSet(
    id="apoptotic",
    title="Apoptotic cells",
    summary="Mouse cells in brightfield and one stain: apoptotic, or alive with vesicles bound.",
    panel=Panel(
        (
            Channel(name="BF", role=Role.BRIGHTFIELD),
            Channel(name="FL", marker="phosphatidylserine"),
        )
    ),
    n_cells=15_311,
    n_classes=2,
    citation="Kranich et al., In vivo identification of apoptotic and extracellular vesicle-bound "
    "live cells using image-based deep learning, Journal of Extracellular Vesicles 9, 2020",
    doi="10.1080/20013078.2020.1792683",
    licence="see the repository theislab/dali; cite the paper",
    page="https://github.com/theislab/dali/tree/master/data",
    url="https://github.com/theislab/dali/raw/master/data/X_M1.h5",
    file="X_M1.h5",
    starts=(SIGNATURE,),
    most_bytes=4 * GIB,
    format="dali",
    side=32,
    assumed=(
        "The file's arrays are X (pixels), y (0 apoptotic, 1 not) and fnames, as the authors' own "
        "notebook writes them; the axes of X are found by their lengths.",
        "The first channel is taken as brightfield, the second as the stain.",
    ),
)
