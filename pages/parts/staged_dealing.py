"""Step 2: the two plans side by side, with what each takes, shows and is expected to lose."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts import staged_sight as sighted
from pages.parts import staged_steps as steps
from pages.parts.figures import Shown, show
from pages.parts.session import lab, visit
from pages.parts.staged_top import say
from pages.parts.text import md, sentence, told
from pxcore.plots.numbers import count
from pxcore.plots.staged_grid import plan_grid, run_name
from pxcore.plots.staged_losses import WAYS, plan_losses
from pxcore.plots.staged_pairs import pair_coverage, shared_runs
from pxcore.plots.staged_words import KINDS, default_top, loss_words, most_top, offers_said
from pxcore.types.staged import PlanKind, StagedPlan, StagedRun
from pxcore.types.staged_views import Offer, PlanLoss

EXPLAINED = {
    PlanKind.PUBLISHED: "Each candidate is measured once; the best of each run meet at the end. "
    "Few runs, but two markers of different runs meet in the final one at best.",
    PlanKind.PAIR_COVER: "Every two candidates share a run, so that pairs that only work together "
    "can show. More runs.",
}


def draw(plan: StagedPlan, top: DeltaGenerator) -> None:
    """Draw the settings, the offers and what they rest on."""
    m, final = _settings(plan)
    offers = lab().staged.offers(plan, m)
    line = top.empty()
    say(line, f"{_first_up(offers_said(offers, ()))}.")
    for column, offer in zip(st.columns(len(offers), border=True), offers, strict=True):
        with column:
            _card(plan, offer, m)
    possible = [offer for offer in offers if offer.figures is not None]
    numbers = st.empty()
    if possible:
        with numbers.container():
            _numbers(possible, None)
    losses = _losses(plan, m, final)  # last: one may choose while it is simulated
    known = () if isinstance(losses, str) else losses
    say(line, f"{_first_up(offers_said(offers, known))}.")
    if possible:
        with numbers.container():
            _numbers(possible, known)
    _expected(losses)
    if possible:
        _pairs(plan, possible)
        _grids(plan, possible)


def _settings(plan: StagedPlan) -> tuple[int, int]:
    """Draw m and the size of the panel at last."""
    most = most_top(plan.candidates, plan.instrument)
    usual = plan.top if plan.kind is not None else default_top(plan.candidates, plan.instrument)
    usual = min(usual, most)
    room = plan.instrument.stain_slots
    with st.container(horizontal=True, vertical_alignment="bottom"):
        m = st.number_input(
            "Top m of each run",
            min_value=1,
            max_value=most,
            value=usual,
            key=f"staged-top-{plan.id}-{usual}-{most}",
            width=150,
            help="Candidates that each run of the published plan sends to the final run; at most "
            f"{most}, as many as the smallest run has.",
        )
        final = st.number_input(
            "Markers in the panel at last",
            min_value=1,
            max_value=room,
            value=min(6, room),
            key=f"staged-final-{plan.id}",
            width=200,
            help="Only the simulation asks for it: how many candidates the panel ends with.",
        )
    if m == usual and plan.kind is None:
        st.caption(
            f":material/auto_awesome: m = {usual} was chosen for you: the largest for which the "
            "best of every run fit into the final one."
        )
    return int(m), int(final)


def _losses(plan: StagedPlan, m: int, final: int) -> Sequence[PlanLoss] | str:
    with st.spinner("Simulating both plans; this takes a few seconds the first time"):
        return lab().staged.losses(plan, m, final)


def _card(plan: StagedPlan, offer: Offer, m: int) -> None:
    """Draw what one plan is, and its button."""
    st.markdown(f"**{KINDS[offer.kind]}**")
    st.markdown(EXPLAINED[offer.kind])
    if offer.figures is None:
        st.warning(told(sentence(offer.reason), 600), icon=":material/block:")
        return
    for note in offer.figures.notes:
        st.caption(f":material/info: {md(note, 400)}")
    chosen = plan.kind is offer.kind and (plan.top == m or offer.kind is PlanKind.PAIR_COVER)
    st.button(
        "Chosen" if chosen else f"Choose {KINDS[offer.kind].lower()}",
        type="primary" if chosen or plan.kind is None else "secondary",
        icon=":material/check:" if chosen else None,
        disabled=chosen,
        key=f"staged-choose-{offer.kind.value}",
        on_click=_choose,
        args=(plan, offer.kind, m),
        width="stretch",
    )


def _numbers(offers: Sequence[Offer], losses: Sequence[PlanLoss] | None) -> None:
    """Draw what the plans take and show, side by side; None: the losses follow."""
    columns = [_column(offer, losses) for offer in offers]
    lines = [
        f"| | {' | '.join(KINDS[offer.kind] for offer in offers)} |",
        f"|:--|{':--|' * len(offers)}",
        *(
            f"| {name} | {' | '.join(md(column[name], 80) for column in columns)} |"
            for name in columns[0]
        ),
    ]
    st.markdown("\n".join(lines))
    st.caption(
        "Slots, pairs and cost before the final run, whose markers the merge decides. Cost: one "
        "test in every run, without controls.",
        width=980,
    )


def _column(offer: Offer, losses: Sequence[PlanLoss] | None) -> dict[str, str]:
    """Return one plan's numbers in words."""
    figures = offer.figures
    if figures is None:
        return {}
    loss = next((one for one in losses or () if one.way == offer.kind.value), None)
    missing = "being simulated" if losses is None else "not simulated"
    fewest = (
        "the fewest possible"
        if figures.runs == figures.fewest_runs
        else f"fewer than {figures.fewest_runs} are impossible"
    )
    cost = f"{figures.cost:,.2f}, final run at most {figures.cost_final:,.2f}"
    return {
        "Runs, final one included": f"{figures.runs}; {fewest}",
        "Slots used": f"{figures.slots_used} of {figures.slots}",
        "Pairs seen": f"{figures.seen} of {figures.pairs} ({figures.share:.0%})",
        "Pairs with the final run": f"at most {figures.seen_with_final}",
        "Cost": cost if figures.cost or figures.cost_final else "not given",
        "Expected loss": missing if loss is None else loss_words(loss),
    }


