"""The table of public data sets. To add one: a file beside this one and a line below."""

from pxcore.data.catalogue import apoptotic, blood, imc, synapse
from pxcore.errors import DatasetError
from pxcore.registry import Registry
from pxcore.types.public import PublicSet

CATALOGUE: Registry[PublicSet] = Registry(
    "public data set",
    [
        apoptotic.ENTRY,
        synapse.ENTRY,
        blood.ENTRY,
        imc.ENTRY,
    ],
    DatasetError,
)

__all__ = ["CATALOGUE", "PublicSet"]
