"""Cells, screens and engines with a planted panel, for tests of questions about panels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from pxcore.data.annotation import Annotation
from pxcore.panel.constraints import as_sets
from pxcore.panel.search import candidate_sets
from pxcore.runs.job import Ended, Job
from pxcore.runs.saved.screen import Screened, save_screened
from pxcore.runs.tasks import Lane, ScreenTask
from pxcore.store.home import Store
from pxcore.types import Array, Channel, Dataset, Panel, Role, RunSpec
from pxcore.types.panel import Members
from tests.fake_engine import FakeEngine
from tests.tiny_lab import InlineEngine, stored_dataset, tiny_spec

SIZE, DONORS, CELLS = 12, 4, 200
BF, MARKER, NOISE = range(3)
SCREENED = 1000
"""Cells of a made screen."""
Quality = Callable[[int, Members], float]
"""Share of right cells that a made screen tells of a fold and a panel (data set's positions)."""


def panel_dataset(store: Store, seed: int = 0) -> Dataset:
    """Return cells of two classes, four donors: ``marker`` tells them apart, nothing else does."""
    rng = np.random.default_rng(seed)
    labels = np.arange(CELLS) % 2
    images = rng.integers(0, 600, (CELLS, 3, SIZE, SIZE))
    images[:, MARKER] += 900 * labels[:, None, None]
    annotation = Annotation(
        labels, np.arange(CELLS) // 2 % DONORS, ("low", "high"), tuple(f"d{d}" for d in range(4))
    )
    channels = (
        Channel(name="BF", role=Role.BRIGHTFIELD),
        Channel(name="marker", cost=3.0),
        Channel(name="noise", cost=2.0),
    )
    masks = np.ones((CELLS, 1, SIZE, SIZE), np.uint8)
    return stored_dataset(store, (images.astype(np.uint16), masks), annotation, Panel(channels))


def learning_spec(store: Store, n_folds: int) -> RunSpec:
    """Return a run on these cells whose models learn what the marker tells."""
    spec = tiny_spec(panel_dataset(store), max_epochs=8)
    training = replace(spec.training, batch_size=16)
    return replace(spec, channels=(), n_folds=n_folds, training=training)


def made_screen(task: ScreenTask, quality: Quality) -> Screened:
    """Return what a screen would say if panels were as good as ``quality`` tells."""
    seen, n_channels = task.train.channels, task.train.n_channels
    optional = tuple(c for c in range(n_channels) if c not in task.always)
    if task.sets:
        sets = np.unique(as_sets(task.sets, n_channels), axis=0)
    else:
        sets = candidate_sets(n_channels, optional, task.always)
    right = [
        round(SCREENED / 2 * quality(task.train.fold, tuple(seen[c] for c in np.flatnonzero(row))))
        for row in sets
    ]
    counts = np.array([[[n, SCREENED // 2 - n], [SCREENED // 2 - n, n]] for n in right])
    return Screened(sets=sets, valid_counts=counts, test_counts=counts[:, ::-1])


def f1_of(found: Screened) -> Array:
    """Return the (S,) F1 that a made screen tells on validation cells."""
    return np.asarray(found.valid_counts[:, 0, 0] * 2 / SCREENED)


class MadeScreens(InlineEngine):
    """Trains truly, but the screens are made."""

    def __init__(self, store: Store, quality: Quality) -> None:
        super().__init__(store)
        self._store, self._quality = store, quality

    def submit(self, job: Job, lane: Lane) -> None:
        if not isinstance(job.task, ScreenTask):
            super().submit(job, lane)
            return
        with self._store.artifacts.write(job.key) as folder:
            save_screened(folder, made_screen(job.task, self._quality))
        self._over.append(Ended(key=job.key, seconds=1.0))


class FakeScreens(FakeEngine):
    """Trains nothing; screens are made."""

    def __init__(self, store: Store, quality: Quality) -> None:
        super().__init__(store)
        self._quality = quality

    def do(self) -> None:
        for job in list(self.jobs.values()):
            if isinstance(job.task, ScreenTask):
                with self.store.artifacts.write(job.key) as folder:
                    save_screened(folder, made_screen(job.task, self._quality))
                self.end(job.key)
        super().do()
