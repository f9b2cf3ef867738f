"""The same network with every activation in a place of its own, so that rules can be put there.

DeepLift and guided backpropagation keep something at each activation between the pass forward and
the pass back. A module that is used twice (the ReLU of a residual block), a function (``relu(x)``),
one that writes into its input or whose input is another one's output leaves no such place. The
graph is rewritten, whatever the architecture; the numbers it gives stay the same.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import fx, nn
from torch.nn import functional

from pxcore.errors import MethodError

NON_LINEAR = (
    nn.ReLU,
    nn.ReLU6,
    nn.ELU,
    nn.CELU,
    nn.SELU,
    nn.GELU,
    nn.SiLU,
    nn.Mish,
    nn.Hardswish,
    nn.Hardsigmoid,
    nn.Hardtanh,
    nn.LeakyReLU,
    nn.PReLU,
    nn.Sigmoid,
    nn.Tanh,
    nn.Softplus,
    nn.Softmax,
    nn.MaxPool2d,
    nn.AdaptiveMaxPool2d,
)
"""Modules that need a place of their own."""

_WRITTEN: dict[object, Callable[..., nn.Module]] = {
    functional.relu: lambda inplace=False: nn.ReLU(inplace),
    torch.relu: nn.ReLU,
    torch.relu_: nn.ReLU,
    "relu": nn.ReLU,
    "relu_": nn.ReLU,
    functional.elu: lambda alpha=1.0, inplace=False: nn.ELU(alpha, inplace),
    functional.leaky_relu: lambda negative_slope=0.01, inplace=False: nn.LeakyReLU(
        negative_slope, inplace
    ),
    functional.sigmoid: nn.Sigmoid,
    torch.sigmoid: nn.Sigmoid,
    "sigmoid": nn.Sigmoid,
    functional.tanh: nn.Tanh,
    torch.tanh: nn.Tanh,
    "tanh": nn.Tanh,
    functional.gelu: nn.GELU,
    functional.silu: lambda inplace=False: nn.SiLU(inplace),
    functional.max_pool2d: nn.MaxPool2d,
    torch.max_pool2d: nn.MaxPool2d,
}
"""Functions and methods of tensors, and the module that does the same with the same settings."""

MARKED = "marked_part"
"""Name of the place behind the part asked for."""


class Windows(nn.Module):
    """Lay the windows of a pooling side by side, so that none overlaps another.

    (B, C, H, W) -> (B, C, H'·k, W'·k'): pooling this with stride = kernel gives what the pooling
    gives. Beyond the border lies the smallest float32, which never is the largest of a window.
    """

    def __init__(self, pool: nn.MaxPool2d) -> None:
        super().__init__()
        self.kernel, self.stride = _pair(pool.kernel_size), _pair(pool.stride)
        self.padding = _pair(pool.padding)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the windows side by side."""
        (k_rows, k_columns), (rows, columns) = self.kernel, self.padding
        lowest = torch.finfo(images.dtype).min
        padded = functional.pad(images, (columns, columns, rows, rows), value=lowest)
        taken = padded.unfold(2, k_rows, self.stride[0]).unfold(3, k_columns, self.stride[1])
        return taken.transpose(3, 4).flatten(4, 5).flatten(2, 3)  # (B, C, H'·k, W'·k')


def separated(model: nn.Module, part: Callable[[nn.Module], nn.Module] | None = None) -> nn.Module:
    """Return a network with the same output whose activations are modules used once, not in place.

    A copy in evaluation mode without gradients for its parameters; ``model`` is not changed.

    Parameters
    ----------
    part
        Gives one part of a network made like ``model``. What that part puts out then passes
        through the submodule called :data:`MARKED`, which changes nothing.

    Raises
    ------
    MethodError
        When the network decides by its input which way to go, so that it has no one graph.
    """
    own = _Framed(copy.deepcopy(model).eval().requires_grad_(requires_grad=False))
    tracer = _Tracer(None if part is None else part(own.network))
    try:
        with torch.enable_grad():  # embeddings pass whole then, as they do on the way back
            graph = tracer.trace(own)
    except (fx.proxy.TraceError, TypeError, RuntimeError) as error:
        message = (
            f"the network {type(model).__name__} cannot be written as one graph ({error}); "
            "expected the same steps for every image. Choose integrated_gradients or a "
            "permutation, which ask nothing of the network"
        )
        raise MethodError(message) from error
    rewritten = fx.GraphModule(own, graph)
    _functions_to_modules(rewritten)
    _one_use_each(rewritten)
    _no_overlap(rewritten)
    rewritten.graph.lint()
    rewritten.recompile()
    return rewritten.eval()


class _Framed(nn.Module):
    """A network with a place to mark beside it, not inside: a sequence would run through it."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.add_module(MARKED, nn.Identity())

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return what the network gives."""
        result: torch.Tensor = self.network(images)
        return result


class _Tracer(fx.Tracer):
    """Follow the network through, and mark what one of its parts puts out."""

    def __init__(self, part: nn.Module | None) -> None:
        super().__init__()
        self._part = part

    def call_module(
        self,
        m: nn.Module,
        forward: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:  # as torch declares it
        result = super().call_module(m, forward, args, kwargs)
        if m is self._part:
            return self.create_proxy("call_module", MARKED, (result,), {})
        return result


def _functions_to_modules(network: fx.GraphModule) -> None:
    """Turn activations written as functions into modules."""
    for number, node in enumerate(list(network.graph.nodes)):
        if node.op in ("call_function", "call_method") and node.target in _WRITTEN:
            settings = dict(node.kwargs)
            given = node.args[0] if node.args else settings.pop("input")
            module = _WRITTEN[node.target](*node.args[1:], **settings)
            _replace(network, node, f"written_{number}", (module,), given)


def _one_use_each(network: fx.GraphModule) -> None:
    """Give every use of an activation its own module and its own input.

    Captum hooks the tensor that goes in: where it is another activation's output, or another
    layer's input as well, the one would see what the other made of the gradient.
    """
    for number, node in enumerate(list(network.graph.nodes)):
        if node.op != "call_module":
            continue
        module = network.get_submodule(node.target)
        if isinstance(module, NON_LINEAR):
            own = copy.deepcopy(module)
            if hasattr(own, "inplace"):
                own.inplace = False
            given = node.args[0] if node.args else node.kwargs["input"]
            with network.graph.inserting_before(node):
                given = network.graph.call_method("clone", (given,))
            _replace(network, node, f"used_{number}", (own,), given)


def _no_overlap(network: fx.GraphModule) -> None:
    """Part poolings with overlapping windows: captum shares among separate windows only."""
    for number, node in enumerate(list(network.graph.nodes)):
        if node.op != "call_module":
            continue
        pool = network.get_submodule(node.target)
        if not isinstance(pool, nn.MaxPool2d) or _pair(pool.dilation) != (1, 1) or pool.ceil_mode:
            continue
        kernel = _pair(pool.kernel_size)
        if kernel != _pair(pool.stride) or _pair(pool.padding) != (0, 0):
            parts = (Windows(pool), nn.MaxPool2d(kernel, kernel))
            _replace(network, node, f"pooled_{number}", parts, node.args[0])


def _replace(
    network: fx.GraphModule, node: fx.Node, name: str, parts: tuple[nn.Module, ...], given: fx.Node
) -> None:
    """Let new modules, one after the other, take the place of a node."""
    result = given
    with network.graph.inserting_before(node):
        for number, part in enumerate(parts):
            network.add_submodule(f"{name}_{number}", part)
            result = network.graph.call_module(f"{name}_{number}", (result,))
    node.replace_all_uses_with(result)
    network.graph.erase_node(node)


def _pair(value: int | tuple[int, ...]) -> tuple[int, int]:
    """Return a setting of a pooling for rows and columns."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])
