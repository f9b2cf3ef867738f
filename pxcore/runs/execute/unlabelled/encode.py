"""Train an autoencoder, or train it on towards clusters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from pxcore.clustering.mixture import Mixture
from pxcore.clustering.placing import Affine
from pxcore.errors import ClusteringError
from pxcore.runs.execute.context import Context
from pxcore.runs.execute.memory import smaller_notes, with_smaller_batches
from pxcore.runs.execute.unlabelled.cells import Opened, opened
from pxcore.runs.saved.clusters import load_clustering
from pxcore.runs.saved.encoder import (
    REDRAWN,
    EncoderStory,
    load_encoder,
    save_encoder,
    save_redrawn,
)
from pxcore.runs.unlabelled.tasks import EncodeTask, RefineTask
from pxcore.settings import Settings
from pxcore.training.device import choose_device
from pxcore.training.device_cells import DeviceCells
from pxcore.training.fit_autoencoder import (
    Gathering,
    UnlabelledData,
    cells_of,
    fit_autoencoder,
    network_of,
)
from pxcore.training.loop import Control
from pxcore.training.redrawing import n_shown, redraw
from pxcore.types import Array, Epoch
from pxcore.types.unlabelled import TrainedAutoencoder
from pxcore.types.unlabelled_views import Redrawn


def train_encoder(context: Context, task: EncodeTask) -> None:
    """Write the artifact of an autoencoder.

    Raises TrainingError or DatasetError when the cells do not allow it, Cancelled when it is asked
    to stop, torch.OutOfMemoryError when even small batches do not fit.
    """
    _train(context, task, None)


def refine_encoder(context: Context, task: RefineTask) -> None:
    """Write the artifact of an autoencoder whose codes gather around clusters.

    Raises what :func:`train_encoder` raises, and ClusteringError for clusters that have no
    centres among the codes.
    """
    trained, _ = load_encoder(context.artifacts.folder(task.encoder))
    found = load_clustering(context.artifacts.folder(task.clusters))
    if not isinstance(found.placing, Affine) or not isinstance(found.assigner, Mixture):
        message = (
            f"clusters of the variant {found.variant} have no centres to gather codes around; "
            "refine with the variant whitened or raw"
        )
        raise ClusteringError(message)
    gathering = Gathering(
        trained=trained,
        shift=found.placing.shift,
        matrix=found.placing.matrix,
        centres=found.assigner.means,
    )
    _train(context, task, gathering)


def _train(context: Context, task: EncodeTask | RefineTask, gathering: Gathering | None) -> None:
    """Train and write."""
    work, asked = context.work, task.spec.training.batch_size
    device = choose_device(Settings().device)
    with opened(context.artifacts, task.taken) as cells:
        looking = _Looking(context, task.taken.planes.count)
        data = UnlabelledData(source=cells.source, planes=task.taken.planes, cells=cells.everyone)

        def attempt(batch_size: int) -> TrainedAutoencoder:
            training = replace(task.spec.training, batch_size=batch_size)
            control = _control(context, task, device, looking.count)
            spec = replace(task.spec, training=training)
            return fit_autoencoder(data, spec, control, gathering, looking.look)

        trained, batch_size = with_smaller_batches(attempt, asked, work)
        work.tell("writing", 1.0, at_once=True)
        shown = _redrawn(task, trained, cells, looking.positions, device)
    notes = smaller_notes(batch_size, asked)
    story = EncoderStory(
        spec=task.spec,
        planes=task.taken.planes,
        image_size=cells.source.image_shape[1:],
        history=trained.history,
        best_epoch=trained.best_epoch,
        seconds=trained.seconds,
        device=trained.device,
        n_cells=cells.source.n_cells,
        notes=(*cells.notes, *notes),
    )
    save_encoder(context.folder, trained, story, shown)
    (work.folder / REDRAWN).unlink(missing_ok=True)


class _Looking:
    """Puts pictures of what is learned into the task's folder, after every epoch."""

    def __init__(self, context: Context, n_planes: int) -> None:
        self._folder, self._n_planes = context.work.folder, n_planes
        self._epoch = 0
        self.positions: Array = np.zeros(0, dtype=np.int64)
        """Of the cells shown, in the data set."""

    def count(self, epoch: Epoch) -> None:
        """Note which epoch it is."""
        self._epoch = epoch.number

    def look(self, model: nn.Module, valid: DeviceCells, positions: Array) -> None:
        """Write the pictures of this epoch."""
        n = n_shown(valid, self._n_planes)
        self.positions = np.asarray(positions[:n], dtype=np.int64)
        before, after = redraw(model, valid, n)
        shown = Redrawn(epoch=self._epoch, positions=self.positions, before=before, after=after)
        save_redrawn(self._folder, shown)


def _redrawn(
    task: EncodeTask | RefineTask,
    trained: TrainedAutoencoder,
    cells: Opened,
    positions: Array,
    device: torch.device,
) -> Redrawn:
    """Return the cells that were looked at, by the epoch that is kept."""
    network = network_of(trained, task.spec, cells.source.image_shape[1:], device)
    shown = cells_of(trained, cells.source, positions, device)
    before, after = redraw(network, shown, len(positions))
    return Redrawn(epoch=trained.best_epoch, positions=positions, before=before, after=after)


def _control(
    context: Context,
    task: EncodeTask | RefineTask,
    device: torch.device,
    count: Callable[[Epoch], None],
) -> Control:
    last, work = task.spec.training.max_epochs, context.work

    def tell(epoch: Epoch) -> None:
        count(epoch)
        point = (epoch.train_loss, epoch.valid_loss, epoch.valid_f1)
        work.epoch(point, f"epoch {epoch.number} of {last}", epoch.number / last)
        work.log(
            f"epoch {epoch.number}: training loss {epoch.train_loss:.6f}, validation loss "
            f"{epoch.valid_loss:.6f}, {epoch.seconds:.1f} s"
        )

    return Control(seed=task.seed, device=device, folder=work.checkpoint, tell=tell, stop=work.stop)
