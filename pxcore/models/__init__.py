"""Architectures, one a file. To add one: a file beside this one and a line in the table."""

from pxcore.errors import TrainingError
from pxcore.models import bsn, channel_embedding, r3d_18, resnet18, resnet50, small_cnn
from pxcore.models.model import BuildRequest, Model, WeightsFile
from pxcore.registry import Registry

MODELS: Registry[Model] = Registry(
    "model",
    [
        small_cnn.MODEL,
        resnet18.MODEL,
        channel_embedding.MODEL,
        resnet50.MODEL,
        r3d_18.MODEL,
        bsn.MODEL,
    ],
    TrainingError,
)

__all__ = ["MODELS", "BuildRequest", "Model", "WeightsFile"]
