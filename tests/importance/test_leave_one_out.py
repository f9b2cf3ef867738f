"""Leave one out: the difference of two trainings, and what it refuses to compare."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score

from pxcore.data.normalise import Normaliser
from pxcore.errors import MethodError
from pxcore.importance.method import ExplainRequest
from pxcore.importance.methods import METHODS
from pxcore.training.device_cells import DeviceCells
from pxcore.training.fit import fit
from pxcore.training.predict import restore
from tests.planted_cells import CPU, N_CLASSES, planted, request
from tests.small_training import Case, make_case

LEFT = METHODS["leave_one_out"]
CELLS = planted()


@pytest.fixture
def asked() -> ExplainRequest:
    """What four other models say is made up: the numbers follow from it alone."""
    made, generator = request(CELLS), np.random.default_rng(3)
    numbers = generator.dirichlet(np.ones(N_CLASSES), (4, 120)).astype(np.float32)
    return replace(made, retrained=tuple(numbers))


def test_scores_are_differences_of_two_models(asked: ExplainRequest) -> None:
    found = LEFT.explain(asked)
    with torch.no_grad():
        base = asked.model.eval()(asked.cells.batch(torch.arange(120))).softmax(1).numpy()
    rows = np.arange(120)
    base_f1 = f1_score(CELLS.labels, base.argmax(1), average=None)
    np.testing.assert_array_equal(found.base_predictions, base.argmax(1))
    np.testing.assert_allclose(found.base_score, base_f1)
    for channel, other in enumerate(asked.retrained):
        np.testing.assert_array_equal(found.predictions[channel, 0], other.argmax(1))
        f1 = f1_score(CELLS.labels, other.argmax(1), average=None)
        np.testing.assert_allclose(found.scores[0, channel], base_f1 - f1, atol=1e-12)
        drop = base[rows, CELLS.labels] - other[rows, CELLS.labels]
        np.testing.assert_allclose(found.cell_drop[channel], drop, atol=1e-6)
        for k in range(N_CLASSES):
            mean = drop[CELLS.labels == k].mean()
            np.testing.assert_allclose(found.probability_drop[0, channel, k], mean, atol=1e-6)
    assert found.unit == "drop in F1"


def test_a_model_that_is_better_without_scores_below_zero(asked: ExplainRequest) -> None:
    labels = np.roll(CELLS.labels, 3)  # mostly wrong for the reader
    perfect = np.eye(N_CLASSES, dtype=np.float32)[labels]
    found = LEFT.explain(replace(asked, labels=labels, retrained=(perfect, *asked.retrained[1:])))
    assert (found.scores[0, 0] < 0).all()
    np.testing.assert_allclose(found.scores[0, 0], found.base_score - 1)


def test_a_class_without_cells_has_no_drop(asked: ExplainRequest) -> None:
    found = LEFT.explain(replace(asked, labels=CELLS.labels % 2))
    assert np.isnan(found.scores[..., 2]).all()
    assert np.isnan(found.probability_drop[..., 2]).all()
    assert np.isfinite(found.scores[..., :2]).all()


def test_refuses_what_cannot_be_compared(asked: ExplainRequest) -> None:
    some = asked.retrained
    for given, message in (
        ((), "0 models trained without a channel were given for 4 channels"),
        (some[:3], "3 models .* expected one for each"),
        ((some[0], some[1][1:], *some[2:]), r"without channel number 2 gave \(119, 3\) .*\(120, 3"),
        ((*some[:3], some[3][:, :2]), r"channel number 4 gave \(120, 2\)"),
        ((some[0] * np.nan, *some[1:]), "channel number 1 .* not a number"),
    ):
        with pytest.raises(MethodError, match=message):
            LEFT.explain(replace(asked, retrained=given))
    with pytest.raises(MethodError, match="119 labels were given for 120"):
        LEFT.explain(replace(asked, labels=CELLS.labels[1:]))
    wider = tuple(np.zeros((120, 4)) for _ in range(4))
    with pytest.raises(MethodError, match=r"has shape \(120, 3\)"):
        LEFT.explain(replace(asked, n_classes=4, retrained=wider))


def test_no_check_looks_at_its_weights() -> None:
    assert LEFT.gates == ()
    assert LEFT.kind == "retraining"


def test_real_trainings_without_the_telling_channel_lose_everything() -> None:
    """Channel 0 tells the class, channel 1 is noise."""
    case = make_case(max_epochs=8)

    def trained(channels: tuple[int, ...]) -> tuple[Case, object]:
        own = Case(dataclasses.replace(case.data, channels=channels), case.params)
        return own, fit(own.data, own.params, own.build, own.control())

    whole, model = trained((0, 1))
    limits, fold = Normaliser(model.low, model.high), case.data.fold
    asked = ExplainRequest(
        model=restore(whole.build, model.weights, CPU),
        cells=DeviceCells(case.data.source, fold.test, limits, CPU),
        labels=model.test_labels,
        n_classes=3,
        retrained=tuple(trained((other,))[1].test_probability for other in (1, 0)),
    )
    told, noise = np.nanmean(LEFT.explain(asked).scores, axis=(0, 2))
    assert told > 0.5
    assert abs(noise) < 0.1
