"""Step 4: the runs side by side, who goes into the final run and why, decisions by hand."""

from __future__ import annotations

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts import staged_sight as sighted
from pages.parts.errors import banner
from pages.parts.figures import Shown, show
from pages.parts.methods import method_labels
from pages.parts.session import lab, visit
from pages.parts.staged_by_hand import decisions
from pages.parts.staged_steps import FINAL, MEASURE, go
from pages.parts.staged_top import say
from pages.parts.text import md
from pxcore.errors import PanelError
from pxcore.plots.numbers import count
from pxcore.plots.staged_merge import Union, merged_runs
from pxcore.plots.staged_words import merge_said
from pxcore.plots.text import one_line
from pxcore.types.staged import PlanKind, StagedPlan
from pxcore.types.staged_views import Merge

RULES = {False: "Top m", True: "By verdict"}
RULE_HELP = {
    False: "Takes the first m candidates of each run (published plan), or the strongest until the "
    "slots are full (pair cover).",
    True: "Takes what a run shows above its decoys (above 0 where it was ranked without any) and "
    "what none calls interchangeable with one already taken.",
}


def draw(plan: StagedPlan, top: DeltaGenerator) -> None:
    """Draw the rule, the runs, and every candidate with its reason."""
    _rule(plan)
    try:
        merged = lab().staged.merged(plan)
    except PanelError as error:
        say(top, "The runs cannot be merged as they stand.")
        banner(error)
        st.button(
            "To the runs", icon=":material/arrow_back:", key="staged-back", on_click=go,
            args=(MEASURE,),
        )  # fmt: skip
        return
    say(top, f"{merge_said(plan, merged)}.")
    for line in merged.notes:
        st.markdown(f":material/info: {md(line, 600)}", width=980)
    _figure(plan, merged)
    st.subheader("Who goes into the final run, and why", anchor=False)
    decisions(plan, merged)
    fixed = plan.step > 4  # the final run's markers stand already
    st.button(
        "The final run stands"
        if fixed
        else f"Fix these {count(len(merged.taken), 'marker')} for the final run",
        type="primary",
        icon=":material/check:",
        key="staged-fix",
        disabled=fixed or not merged.taken,
        on_click=_fix,
        args=(plan,),
    )


def _fix(plan: StagedPlan) -> None:
    sighted.act(lambda: lab().staged.finish_merge(plan, who=visit().owner), step=FINAL)


def _rule(plan: StagedPlan) -> None:
    """Draw how the automatic choice is made."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by_verdict, number, method = (f"staged-{name}" for name in ("rule", "m", "method"))
        st.session_state[by_verdict] = plan.by_verdict
        st.segmented_control(
            "Rule",
            list(RULES),
            format_func=RULES.__getitem__,
            key=by_verdict,
            required=True,
            on_change=_change,
            args=(plan, "by_verdict", by_verdict),
        )
        if plan.kind is PlanKind.PUBLISHED and not plan.by_verdict:
            st.session_state[number] = plan.top
            st.number_input(
                "m of each run",
                min_value=1,
                max_value=max(1, len(plan.candidates)),
                key=number,
                width=120,
                on_change=_change,
                args=(plan, "top", number),
            )
        _method(plan, method)
    st.caption(f":material/auto_awesome: {RULE_HELP[plan.by_verdict]}", width=980)


def _method(plan: StagedPlan, key: str) -> None:
    """Draw whose ranking is merged, where the runs have several."""
    known = tuple(dict.fromkeys((plan.method, *lab().staged.methods_for(plan))))
    labels = method_labels(known)
    st.session_state[key] = plan.method
    st.selectbox(
        "Ranking",
        known,
        format_func=lambda name: one_line(labels.get(name) or str(name), 60),
        key=key,
        width=240,
        on_change=_change,
        args=(plan, "method", key),
    )


def _change(plan: StagedPlan, what: str, key: str) -> None:
    """Save one part of the rule."""
    value = st.session_state.get(key)
    door, who = lab().staged, visit().owner
    if what == "by_verdict" and isinstance(value, bool):
        sighted.act(lambda: door.merge_rule(plan, by_verdict=value, who=who))
    elif what == "top" and isinstance(value, int):
        sighted.act(lambda: door.merge_rule(plan, top=value, who=who))
    elif what == "method" and isinstance(value, str):
        sighted.act(lambda: door.merge_rule(plan, method=value, who=who))


def _figure(plan: StagedPlan, merged: Merge) -> None:
    """Draw the markers of every run side by side."""
    runs = [run for run in lab().staged.rankings(plan) if _is_dealt(plan, run.number)]
    union = Union(
        taken=merged.taken,
        always_on=[one.marker for one in plan.candidates if one.always_on],
        top=plan.top if plan.kind is PlanKind.PUBLISHED and not plan.by_verdict else 0,
    )
    rows = [
        {
            "run": run.number,
            "rank": place,
            "marker": marker,
            "drop": run.mean[at],
            "low": run.low[at],
            "high": run.high[at],
            "verdict": run.verdict[at].value,
            "final run": "yes" if marker in merged.taken else "",
        }
        for run in runs
        for place, marker in enumerate(run.order(run.markers), start=1)
        for at in (run.markers.index(marker),)
    ]
    show(
        lambda theme: merged_runs(runs, union, theme),
        Shown(key="staged-merge", stem=plan.title),
        pd.DataFrame(rows).round(4),
    )
    st.caption(
        "Drop in F1 of each run itself, with 95 % intervals; strongest on top. Blue goes into the "
        "final run, grey does not; diamonds are always on. Values of different runs compare only "
        "on one scale, which the bridges make.",
        width=980,
    )


def _is_dealt(plan: StagedPlan, number: int) -> bool:
    return any(run.number == number and not run.final for run in plan.runs)
