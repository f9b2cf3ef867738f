"""Redundancy: which channels say the same, what they are worth together, and proof by training."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.parts import run_follow
from pages.parts.figures import Shown, show
from pages.parts.text import md, sentence
from pxcore.plots import guards
from pxcore.plots import redundancy as plots
from pxcore.plots.numbers import count
from pxcore.plots.redundancy import group_sentence, interaction_word, names_of
from pxcore.plots.unlearned import untold, why_untold
from pxcore.types import Array, ChannelGroup, LeftOut, Redundancy, RunResult

WHY = (
    "Scores of single channels hide it: where two channels carry the same, spoiling either costs "
    "little, spoiling both costs much."
)


def draw(result: RunResult, shown: Sequence[int]) -> None:
    """Draw the section; where it was not asked for, the button that asks for it.

    ``shown``: the channels that the ranking draws.
    """
    st.subheader("Redundancy: which channels say the same?", anchor="redundancy")
    found = result.redundancy
    if found is None:
        st.caption(WHY, width=980)
        run_follow.ask(result.run.id, "redundancy", "Look for channels that say the same")
        _left_out(result)
        return
    if why := why_untold(result):
        _unlearned(result, found, shown, why)
        _left_out(result)
        return
    if found.groups:
        st.markdown("\n".join(f"- {md(line, 600)}" for line in _lines(result, found)), width=980)
    else:
        st.markdown(f"No two channels go together at {found.threshold:.2f} or more.", width=980)
    st.caption(WHY, width=980)
    _matrices(result, found, shown)
    _measured(result, found)
    for note in found.notes:
        st.caption(md(sentence(note), 400), width=980)
    _left_out(result)
    groups = leave_out_groups(result, found.groups)
    if groups and not result.left_out:
        run_follow.ask(
            result.run.id,
            "left_out",
            "Confirm by retraining",
            groups,
            "Trains the models again without each group, and with only the one to keep.",
        )


def _unlearned(result: RunResult, found: Redundancy, shown: Sequence[int], why: str) -> None:
    """Draw what the pixels alone show, where the models have not learned."""
    said = untold("which channels stand in for one another", why)
    st.markdown(md(said, 600), width=980)
    _association(result, found, plots.matrix_channels(found, shown))
    st.caption(
        "Which channels look alike is a matter of the cells alone, whatever the models know.",
        width=980,
    )


def leave_out_groups(
    result: RunResult, groups: tuple[ChannelGroup, ...]
) -> tuple[tuple[int, ...], ...]:
    """Return what to train without: of each group all, and all but the one to keep.

    Positions are those of the data set's panel; decoys cannot be left out.
    """
    source = result.source_channels
    wanted: list[tuple[int, ...]] = []
    for group in groups:
        real = tuple(c for c in group.channels if c < len(source))
        if len(real) < 2:
            continue
        keep = next(c for c in group.keep_order if c in real)
        rest = tuple(c for c in real if c != keep)
        wanted += [tuple(source[c] for c in rest), tuple(source[c] for c in real)]
    return tuple(dict.fromkeys(wanted))


def _lines(result: RunResult, found: Redundancy) -> list[str]:
    """Return a sentence a group; of many the last ones are counted."""
    told = [group_sentence(result.panel, group) for group in found.groups[: plots.MOST_GROUPS]]
    more = len(found.groups) - len(told)
    return [*told, f"{count(more, 'more group')} in the tables."] if more else told


def _matrices(result: RunResult, found: Redundancy, shown: Sequence[int]) -> None:
    """Draw both matrices side by side."""
    channels = plots.matrix_channels(found, shown)
    left, right = st.columns(2, gap="large")
    with left:
        _association(result, found, channels)
    with right:
        st.markdown("**Which cells need them**")
        show(
            lambda theme: plots.drops_together(result.panel, found, theme, channels),
            Shown(key="drops-together", stem=result.run.title),
            matrix_table(result, found.drops),
        )


def _association(result: RunResult, found: Redundancy, channels: Sequence[int]) -> None:
    """Draw how much channels look alike."""
    st.markdown("**What they show**")
    show(
        lambda theme: plots.association(result.panel, found, theme, channels),
        Shown(key="association", stem=result.run.title),
        matrix_table(result, found.features),
    )


def _measured(result: RunResult, found: Redundancy) -> None:
    """Draw what groups cost together and alone, and the interactions of pairs."""
    if found.groups:
        st.markdown("**Spoilt together and alone**")
        show(
            lambda theme: plots.joint_drops(result.panel, found.groups, theme),
            Shown(key="joint", stem=result.run.title),
            group_table(result, found),
        )
    if found.pairs:
        st.markdown("**Strongest interactions**")
        show(
            lambda theme: plots.interactions(result.panel, found.pairs, theme),
            Shown(key="interactions", stem=result.run.title),
            pair_table(result, found),
        )
        st.caption(
            "Above 0 two channels stand in for one another: F1 falls only when both are spoilt. "
            "Below 0 says little: F1 cannot fall twice, so losses of unrelated channels overlap "
            "too. Two work only together where, once one is spoilt, the other is worth less than "
            "half of what it is worth alone.",
            width=980,
        )


def _left_out(result: RunResult) -> None:
    """Draw what models lose that were trained without some channels."""
    if not result.left_out:
        return
    st.markdown("**Trained again without them**")
    if why := why_untold(result):
        st.markdown(md(untold("what the models lose without channels", why), 600), width=980)
        return
    lines = [guards.left_out_sentence(result.panel, one) for one in result.left_out]
    st.markdown("\n".join(f"- {md(line, 500)}" for line in lines), width=980)
    show(
        lambda theme: guards.left_out_dots(result.panel, result.left_out, theme),
        Shown(key="left-out", stem=result.run.title),
        left_out_table(result, result.left_out),
    )


def matrix_table(result: RunResult, values: Array) -> pd.DataFrame:
    """Return a channel x channel matrix with names at both sides."""
    frame = pd.DataFrame(values, columns=list(result.panel.names))
    frame.insert(0, "channel ", list(result.panel.names))
    return frame


def group_table(result: RunResult, found: Redundancy) -> pd.DataFrame:
    """Return joint, extra and single drops, a row a group."""
    rows = [
        {
            "channels": names_of(result.panel, group.channels),
            "interchangeable": group.interchangeable,
            "keep first": result.panel.names[group.keep_order[0]],
            "together": group.joint.mean,
            "together low": group.joint.low,
            "together high": group.joint.high,
            "sum of single drops": sum(one.mean for one in group.alone),
            "beyond the sum": group.extra.mean,
            "beyond low": group.extra.low,
            "beyond high": group.extra.high,
        }
        for group in found.groups
    ]
    return pd.DataFrame(rows)


def pair_table(result: RunResult, found: Redundancy) -> pd.DataFrame:
    """Return every measured pair, the strongest interaction first."""
    rows = [
        {
            "first": result.panel.names[pair.first],
            "second": result.panel.names[pair.second],
            "together": pair.joint.mean,
            "interaction": pair.interaction.mean,
            "low": pair.interaction.low,
            "high": pair.interaction.high,
            "says": interaction_word(pair),
        }
        for pair in found.pairs
    ]
    return pd.DataFrame(rows)


def left_out_table(result: RunResult, left_out: tuple[LeftOut, ...]) -> pd.DataFrame:
    """Return F1 and drop of each retraining, every fold's drop included."""
    rows = [
        {
            "trained without": names_of(result.panel, one.channels),
            "F1": one.f1_macro.mean,
            "drop": one.drop.mean,
            "low": one.drop.low,
            "high": one.drop.high,
        }
        | {f"fold {number}": value for number, value in enumerate(one.drop.folds, start=1)}
        for one in left_out
    ]
    return pd.DataFrame(rows)
