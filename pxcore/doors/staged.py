"""The staged-panel wizard: every step of a plan, each saved as it is made."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from pxcore.store.home import Store
from pxcore.types.staged import Candidate, Instrument, PlanKind, StagedPlan
from pxcore.types.staged_views import Offer, PlanLoss, PlanVersion

if TYPE_CHECKING:
    from pxcore.panel.staged.simulator import Simulation

DRAWS = 60
"""Of the simulator, for a page: intervals of the loss are about 0.02 wide."""


class StagedPlans:
    """The calls of the wizard. Each takes the plan as a person saw it and returns it as saved.

    All that save raise PlanChangedError when somebody else changed the plan meanwhile, and
    PanelError for what a plan cannot be; the message says what to do.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._simulated = lru_cache(64)(_simulated)

    # -- any time

    def instruments(self) -> tuple[Instrument, ...]:
        """Return the known instruments."""
        from pxcore.panel.staged.instruments import INSTRUMENTS  # noqa: PLC0415

        return tuple(INSTRUMENTS.values())

    def other_instrument(
        self, slots: int, brightfield: Sequence[int] = (), darkfield: Sequence[int] = ()
    ) -> Instrument:
        """Return an instrument with free numbers; channels are counted from 1."""
        from pxcore.panel.staged.instruments import other  # noqa: PLC0415

        return other(slots, brightfield, darkfield)

    def plans(self) -> tuple[StagedPlan, ...]:
        """Return every plan, the one changed last first."""
        from pxcore.runs.staged import shelf  # noqa: PLC0415

        return shelf.every(self._store)

    def plan(self, plan_id: str, version: int | None = None) -> StagedPlan:
        """Return a plan as it stands, or stood at a version. PanelError for an unknown one."""
        from pxcore.runs.staged import shelf  # noqa: PLC0415

        return shelf.one(self._store, plan_id, version)

    def history(self, plan_id: str) -> tuple[PlanVersion, ...]:
        """Return every version of a plan, the newest first."""
        from pxcore.runs.staged import shelf  # noqa: PLC0415

        return shelf.history(self._store, plan_id)

    # -- step 1: candidates

    def new(self, title: str, instrument: Instrument, owner: str = "") -> StagedPlan:
        """Return a new plan, at step 1."""
        from pxcore.runs.staged import dealing  # noqa: PLC0415

        return dealing.new(self._store, title, instrument, owner)

    def pasted(self, text: str) -> tuple[Candidate, ...]:
        """Return the markers of a typed or pasted text, or of a panel sheet. Saves nothing."""
        from pxcore.panel.staged.pasted import parse_candidates  # noqa: PLC0415

        return parse_candidates(text)

    def from_dataset(self, dataset_id: str) -> tuple[Candidate, ...]:
        """Return the stains of a data set as candidates. Saves nothing."""
        from pxcore.panel.staged.candidates import candidates_of  # noqa: PLC0415
        from pxcore.runs import datasets  # noqa: PLC0415

        return candidates_of(datasets.one(self._store, dataset_id).panel)

    def set_candidates(
        self,
        plan: StagedPlan,
        candidates: Sequence[Candidate],
        instrument: Instrument,
        title: str | None = None,
        *,
        who: str,
    ) -> StagedPlan:
        """Return the plan with these candidates; planned runs are dealt anew."""
        from pxcore.runs.staged import dealing  # noqa: PLC0415

        return dealing.set_candidates(self._store, plan, candidates, instrument, title, who=who)

    # -- step 2: plan

    def offers(self, plan: StagedPlan, top: int) -> tuple[Offer, ...]:
        """Return each kind of plan with its figures, or why it is not possible."""
        from pxcore.runs.staged import dealing  # noqa: PLC0415

        return dealing.offers(plan, top)

    def losses(self, plan: StagedPlan, top: int, final: int) -> tuple[PlanLoss, ...] | str:
        """Return what each plan loses beside all markers at once, simulated, or why not.

        ``final``: markers of the panel at last that are not always on.
        """
        from pxcore.panel.staged.simulator import Simulation, can_simulate  # noqa: PLC0415
        from pxcore.runs.staged.dealing import room  # noqa: PLC0415

        markers, free = room(plan)
        setting = Simulation(markers=markers, free=free, top=top, final=final, draws=DRAWS)
        return can_simulate(setting) or self._simulated(setting)

    def choose(self, plan: StagedPlan, kind: PlanKind, top: int, *, who: str) -> StagedPlan:
        """Return the plan with its runs dealt."""
        from pxcore.runs.staged import dealing  # noqa: PLC0415

        return dealing.choose(self._store, plan, kind, top, who=who)


def _simulated(setting: Simulation) -> tuple[PlanLoss, ...]:
    from pxcore.panel.staged.simulator import simulate  # noqa: PLC0415 - seconds

    return simulate(setting)
