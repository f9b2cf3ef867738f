"""Panels that were trained again and sets that were screened, as a run's steps left them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pxcore.panel.search import most_chosen, nested_choice
from pxcore.runs.panels import growing, searching
from pxcore.runs.panels import tasks as panel_tasks
from pxcore.runs.panels.plan import round_part
from pxcore.runs.saved.ranks import load_performance
from pxcore.runs.saved.screen import load_screened
from pxcore.types.panel import Members, PanelTrial, Screen

if TYPE_CHECKING:
    from pathlib import Path

    from pxcore.runs.parts import Parts
    from pxcore.types import RunSpec


def retrained(spec: RunSpec, parts: Parts) -> dict[Members, PanelTrial]:
    """Return every retrained panel that can be found, the full one first."""
    found: dict[Members, PanelTrial] = {}
    for task in parts.tasks:
        for word in task.parts:
            if word.startswith("panel/judge/"):
                members = tuple(int(n) for n in word.removeprefix("panel/judge/").split("-"))
                folder = parts.folder(word)
                if folder is not None:
                    found[members] = _trial(members, folder)
    full = panel_tasks.everything(spec)
    return dict(sorted(found.items(), key=lambda one: (one[0] != full, -len(one[0]), one[0])))


def nested_of(spec: RunSpec, parts: Parts, screen: Screen) -> tuple[PanelTrial, ...]:
    """Return how well each size does where every fold chose its own panel."""
    found, constraints = [], growing.constraints_of(spec)
    for size in growing.stain_counts(spec, screen):
        part = f"panel/nested/{size}"
        if parts.row(part) is None:
            continue
        folder = parts.folder(part)
        chosen = nested_choice(screen, spec.panel, constraints, size)
        if folder is not None:
            found.append(_trial(most_chosen(chosen), folder, chosen))
    return tuple(found)


def read_screen(spec: RunSpec, parts: Parts) -> Screen | None:
    """Return what was screened, every round; None where nothing was, or some of it is gone."""
    if not panel_tasks.searches(spec):
        return None
    rounds: list[tuple[Path, ...]] = []
    while not rounds or parts.row(f"{round_part(len(rounds))}/0/0") is not None:
        rounds.append(parts.folders(round_part(len(rounds))))
    if not all(rounds):
        return None
    said = [[load_screened(folder) for folder in folders] for folders in rounds]
    return growing.screen_of(spec, said[0] if len(said) == 1 else searching.together(said))


def _trial(members: Members, folder: Path, chosen: tuple[Members, ...] = ()) -> PanelTrial:
    told = load_performance(folder)
    return PanelTrial(
        members=members,
        f1_macro=told.f1_macro,
        f1_micro=told.accuracy,
        f1_per_class=told.f1_per_class,
        nested=bool(chosen),
        chosen=chosen,
    )
