"""White blood cells of two donors in twelve channels."""

from pxcore.data.limits import GIB
from pxcore.types import Channel, Panel, Role
from pxcore.types.public import PublicSet


def _stain(name: str, marker: str = "") -> Channel:
    """Return a stain that the classes were gated on."""
    return Channel(name=name, marker=marker or name, gate_defining=True)


ENTRY = PublicSet(
    id="blood",
    title="White blood cells",
    summary="Eight kinds of white blood cells from the whole blood of two donors.",
    panel=Panel(
        (
            Channel(name="BF1", role=Role.BRIGHTFIELD),
            _stain("CD15"),
            _stain("SigL8", "Siglec-8"),
            _stain("CD14"),
            _stain("CD19"),
            Channel(name="DF", role=Role.DARKFIELD),
            _stain("CD3"),
            _stain("CD45"),
            Channel(name="BF2", role=Role.BRIGHTFIELD),
            _stain("CD4"),
            _stain("CD56"),
            _stain("CD8"),
        )
    ),
    n_cells=29_994,
    n_classes=8,
    citation="Lippeveld et al., Classification of human white blood cells using machine learning "
    "for stain-free imaging flow cytometry, Cytometry Part A 97, 2020",
    doi="10.1002/cyto.a.23920",
    licence="not stated at the share; cite the paper, ask its authors before other use",
    page="https://cloud.irc.ugent.be/public/index.php/s/assnP3Z2FjTbztc",
    url="https://cloud.irc.ugent.be/public/index.php/s/assnP3Z2FjTbztc/download",
    file="white_blood_cells.zip",
    starts=(b"PK\x03\x04",),
    most_bytes=100 * GIB,
    side=64,
    assumed=(
        "What the share holds is not described in the paper: IDEAS TIFF exports, one HDF5 file a "
        "cell and CIF are recognised, and the twelve channels are taken in the instrument's order.",
        "Where it holds several archives or recordings, put one of them in its place by hand.",
        "The classes came from gates on the stains, so the importance of a stain is partly "
        "circular. Which gate used which stain is not known here: all nine are marked as defining "
        "the gates, to be corrected in the panel of the data set.",
        "Cells called unknown form a class of their own; leave it out of a run.",
    ),
)
