"""Autoencoders, one a file. They know no classes, so they stand in a table beside `MODELS`."""

from pxcore.errors import TrainingError
from pxcore.models.autoencoders import dcae_2d, dcae_3d, dcae_fused
from pxcore.models.autoencoders.autoencoder import Autoencoder, AutoencoderRequest
from pxcore.registry import Registry

AUTOENCODERS: Registry[Autoencoder] = Registry(
    "autoencoder",
    [dcae_2d.AUTOENCODER, dcae_3d.AUTOENCODER, dcae_fused.AUTOENCODER],
    TrainingError,
)

__all__ = ["AUTOENCODERS", "Autoencoder", "AutoencoderRequest"]
