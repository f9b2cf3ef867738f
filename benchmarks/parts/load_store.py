"""A store as a lab has it after some weeks, in small: finished runs to read, cells to rank."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.parts.fault_family import ROOT
from pxcore.api import Lab, open_lab
from pxcore.settings import Settings
from pxcore.types import ImportRequest, RunState
from pxcore.types.panel import Constraints

READ = 3
"""Finished runs, one of them asked about panels."""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Addresses for readers, and cells that nobody has ranked yet."""

    pages: tuple[tuple[str, str], ...]
    """Page and query."""
    fresh: tuple[str, ...]
    """Ids of data sets."""


def prepare(home: Path, starters: int, say: Say) -> Prepared:
    """Return the store below ``home`` made ready; what is there already is not done again."""
    with closing(open_lab(Settings(home=home, device="cpu"))) as lab:
        read = [lab.imports.bring_in(_cells(seed, 600), _nothing) for seed in range(READ)]
        fresh = [lab.imports.bring_in(_cells(100 + n, 240), _nothing).id for n in range(starters)]
        say(f"{len(read)} data sets to read, {len(fresh)} to rank")
        if not lab.runs():
            for dataset in read:
                spec = lab.draft(dataset.id, "fast")
                short = replace(spec.training, max_epochs=8)
                lab.submit(replace(spec, training=short, max_repeats=10, title=dataset.title))
        _to_idle(lab, home)
        if not lab.panels.answers():
            ask = lab.panels.question(Constraints(margin=0.1), finalists=1)
            lab.panels.ask(lab.runs()[-1].id, ask)
        _to_idle(lab, home)
        runs = [run.id for run in lab.runs() if run.state is RunState.FINISHED]
        asked = [answer.run.id for answer in lab.panels.answers()]
        plain = [run for run in runs if run not in asked]
        return Prepared(pages=_pages(plain, asked, [one.id for one in read]), fresh=tuple(fresh))


def _pages(runs: list[str], asked: list[str], datasets: list[str]) -> tuple[tuple[str, str], ...]:
    """Return what people look at, the more often the more often it stands here."""
    results = [("run", f"run={run}") for run in runs]
    return (
        ("", ""),
        ("runs", ""),
        ("datasets", ""),
        ("datasets", f"dataset={datasets[0]}"),
        *results,
        *results,
        ("compare", f"items={','.join(runs)}"),
        *(("panel", f"run={run}") for run in asked),
        ("new", f"dataset={datasets[-1]}"),
        ("published", ""),
        ("staged", ""),
    )


def _cells(seed: int, n_cells: int) -> ImportRequest:
    options = (("n_cells", str(n_cells)), ("size", "16"), ("seed", str(seed)))
    return ImportRequest(path="demo", title=f"cells {seed}", options=options)


def _to_idle(lab: Lab, home: Path) -> None:
    """Carry out what waits, if anything does."""
    if all(run.state.final for run in lab.runs()):
        return
    env = os.environ | {"PXCORE_HOME": str(home), "PXCORE_DEVICE": "cpu"}
    command = [sys.executable, "-m", "pxcore", "runner", "--until-idle"]
    subprocess.run(command, cwd=ROOT, env=env, check=True)


def _nothing(_step: str, _share: float) -> None:
    return None
