"""The table of importance methods: one line, one file."""

from pxcore.errors import MethodError
from pxcore.importance.method import ExplainRequest, Method, MethodOption
from pxcore.importance.methods import (
    channel_embedding,
    deeplift,
    gradcam_channel,
    guided_gradcam,
    input_gradient,
    integrated_gradients,
    leave_one_out,
    lrp,
    occlusion,
    permute_cells,
    pxpermute,
    pxpermute_mask,
    shapley,
)
from pxcore.registry import Registry

METHODS = Registry(
    "method",
    [
        pxpermute.METHOD,
        pxpermute_mask.METHOD,
        permute_cells.METHOD,
        occlusion.METHOD,
        integrated_gradients.METHOD,
        deeplift.METHOD,
        guided_gradcam.METHOD,
        lrp.METHOD,
        input_gradient.METHOD,
        channel_embedding.METHOD,
        gradcam_channel.METHOD,
        shapley.METHOD,
        leave_one_out.METHOD,
    ],
    MethodError,
)

__all__ = ["METHODS", "ExplainRequest", "Method", "MethodOption"]
