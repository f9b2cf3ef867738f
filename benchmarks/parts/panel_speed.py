"""How fast a trained network is asked about every panel, beside training one network again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from benchmarks.parts.panel_seed import MODEL, Planted, Shape, question
from benchmarks.parts.rates import processor_seconds
from pxcore.data.normalise import Normaliser
from pxcore.data.synthetic import IfcParams, ifc_cells
from pxcore.importance.subsets import show_sets
from pxcore.panel.search import candidate_sets
from pxcore.runs.panels.tasks import roomy

N_CHANNELS = 12
EPOCHS, TIMED = 30, 2
"""Of the preset ``fast``, and of the trainings that are timed."""
CASES = ((8, 250), (12, 32))
"""Channels, and held-out cells that all of their panels are shown."""


def speed(shape: Shape) -> Iterator[str]:
    """Yield lines: all panels of 8 and of 12 channels, and one training, once each."""
    yield f"cells of {shape.size} x {shape.size}, once each"
    run = Planted(replace(shape, n_cells=1250, n_fresh=0), 0)
    run.drawn = ifc_cells(IfcParams(n_cells=1250, size=shape.size, n_noise=3, seed=0))
    training = _timed(lambda: _train(run)) * EPOCHS / TIMED
    n_train = len(run.folds[0].train)
    yield (
        f"one training of {EPOCHS} epochs on {n_train:,} cells, {N_CHANNELS} channels (from "
        f"{TIMED} epochs): {training[0]:.1f} s, {training[1]:.1f} s of processor time"
    )
    for n_channels, n_cells in CASES:
        spent = _timed(lambda c=n_channels, n=n_cells: _screen(run, c, n))  # type: ignore[misc]
        looks = 2**n_channels * n_cells
        of_training = training[1] / spent[1] * 2**n_channels
        yield (
            f"all {2**n_channels:,} panels of {n_channels} channels on {n_cells:,} cells: "
            f"{spent[0]:.1f} s, {spent[1]:.1f} s of processor time; {looks / spent[1]:,.0f} looks "
            f"at a cell a second of it; a panel takes 1 / {of_training:,.0f} of that training"
        )


def _timed(work: Callable[[], None]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return (2,) seconds by the clock and of processor time."""
    wall, busy = time.perf_counter(), processor_seconds()
    work()
    return np.array([time.perf_counter() - wall, processor_seconds() - busy])


def _train(run: Planted) -> None:
    run.params = replace(run.params, max_epochs=TIMED, batch_size=128)
    fold = replace(run.folds[0], test=run.folds[0].test[:1])
    run.train(tuple(range(N_CHANNELS)), fold, 0)


def _screen(run: Planted, n_channels: int, n_cells: int) -> None:
    """Ask an untrained network of the screen's kind: the answers do not matter for the time."""
    channels = tuple(range(n_channels))
    network = run.builder(roomy(MODEL, ()), n_channels)().eval()
    limits = Normaliser(np.zeros(n_channels), np.full(n_channels, 4095.0))
    asked = question(run, network, limits, np.arange(n_cells), channels)
    show_sets(asked, candidate_sets(n_channels, channels), lambda _at, _p: None)
