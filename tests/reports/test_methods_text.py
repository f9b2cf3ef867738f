"""The methods paragraph says what was trained, not what usually is."""

from __future__ import annotations

from dataclasses import replace

import tests.example_values as ex
from pxcore.importance.methods import METHODS
from pxcore.models import MODELS
from pxcore.reports import citations
from pxcore.reports.methods_text import run_methods
from pxcore.types import TrainingParams


def said(training: TrainingParams) -> str:
    found = ex.result()
    return run_methods(replace(found, spec=replace(found.spec, training=training)))


def test_the_usual_training() -> None:
    text = said(TrainingParams())
    assert "of the training cells' pixels became 0 and 1; training with AdamW for" in text
    assert "multiplying the learning rate by 0.5 when validation F1 stalled" in text
    assert "shifts" not in text


def test_the_training_of_many_channels() -> None:
    text = said(
        TrainingParams(optimiser="adam_amsgrad", plateau_factor=0.65, crop=4, zero_pixels="skip")
    )
    assert "became 0 and 1 (the upper one of pixels that are not 0); training with Adam" in text
    assert "AMSGrad" in text
    assert "AdamW" not in text
    assert "multiplying the learning rate by 0.65" in text
    assert "random shifts of up to 4 pixels" in text


def test_every_method_and_model_is_cited() -> None:
    """Those with a source of their own; the small network is ours."""
    assert set(citations.METHODS) == set(METHODS)
    assert set(MODELS) - set(citations.MODELS) == {"small_cnn"}
    found = ex.result()
    ranked = replace(found.methods[0], method="channel_embedding:scaling=none")
    text = run_methods(replace(found, methods=(ranked,)))
    assert "References: Abdel Magid et al., Channel embedding" in text
