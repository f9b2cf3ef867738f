"""A finished run that was not asked about panels yet: what to ask, what it costs, start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from pages.parts import links, panel_wishes
from pages.parts.errors import banner
from pages.parts.methods import method_labels
from pages.parts.panel_address import carried
from pages.parts.runner import runner_note
from pages.parts.session import lab, visit
from pages.parts.text import md
from pxcore.errors import PxError
from pxcore.plots.numbers import about
from pxcore.plots.panel_marks import n_stains
from pxcore.plots.text import one_line
from pxcore.types import Progress, RunSpec
from pxcore.types.panel import Constraints, Members

PURPOSE = (
    "Which stains can be left out? Smaller panels are trained again on the same folds and judged "
    "on cells they never saw. The answer is the smallest panel that is shown to lose less than "
    "your margin, what each further stain buys, and one reason for every channel."
)


def seen(spec: RunSpec) -> Members:
    """Return the channels that took part in a run."""
    return spec.channels or tuple(range(len(spec.panel)))


def draw(progress: Progress) -> None:
    """Draw the question, its cost, and the button that asks it."""
    spec, run_id = progress.spec, progress.run.id
    runner_note(busy=True)
    st.markdown(PURPOSE, width=720)
    _unlearned(run_id)
    st.subheader("1 · What the panel must be", anchor=False)
    constraints = panel_wishes.draw(spec.panel, seen(spec), Constraints())
    st.caption(
        "Margin and floor can be changed later at no cost; wishes of the panel sheet (must keep, "
        "exclude) hold too. Stain-free channels stay in every panel unless they are left out.",
        width=980,
    )
    st.subheader("2 · How to look", anchor=False)
    ways = _ways(progress, search=True)
    if ways == Ways(search=False):
        st.info(
            "Without a search, curves, a comparison and a panel of your own only the stain-free "
            "channels are compared with all channels."
        )
    st.subheader("3 · Start", anchor=False)
    _start(run_id, constraints, ways)


def _unlearned(run_id: str) -> None:
    """Warn where the run's models guess: smaller panels of guesses are no answer."""
    from pxcore.plots.unlearned import why_untold  # noqa: PLC0415 - with scipy, where it is needed

    try:
        why = why_untold(lab().result(run_id))
    except PxError as error:
        banner(error)
        return
    if why:
        st.warning(
            f"It is too early to ask: {md(why, 400)}. Smaller panels of such models differ by "
            "chance alone. Train models that know the classes first (more cells, more epochs, "
            "another model).",
            icon=":material/warning:",
        )


def more(progress: Progress, constraints: Constraints) -> None:
    """Draw a further question to a run that has answered one; what is there is kept."""
    asked = progress.spec.question
    ways = _ways(progress, search=asked is not None and asked.search)
    st.caption("The wishes above are asked with it: panels that they need are trained too.")
    _start(progress.run.id, constraints, ways)


@dataclass(frozen=True, slots=True)
class Ways:
    """Where the panels come from that are trained."""

    search: bool
    curves: tuple[str, ...] = ()
    compare: tuple[tuple[str, int], ...] = ()
    ticked: tuple[Members, ...] = ()


def _ways(progress: Progress, *, search: bool) -> Ways:
    """Draw the ways of finding panels to train."""
    chosen = st.toggle(
        "Search for panels",
        value=search,
        key="panel-search",
        help="Models that were trained with channels missing at random score every panel; the "
        "best of each size are trained again, and only these enter the advice. With more than 14 "
        "channels that may be in or out not all panels are scored: the note below says how many.",
    )
    labels = method_labels(progress.run.methods)
    curves = st.multiselect(
        "Removal curves by these rankings",
        list(labels),
        format_func=lambda name: one_line(labels[name], 60),
        key="panel-curves",
        placeholder="none: choose rankings to remove and retrain by",
        width=520,
        help="Channels are taken away one by one, least and most important first, beside three "
        "random orders; every step is trained again. Panels that orders share are trained once.",
    )
    names = tuple(str(name) for name in curves)
    return Ways(bool(chosen), names, _leading(progress, labels), _own(progress))


def _own(progress: Progress) -> tuple[Members, ...]:
    """Draw the choice of the stains of one panel that is trained whatever a search says."""
    panel = progress.spec.panel
    named = st.multiselect(
        "Train this panel too",
        [c for c in seen(progress.spec) if n_stains(panel, (c,))],
        format_func=lambda c: one_line(panel.names[c], 40),
        key="panel-own",
        placeholder="none: choose the stains of a panel of your own",
        width=520,
        help="One training a fold. Stain-free channels are in it too, unless they are left out.",
    )
    return (tuple(sorted(int(c) for c in named)),) if named else ()


def _leading(progress: Progress, labels: Mapping[str, str]) -> tuple[tuple[str, int], ...]:
    """Draw the choice of rankings whose first stains are compared, and of how many."""
    panel, members = progress.spec.panel, seen(progress.spec)
    numbers = list(range(1, n_stains(panel, members) + 1))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        rankings = st.multiselect(
            "Compare the first stains of these rankings",
            list(labels),
            format_func=lambda name: one_line(labels[name], 60),
            key="panel-compare",
            placeholder="none: choose rankings to take the first stains of",
            width=520,
            help="As in the paper: stain-free only, stain-free with the first stains, all "
            "channels. Every fold ranks by itself on its validation cells, so that no cell judges "
            "a panel it helped to choose. One training a fold, ranking and number at most.",
        )
        usual = [number for number in (1, 2, 3) if number in numbers[:-1]] or numbers
        tops = st.multiselect(
            "How many stains",
            numbers,
            default=usual,
            key="panel-tops",
            width=280,
            disabled=not rankings,
            help="Of the rankings at the left." if rankings else "Choose a ranking first.",
        )
    return tuple((str(name), int(m)) for name in rankings for m in sorted(tops))


def _start(run_id: str, constraints: Constraints, ways: Ways) -> None:
    """Draw what the question would cost, and ask it."""
    try:
        question = lab().panels.question(
            constraints,
            search=ways.search,
            curves=ways.curves,
            ticked=ways.ticked,
            compare=ways.compare,
        )
        if not lab().panels.asks_anew(run_id, question):
            _asked_before()
            return
        estimate = lab().panels.estimate(run_id, question)
    except PxError as error:
        banner(error)
        _no_start()
        return
    trainings, *notes = estimate.notes or ("",)
    most = estimate.seconds + estimate.seconds_more
    then = f", with what comes out at most **{about(most)}**" if estimate.seconds_more else ""
    st.markdown(
        f"{md(trainings, 400)} The rest takes **{about(estimate.seconds)}**{then} on this host."
    )
    for note in notes:
        st.caption(f":material/info: {md(note, 400)}")
    if st.button("Start", type="primary", icon=":material/play_arrow:", key="panel-start"):
        leave(lab().panels.ask(run_id, question, owner=visit().owner))


def _asked_before() -> None:
    """Say that nothing new is asked, beside a button that cannot be pressed."""
    _no_start()
    st.caption(
        "All of this was asked before, and its answer is above. Choose curves, a comparison, a "
        "panel of your own or other wishes to ask more; margin and floor need no new run.",
        width=760,
    )


def _no_start() -> None:
    st.button("Start", disabled=True, icon=":material/play_arrow:", key="panel-start-off")


def leave(run_id: str) -> None:
    """Go to where the answer comes, which is live while it waits."""
    links.go("panel", run=run_id, **carried())
