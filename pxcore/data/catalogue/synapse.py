"""Immunological synapses between T and B cells."""

from pxcore.data.limits import GIB
from pxcore.types import Channel, Panel, Role
from pxcore.types.public import PublicSet

ENTRY = PublicSet(
    id="synapse",
    title="Synapse formation",
    summary="T and B cells, single, in contact and in synapses; the antibody and live/dead "
    "channels are empty in the labelled cells.",
    panel=Panel(
        (
            Channel(name="BF", role=Role.BRIGHTFIELD),
            Channel(name="Antibody", marker="therapeutic antibody"),
            Channel(name="CD18", marker="CD18"),
            Channel(name="F-Actin", marker="F-actin"),
            Channel(name="MHCII", marker="MHC class II"),
            Channel(name="CD3", marker="CD3"),
            Channel(name="P-CD3zeta", marker="phosphorylated CD3ζ"),
            Channel(name="Live-Dead", role=Role.VIABILITY),
        )
    ),
    n_cells=5_221,
    n_classes=9,
    citation="Essig et al., An imaging flow cytometry dataset for profiling the immunological "
    "synapse of therapeutic antibodies, Dryad, 2022; Shetab Boushehri et al., Nature "
    "Communications 14, 2023",
    doi="10.1038/s41467-023-43429-2",
    licence="CC0 1.0, the licence of every Dryad data set; cite the data set "
    "(10.5061/dryad.ht76hdrk7)",
    page="https://datadryad.org/dataset/doi:10.5061/dryad.ht76hdrk7",
    url="https://datadryad.org/api/v2/datasets/doi%3A10.5061%2Fdryad.ht76hdrk7/download",
    file="synapse.zip",
    starts=(b"PK\x03\x04",),
    most_bytes=200 * GIB,
    format="scifai",
    options=(("cells", "labelled"),),
    side=128,
    assumed=(
        "The archive is taken to hold one HDF5 file a cell (image, mask, label) in folders "
        "experiment/donor/condition, as scifAI reads them; of 2.8 million images only the labelled "
        "ones are imported.",
        "Should the archive hold further archives, unpack it yourself and put the folder with the "
        "labelled cells in its place.",
        "Dryad may ask for a login before it sends large archives: fetch it in a browser then.",
    ),
)
