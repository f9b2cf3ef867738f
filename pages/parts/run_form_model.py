"""The expert's choice of a model: architecture, its settings, weights, how long it trains."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.parts.choosing import choose
from pages.parts.session import lab
from pages.parts.text import md, told
from pxcore.plots.text import one_line
from pxcore.types import Choice, ModelSpec, TrainingParams

DROPOUT = "channel_dropout"
"""The option of every model that trains it with channels missing."""
MOST_EPOCHS, MOST_WIDTH = 10_000, 512
NARROW = (
    "No graphics card computes here, so it begins narrow: wider takes longer, about in "
    "proportion to the square."
)
Value = str | int | float | bool


def model(drafted: ModelSpec, key: str) -> ModelSpec:
    """Draw architecture, settings and weights as the draft has them; return the model chosen."""
    models = {one.id: one for one in lab().choices("model")}
    labels = {one: choice.label for one, choice in models.items()}
    picked = choose("Model", labels, drafted.id, key=f"model-{key}")
    chosen = drafted
    if picked in models:
        st.caption(md(models[picked].summary, 300))
        if picked != drafted.id:
            chosen = ModelSpec(id=picked, options=models[picked].begins)
        chosen = _settings(models[picked], chosen, key)
    chosen = replace(chosen, weights=_weights(chosen, key))
    return _dropout(chosen, key)


def epochs(training: TrainingParams, key: str) -> TrainingParams:
    """Draw how long training may go on; return the training with it."""
    early = training.schedule == "plateau"
    most = st.number_input(
        f"{'Epochs at most' if early else 'Epochs'} (1 to {MOST_EPOCHS:,})",
        value=training.max_epochs,
        key=f"epochs-{key}",
        help="An epoch sees every training cell once. "
        + (
            f"Training ends earlier after {training.stop_patience} epochs without a gain on the "
            "validation cells."
            if early
            else "The learning rate rises and falls once over all of them."
        ),
    )
    return replace(training, max_epochs=int(most))


def bounds(chosen: ModelSpec) -> tuple[tuple[str, float, float, float], ...]:
    """Return name, value and bounds of the settings that are numbers."""
    return tuple(
        (_label(name), value, *((0, 0.9) if isinstance(value, float) else (1, MOST_WIDTH)))
        for name, value in chosen.options
        if isinstance(value, int | float) and not isinstance(value, bool)
    )


def _settings(choice: Choice, chosen: ModelSpec, key: str) -> ModelSpec:
    """Draw a field for each setting of the architecture; those at their defaults are left out."""
    begun, picked = dict(chosen.options), dict[str, Value]()
    for name, values in choice.options:
        where = f"setting-{key}-{choice.id}-{name}"
        before = begun.pop(name, values[0])
        if len(values) > 1:
            value: Value = st.segmented_control(
                _label(name),
                values,
                default=before if before in values else values[0],
                required=True,
                format_func=lambda one: md(one.replace("_", " ")),
                key=where,
            ) or str(before)
        else:
            value = _number(name, values[0], str(before), where)
        if str(value) != values[0]:
            picked[name] = value
    if choice.begins:
        st.caption(NARROW)
    return replace(chosen, options=tuple((begun | picked).items()))


def _number(name: str, usual: str, before: str, where: str) -> int | float:
    """Draw the field of a setting that is a number; a share where its default has a fraction."""
    if "." in usual:
        return float(st.number_input(_label(name), value=float(before), step=0.05, key=where))
    most = f"{_label(name)} (1 to {MOST_WIDTH}; usually {usual})"
    wider = "How many maps the first layer makes, from which all others follow."
    return int(st.number_input(most, value=int(before), key=where, help=wider))


def _label(name: str) -> str:
    """Return the name of a setting as a field has it."""
    return md(name.replace("_", " ").capitalize())


def _weights(chosen: ModelSpec, key: str) -> str:
    """Draw the weights that training starts from, and where they are or should be."""
    choices = {one.word: one for one in lab().weights(chosen)}
    labels = {word: one_line(one.label, 60) for word, one in choices.items()}
    own = "" if "imagenet" in choices else "-own"
    here = chosen.weights if chosen.weights in choices else next(iter(choices))
    word = choose("Weights to start from", labels, here, key=f"weights-{key}-{chosen.id}{own}")
    taken = choices[word]
    st.caption(told(taken.note))
    missing = [one for one in choices.values() if not one.here and one != taken]
    for one in missing:
        st.caption(f"{md(one.label)}: {told(one.note)}")
    return taken.word


def _dropout(chosen: ModelSpec, key: str) -> ModelSpec:
    """Draw the switch that trains with channels missing; return the model with it."""
    before = bool(dict(chosen.options).get(DROPOUT, False))
    on = st.toggle(
        "Train with channels missing at random",
        value=before,
        key=f"dropout-{key}",
        help="The models then bear missing channels. Methods that need such a model train one "
        "beside it anyway, so leave this off unless all rankings shall be of it.",
    )
    others = tuple(option for option in chosen.options if option[0] != DROPOUT)
    return replace(chosen, options=(*others, (DROPOUT, True)) if on else others)