def _choose(plan: StagedPlan, kind: PlanKind, m: int) -> None:
    """Deal the runs by this plan, and go on to measuring."""
    sighted.act(lambda: lab().staged.choose(plan, kind, m, who=visit().owner), step=steps.MEASURE)


def _expected(losses: Sequence[PlanLoss] | str) -> None:
    st.subheader("What each plan is expected to lose", anchor=False)
    if isinstance(losses, str):
        st.caption(f"Not simulated: {told(losses, 400)}.")
        return
    show(
        lambda theme: plan_losses(losses, theme),
        Shown(key="staged-losses", stem="staged plan"),
        pd.DataFrame(
            [
                {
                    "plan": WAYS.get(one.way, one.way),
                    "runs": one.runs,
                    "accuracy": round(one.accuracy, 4),
                    "accuracy low": round(one.low, 4),
                    "accuracy high": round(one.high, 4),
                    "loss": round(one.loss, 4),
                    "loss low": round(one.loss_low, 4),
                    "loss high": round(one.loss_high, 4),
                    "pair kept": round(one.pair_kept, 3),
                }
                for one in losses
            ]
        ),
    )
    st.caption(
        "Made-up markers with two redundant families and one pair that only works together, as "
        "many as yours, on your slots: read the differences, not the levels. Your own markers may "
        "behave otherwise.",
        width=980,
    )


def _pairs(plan: StagedPlan, offers: Sequence[Offer]) -> None:
    """Draw which pairs each plan shows."""
    st.subheader("Which pairs are ever seen together", anchor=False)
    with st.container(key="staged-both-pairs"):
        for column, offer in zip(st.columns(len(offers)), offers, strict=True):
            with column:
                st.markdown(f"**{KINDS[offer.kind]}**")
                _coverage(plan, offer)


def _coverage(plan: StagedPlan, offer: Offer) -> None:
    """Draw the pairs of one plan."""
    shared = shared_runs(offer.runs, plan.candidates)
    show(
        lambda theme: pair_coverage(offer.runs, plan.candidates, theme),
        Shown(key=f"staged-pairs-{offer.kind.value}", stem=plan.title),
        pd.DataFrame(
            [(a, b, n) for (a, b), n in shared.items()], columns=["first", "second", "shared runs"]
        ),
    )


def _grids(plan: StagedPlan, offers: Sequence[Offer]) -> None:
    """Draw who is measured where."""
    st.subheader("Which marker is measured in which run", anchor=False)
    with st.container(key="staged-both-grids"):
        for column, offer in zip(st.columns(len(offers)), offers, strict=True):
            with column:
                st.markdown(f"**{KINDS[offer.kind]}**")
                grid(plan, offer.runs, f"staged-grid-{offer.kind.value}")


def grid(plan: StagedPlan, runs: Sequence[StagedRun], key: str) -> None:
    """Draw a plan as markers x runs, with its table."""
    done = [run.number for run in runs if run.run_id]
    frame = pd.DataFrame({"marker": [one.marker for one in plan.candidates]})
    for run in runs:
        frame[run_name(run)] = ["yes" if m in run.markers else "" for m in frame["marker"]]
    show(
        lambda theme: plan_grid(runs, plan.candidates, theme, done),
        Shown(key=key, stem=plan.title),
        frame,
    )
    st.caption(f"{count(len(runs), 'run')}; the final one is filled by the merge.")


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]
