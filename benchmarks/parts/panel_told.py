"""From a line of JSON back to the advice: asked with any margin, nothing trained again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.parts.panel_seed import Record
from pxcore.data.synthetic.ifc_cells import ifc_panel
from pxcore.evaluation.values import Sizes
from pxcore.panel.advice import PanelEvidence, advise
from pxcore.panel.constraints import stain_free, stains_of
from pxcore.panel.search import candidate_sets, screen_error
from pxcore.types import Panel
from pxcore.types.panel import Constraints, Members, PanelAdvice, PanelTrial, Screen, ScreenError

PANEL: Panel = ifc_panel()[0]


def advised(record: Record, margin: float) -> PanelAdvice:
    """Return the advice on one seed."""
    return advise(evidence(record), Constraints(margin=margin))


def error(record: Record) -> ScreenError:
    """Return how far the screen of one seed was from retrained models."""
    found = evidence(record)
    assert found.screen is not None
    return screen_error(found.screen, found.trials)


def fresh(record: Record, members: Members) -> float | None:
    """Return F1 of a panel on fresh cells, the mean over starts; None where it was not tried."""
    for one in record["fresh"]:  # type: ignore[attr-defined]
        if tuple(one["members"]) == members:
            return float(np.mean(one["f1"]))
    return None


def evidence(record: Record) -> PanelEvidence:
    """Return all that one seed's trainings say."""
    sizes = Sizes(n_train=tuple(record["n_train"]), n_test=tuple(record["n_test"]))  # type: ignore[arg-type]
    trials = [_trial(one, sizes) for one in record["trials"]]  # type: ignore[attr-defined]
    everything = tuple(range(len(PANEL)))
    free = stain_free(PANEL)
    screen = Screen(
        sets=candidate_sets(len(PANEL), stains_of(PANEL, everything), free),
        valid_f1=np.array(record["screen_valid"]),
        test_f1=np.array(record["screen_test"]),
        complete=True,
    )
    return PanelEvidence(
        panel=PANEL,
        full=trials[0],
        trials=tuple(trials),
        sizes=sizes,
        nested=tuple(_trial(one, sizes) for one in record["nested"]),  # type: ignore[attr-defined]
        screen=screen,
    )


def _trial(told: Record, sizes: Sizes) -> PanelTrial:
    chosen: Sequence[Sequence[int]] = told["chosen"]  # type: ignore[assignment]
    f1 = sizes.interval(np.array(told["f1"]), bounds=(0, 1))
    return PanelTrial(
        members=tuple(told["members"]),  # type: ignore[arg-type]
        f1_macro=f1,
        f1_micro=f1,
        f1_per_class=tuple(
            sizes.interval(np.array(one), bounds=(0, 1))
            for one in told["classes"]  # type: ignore[attr-defined]
        ),
        nested=bool(chosen),
        chosen=tuple(tuple(one) for one in chosen),
    )
