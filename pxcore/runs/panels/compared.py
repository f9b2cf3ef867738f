"""The paper's comparison of panels, from what is stored: stain-free, leading stains, named, all."""

from __future__ import annotations

from collections.abc import Mapping

from pxcore.panel.search import most_chosen
from pxcore.runs.panels import growing
from pxcore.runs.panels import tasks as panel_tasks
from pxcore.runs.parts import Parts
from pxcore.runs.saved.ranks import load_performance
from pxcore.types import RunSpec
from pxcore.types.panel import Beside, Compared, Members, PanelTrial


def compared(
    spec: RunSpec, parts: Parts, trials: Mapping[Members, PanelTrial], labels: Mapping[str, str]
) -> tuple[Compared, ...]:
    """Return the panels that stand beside one another, the stain-free one first, all last.

    Parameters
    ----------
    trials
        Of panels that were trained whoever chose them, by members.
    labels
        Of rankings, by the name of the method.
    """
    question, full = panel_tasks.asked(spec), panel_tasks.everything(spec)
    found = []
    free = tuple(c for c in full if c in question.always)
    if free in trials and free != full:
        found.append(Compared(what=Beside.STAIN_FREE, trial=trials[free]))
    for name in panel_tasks.compared_by(spec):
        for m in sorted(m for other, m in question.compare if other == name):
            trial = _leading(spec, parts, name, m)
            if trial is not None:
                label = labels.get(name, name)
                found.append(Compared(what=Beside.LEADING, trial=trial, method=label, top=m))
    named = [tuple(sorted({*panel})) for panel in question.ticked]
    found += [
        Compared(what=Beside.TICKED, trial=trials[members])
        for members in dict.fromkeys(named)
        if members in trials and members not in (free, full)
    ]
    return (*found, Compared(what=Beside.ALL, trial=trials[full]))


def _leading(spec: RunSpec, parts: Parts, name: str, m: int) -> PanelTrial | None:
    """Return how well the first ``m`` stains of a ranking do; None where it left the store."""
    folder = parts.folder(f"panel/compare/{name}/{m}")
    rankings = parts.folders(f"panel/rank/{name}")
    if folder is None or not rankings:
        return None
    told, chosen = load_performance(folder), growing.leading(spec, rankings, m)
    return PanelTrial(
        members=most_chosen(chosen),
        f1_macro=told.f1_macro,
        f1_micro=told.accuracy,
        f1_per_class=told.f1_per_class,
        nested=True,
        chosen=chosen,
    )
