"""The table of importance methods: one line, one file."""

from pxcore.errors import MethodError
from pxcore.importance.method import ExplainRequest, Method, MethodOption
from pxcore.importance.methods import occlusion, permute_cells, pxpermute, pxpermute_mask
from pxcore.registry import Registry

METHODS = Registry(
    "method",
    [
        pxpermute.METHOD,
        pxpermute_mask.METHOD,
        permute_cells.METHOD,
        occlusion.METHOD,
    ],
    MethodError,
)

__all__ = ["METHODS", "ExplainRequest", "Method", "MethodOption"]
