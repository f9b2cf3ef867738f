"""From cells without labels to a trained autoencoder, and from cells to codes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch
from torch import nn

from pxcore.data import volumes
from pxcore.data.normalise import Normaliser
from pxcore.data.source import CellSource
from pxcore.errors import TrainingError
from pxcore.models.autoencoders import AUTOENCODERS, AutoencoderRequest
from pxcore.models.autoencoders.soft_clusters import RefinedAutoencoder, SoftClusters
from pxcore.training.device import device_name
from pxcore.training.device_cells import DeviceCells
from pxcore.training.loop import Control, Training, learn
from pxcore.training.objective import Objective
from pxcore.training.predict import outputs, restore
from pxcore.training.reconstruction import Reconstruction
from pxcore.training.refinement import Refinement
from pxcore.training.schedules import kept
from pxcore.training.starting import as_arrays, fingerprint, fresh
from pxcore.types import Array, Epoch
from pxcore.types.unlabelled import AutoencoderSpec, Planes, TrainedAutoencoder

_SPLIT = 5
"""Purpose of random numbers: which cells are validated on."""


Look = Callable[[nn.Module, DeviceCells, Array], None]
"""Network, validation cells, their positions."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnlabelledData:
    """The cells of one training."""

    source: CellSource
    planes: Planes
    cells: Array
    """(n,) positions of the cells to learn from; a part of them is validated on."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gathering:
    """What joint refinement starts from: an affine way to where clusters are, and their centres."""

    trained: TrainedAutoencoder
    shift: Array
    """(L,)"""
    matrix: Array
    """(L, d)"""
    centres: Array
    """(K, d)"""
    weight: float = 0.1
    """Of the clustering loss beside the reconstruction's 1."""


def fit_autoencoder(
    data: UnlabelledData,
    spec: AutoencoderSpec,
    control: Control,
    gathering: Gathering | None = None,
    look: Look | None = None,
) -> TrainedAutoencoder:
    """Return an autoencoder trained on ``data.cells``, or refined from ``gathering``.

    ``look`` is called after every epoch with the network, the validation cells and their
    positions, for pictures of what is learned; it must change nothing.

    Training cells decide weights and limits; validation cells decide the learning rate, when to
    stop, and which epoch is kept (with refinement: the last). Seeds, kills and restarts are as for
    :func:`pxcore.training.fit.fit`.

    Raises
    ------
    TrainingError
        When there are fewer than four cells, every plane is constant, the autoencoder does not
        take such cells, or training breaks down.
    Cancelled, torch.OutOfMemoryError
        See :func:`pxcore.training.loop.learn`.
    """
    started = time.perf_counter()
    train, valid = _parts(data.cells, spec.training.valid_share, control.seed)
    limits = (
        _limits(data, spec, train)
        if gathering is None
        else Normaliser(gathering.trained.low, gathering.trained.high)
    )

    def on_device(cells: Array) -> DeviceCells:
        return DeviceCells(data.source, cells, limits, control.device, None, control.budget_bytes)

    model = fresh(lambda: _network(data, spec, gathering), control)
    cells = on_device(train)
    redrawn = Reconstruction(len(train), data.planes, spec.picture_weight)
    objective: Objective = redrawn
    if gathering is not None:
        objective = Refinement(redrawn, cells, gathering.weight, spec.training.batch_size)
        spec = replace(spec, training=replace(spec.training, keep="last"))
    told = {
        "spec": asdict(spec),
        "seed": control.seed,
        "device": control.device.type,
        "image_shape": data.source.image_shape,
        "refined": None if gathering is None else gathering.weight,
    }
    training = Training(
        objective=objective,
        train=cells,
        valid=on_device(valid),
        params=spec.training,
        fingerprint=fingerprint(told, [train, valid]),
    )
    if look is not None:
        control = replace(control, tell=_looking(control, look, model, (training.valid, valid)))
    learned = learn(model, training, control)
    weights = as_arrays(learned.weights)
    return TrainedAutoencoder(
        weights={n: w for n, w in weights.items() if not n.startswith("clusters.")},
        low=limits.low,
        high=limits.high,
        planes=data.planes,
        history=learned.history,
        best_epoch=kept(spec.training, learned.history).number,
        seconds=time.perf_counter() - started,
        device=device_name(control.device),
    )


