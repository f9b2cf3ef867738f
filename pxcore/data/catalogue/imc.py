"""Breast cancer tissue in imaging mass cytometry: tumour grade from 39 protein channels."""

from pxcore.data.limits import GIB
from pxcore.types import Channel, Panel
from pxcore.types.public import PublicSet

ENTRY = PublicSet(
    id="imc",
    title="Breast cancer tissue (IMC)",
    summary="Images of tumours in 39 channels, of grade 1, 2 or 3: whole tissue, no single cells.",
    panel=Panel(
        tuple(
            Channel(name=name)
            for name in ("Ki-67", "CAIX", "CK8/18", "CK19", "pan-CK")  # the paper names these
        )
    ),
    n_cells=723,
    n_classes=3,
    citation="Jackson et al., The single-cell pathology landscape of breast cancer, Nature 578, "
    "2020; Abdel Magid et al., MICCAI 2020, for the task",
    doi="10.1038/s41586-019-1876-x",
    licence="see the record at Zenodo; cite the paper",
    page="https://zenodo.org/records/3518284",
    url="https://zenodo.org/records/3518284",
    file="imc.zip",
    starts=(b"PK\x03\x04",),
    most_bytes=200 * GIB,
    format="tissue",
    side=224,
    by_hand="Images, masks and patient tables lie in several archives, so one download does not "
    "do. Unpack the images into a folder and write images.csv beside them: image (the column "
    "FileName_FullStack of the patient tables, with the folder in front), patient (PID), class "
    "(grade) and, if wanted, mask.",
    assumed=(
        "Nothing of this was tried on the data themselves, which were not at hand: names of "
        "columns and archives are taken from other people's programs. Where they differ, the "
        "import says what it found.",
        "The table of the Zurich patients may have to be made from the record's further files.",
        "Channel names come from the images or from a channels.csv that you write; five of the 39 "
        "proteins are listed here, which the paper names.",
        "Published: 723 images of 352 patients, padded and cropped to 224 pixels, each channel "
        "clipped at its 99th percentile (choose percentiles over pixels that are not 0). Its split "
        "goes by order in the table and chose the epoch on the test part; ours goes by patient.",
    ),
)
