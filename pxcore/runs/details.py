"""What ran, in words, for the end of a result's page."""

from __future__ import annotations

from collections.abc import Sequence

from pxcore.runs.saved.model import Story
from pxcore.runs.splits import in_words
from pxcore.types import Averaging, RunResult

_AVERAGES: dict[Averaging, str] = {
    "classes": "mean over classes with enough held-out cells",
    "published": "drops in F1: mean over all classes; attributions: mean over all cells",
}


def details(
    found: RunResult, stories: Sequence[Story], explained_on: str, missing: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    """Return what ran, in words.

    Parameters
    ----------
    stories
        Of the run's own trainings.
    explained_on
        Devices, in words.
    missing
        Plain sentences on what could not be found.
    """
    spec, dataset = found.spec, found.dataset
    options = ", ".join(f"{name} {value}" for name, value in spec.model.options)
    weights = spec.model.weights
    if spec.model.weights_sha256:
        weights += f" (sha256 {spec.model.weights_sha256[:12]})"
    split = in_words(spec.split, has_donors=dataset.has_groups)
    trained = ", ".join(str(story.n_train) for story in stories)
    tested = ", ".join(str(story.n_test) for story in stories)
    told = [
        ("Data set", f"{dataset.title} ({dataset.id})"),
        ("Preset", spec.preset),
        ("Model", f"{spec.model.id} ({options})" if options else spec.model.id),
        ("Weights", weights),
        ("Trained on", "; ".join(dict.fromkeys(story.device for story in stories))),
        ("Explained on", explained_on),
        ("Folds", f"{spec.n_folds}, {split}"),
        ("Starts of each fold", str(spec.seeds)),
        ("Seed", str(spec.seed)),
        ("Value of a channel", _AVERAGES[spec.averaging]),
        ("Cells trained on", trained),
        ("Cells held out", tested),
        ("Epochs run", ", ".join(str(len(story.history)) for story in stories)),
        ("Epoch kept", ", ".join(str(story.best_epoch) for story in stories)),
        ("Batch size", ", ".join(dict.fromkeys(str(story.batch_size) for story in stories))),
    ]
    told += [
        (f"Models of {method.label}", method.model) for method in found.methods if method.model
    ]
    told += [
        (f"Repeats of {method.label}", ", ".join(map(str, method.importance.repeats)))
        for method in found.methods
    ]
    told += [
        (f"Version of {name}", version) for story in stories[:1] for name, version in story.versions
    ]
    noted = dict.fromkeys([*missing, *(note for story in stories for note in story.notes)])
    return (*told, *(("Note", note) for note in noted))
