"""Architectures, one a file. To add one: a file beside this one and a line in the table."""

from pxcore.errors import TrainingError
from pxcore.models import resnet18, small_cnn
from pxcore.models.model import BuildRequest, Model, WeightsFile
from pxcore.registry import Registry

MODELS: Registry[Model] = Registry("model", [small_cnn.MODEL, resnet18.MODEL], TrainingError)

__all__ = ["MODELS", "BuildRequest", "Model", "WeightsFile"]