def network_of(
    trained: TrainedAutoencoder,
    spec: AutoencoderSpec,
    image_size: tuple[int, int],
    device: torch.device,
) -> nn.Module:
    """Return the network of a trained autoencoder, in evaluation mode, on ``device``.

    Raises
    ------
    TrainingError
        When the weights are those of another autoencoder or other cells.
    """
    return restore(_builder(trained.planes, spec, image_size), trained.weights, device)


def encode(
    network: nn.Module,
    cells: DeviceCells,
    batch_size: int = 256,
    stop: Callable[[], bool] | None = None,
) -> Array:
    """Return codes (n, L) float32 of the cells, rows in their order.

    ``network``: an autoencoder, as :func:`network_of` gives it. Raises Cancelled when ``stop``
    says so.
    """
    encoder = network.get_submodule("encoder")
    codes: Array = outputs(encoder, cells, batch_size, stop).cpu().numpy()
    return codes


def cells_of(
    trained: TrainedAutoencoder, source: CellSource, cells: Array, device: torch.device
) -> DeviceCells:
    """Return cells as a trained autoencoder wants them, of its own or of a second data set.

    Raises
    ------
    TrainingError
        When they have other planes than it was trained on.
    """
    if source.image_shape[0] != trained.planes.count:
        message = (
            f"the cells have {source.image_shape[0]} planes; the autoencoder was trained on "
            f"{trained.planes.count}: choose the same channels in the same order"
        )
        raise TrainingError(message)
    return DeviceCells(source, cells, Normaliser(trained.low, trained.high), device)


def _looking(
    control: Control, look: Look, model: nn.Module, valid: tuple[DeviceCells, Array]
) -> Callable[[Epoch], None]:
    """Return what is done after an epoch: it is told of, then looked at."""

    def tell(epoch: Epoch) -> None:
        control.tell(epoch)
        look(model, *valid)

    return tell


def _parts(cells: Array, valid_share: float, seed: int) -> tuple[Array, Array]:
    """Return training and validation positions, each ascending."""
    n_valid = max(1, round(valid_share * len(cells)))
    if len(cells) < 4 or len(cells) - n_valid < 2:
        message = (
            f"{len(cells)} cells are given, of which {n_valid} would be validated on; an "
            "autoencoder needs at least 2 to learn from and 1 to be judged by: take more cells"
        )
        raise TrainingError(message)
    order = np.random.default_rng([seed, _SPLIT]).permutation(np.asarray(cells))
    return np.sort(order[n_valid:]), np.sort(order[:n_valid])


def _limits(data: UnlabelledData, spec: AutoencoderSpec, train: Array) -> Normaliser:
    """Return the limits of every plane; refuse cells in which nothing varies."""
    if spec.limits == "full_scale":
        return volumes.full_scale(data.source)
    params = spec.training
    percentiles = (params.low_percentile, params.high_percentile)
    limits = volumes.fit_limits(
        data.source, train, data.planes, percentiles, skip_zeros=params.zero_pixels == "skip"
    )
    if not limits.scale.any():
        message = (
            f"all {data.planes.count} planes are constant in the training cells; an autoencoder "
            "has nothing to learn from them: choose channels with light in them"
        )
        raise TrainingError(message)
    return limits


def _builder(
    planes: Planes, spec: AutoencoderSpec, image_size: tuple[int, int]
) -> Callable[[], nn.Module]:
    request = AutoencoderRequest(planes=planes, image_size=image_size, options=spec.options)
    return lambda: AUTOENCODERS[spec.id].build(request)


def _network(data: UnlabelledData, spec: AutoencoderSpec, gathering: Gathering | None) -> nn.Module:
    """Return a new autoencoder, or the trained one with its clusters beside it."""
    size = data.source.image_shape[1:]
    if gathering is None:
        return _builder(data.planes, spec, size)()
    begun = network_of(gathering.trained, spec, size, torch.device("cpu")).requires_grad_()
    clusters = SoftClusters(gathering.shift, gathering.matrix, gathering.centres)
    return RefinedAutoencoder(
        begun.get_submodule("encoder"), begun.get_submodule("decoder"), clusters
    )
