"""Tasks of a question about smaller panels: trainings on some channels, screens, judgements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pxcore.errors import MethodError
from pxcore.models import MODELS
from pxcore.models.model import ALWAYS, CHANNEL_DROPOUT
from pxcore.panel.orders import steps
from pxcore.runs.method_names import method_name
from pxcore.runs.spec_tasks import explain, seen_channels, training
from pxcore.runs.tasks import ExplainTask, ScreenTask, TrainTask
from pxcore.types import ModelSpec, RunSpec, TrainingParams
from pxcore.types.panel import Members, PanelQuestion

SCREEN_EPOCHS, SCREEN_WIDTH, SCREEN_NOISE = 4, 2, 4
"""Times as many epochs, as wide and as noisy as a training on one panel: one network must know all
panels, without learning its cells by heart. Each is needed (``docs/panels.md``)."""

WIDE = 64
"""Maps of the first layer of networks that have room for every panel as they are."""


def asked(spec: RunSpec) -> PanelQuestion:
    """Return the question of a run that has one."""
    return spec.question or PanelQuestion()


def everything(spec: RunSpec) -> Members:
    """Return the full panel: all channels that take part. Decoys are in no panel.

    Excluded ones too: a panel without them is held against what the run has.
    """
    return seen_channels(spec)


def allowed(spec: RunSpec) -> Members:
    """Return the largest panel that may be advised: all that take part but the excluded."""
    return tuple(c for c in everything(spec) if c not in asked(spec).exclude)


def optional(spec: RunSpec) -> Members:
    """Return the channels that may be in or out."""
    kept = {*asked(spec).always, *asked(spec).must_keep}
    return tuple(c for c in allowed(spec) if c not in kept)


def searches(spec: RunSpec) -> bool:
    """Return whether panels are screened: where asked for, and a channel may be in or out."""
    return spec.question is not None and spec.question.search and bool(optional(spec))


def known_panels(spec: RunSpec) -> tuple[Members, ...]:
    """Return every panel that is to be trained whatever the screen says, the full one first."""
    question, full = asked(spec), everything(spec)
    found = [full, allowed(spec)]
    if question.always:
        found.append(tuple(c for c in full if c in question.always))
    for one in question.orders:
        found += steps(full, one.order)
    found += [tuple(sorted(set(panel))) for panel in question.ticked]
    return tuple(dict.fromkeys(found))


def trains(spec: RunSpec, members: Members) -> tuple[TrainTask, ...]:
    """Return the trainings of one panel, fold by fold, with the seeds of the run's own."""
    return tuple(replace(one, channels=members, decoys=()) for one in _plain(spec))


def nested_trains(spec: RunSpec, chosen: tuple[Members, ...]) -> tuple[TrainTask, ...]:
    """Return trainings whose panel is each fold's (and start's) own choice."""
    pairs = zip(_plain(spec), chosen, strict=True)
    return tuple(replace(one, channels=members, decoys=()) for one, members in pairs)


def rankings(spec: RunSpec, name: str) -> tuple[ExplainTask, ...]:
    """Return how one method of the run ranks channels on each training's validation cells.

    Raises MethodError for a method that the run does not have.
    """
    method = next((one for one in spec.methods if method_name(one) == name), None)
    if method is None:
        have = ", ".join(method_name(one) for one in spec.methods)
        message = f"the run has no ranking {name!r}; it has {have}: compare by one of these"
        raise MethodError(message)
    return tuple(
        replace(explain(spec, method, fold, start), part="valid") for fold, start in places(spec)
    )


def compared_by(spec: RunSpec) -> tuple[str, ...]:
    """Return the methods whose leading stains are compared, each once."""
    return tuple(dict.fromkeys(name for name, _ in asked(spec).compare))


def screens(spec: RunSpec, sets: tuple[Members, ...] = ()) -> tuple[ScreenTask, ...]:
    """Return the screens of a run, one a training: every panel that holds what is always in.

    Their networks see the allowed channels alone, counted from 0; so are ``sets``, where not every
    panel is to be looked at.
    """
    seen, free = allowed(spec), optional(spec)
    always = tuple(place for place, channel in enumerate(seen) if channel not in free)
    model, longer = roomy(spec.model, always), patient(spec.training)
    return tuple(
        ScreenTask(train=replace(one, model=model, training=longer), sets=sets)
        for one in trains(spec, seen)
    )


def roomy(model: ModelSpec, always: Sequence[int]) -> ModelSpec:
    """Return the network that learns every panel at once; ``always`` are never hidden.

    It is wider than one for a single panel, unless its width is fixed, by its architecture or by
    the weights it starts from, or large as it is.
    """
    options = dict(model.options) | {CHANNEL_DROPOUT: True}
    if always:
        options[ALWAYS] = ",".join(str(place) for place in always)
    entry = MODELS[model.id]
    if entry.width and model.weights == "random":
        usual = float(entry.defaults[entry.width])
        chosen = float(options.get(entry.width, usual))
        if min(usual, chosen) < WIDE:
            options[entry.width] = int(SCREEN_WIDTH * chosen)
    return replace(model, options=tuple(sorted(options.items())))


def patient(training: TrainingParams) -> TrainingParams:
    """Return how that network is trained: all that counts epochs is longer.

    Patience too: else a training ends at the height of its cycle, where validation F1 stands still.
    So long a training, often of channels that say nothing, would learn the cells by heart; noise
    keeps it from that.
    """
    return replace(
        training,
        max_epochs=SCREEN_EPOCHS * training.max_epochs,
        stop_patience=SCREEN_EPOCHS * training.stop_patience,
        plateau_patience=SCREEN_EPOCHS * training.plateau_patience,
        noise=SCREEN_NOISE * training.noise,
    )


def is_training(parts: tuple[str, ...]) -> bool:
    """Return whether a task with these parts is a training that the question needs."""
    return any(part.startswith(("panel/train/", "panel/dropout/")) for part in parts)


def places(spec: RunSpec) -> Iterator[tuple[int, int]]:
    """Yield fold and start of each training, in the order of results."""
    for fold in range(spec.n_folds):
        for start in range(spec.seeds):
            yield fold, start


def part(members: Members) -> str:
    """Return the word that a panel has within its run, such as ``0-1-4``."""
    return "-".join(str(channel) for channel in members)


def _plain(spec: RunSpec) -> tuple[TrainTask, ...]:
    return tuple(training(spec, fold, start) for fold, start in places(spec))
