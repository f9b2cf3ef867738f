"""Torchvision's models load with and without its compiled operators."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from pxcore.models import vision


def test_the_workaround_declares_only_where_operators_are_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vision.torchvision_models()  # for real, so that below only the decision is looked at
    declared: list[bool] = []
    monkeypatch.setattr(vision, "_declare", lambda: declared.append(True))
    for loads in (True, False):
        vision.torchvision_models.cache_clear()
        monkeypatch.setattr(vision, "_operators_load", lambda loads=loads: loads)
        assert hasattr(vision.torchvision_models(), "resnet18")
    vision.torchvision_models.cache_clear()
    assert declared == [True]


def test_declaring_twice_does_no_harm() -> None:
    vision.torchvision_models()
    vision._declare()
    assert hasattr(torch.ops.torchvision, "nms")


def test_listing_models_loads_no_torch() -> None:
    code = (
        "import sys; from pxcore.models import MODELS, weights; "
        "assert [m.label for m in MODELS.values()]; "
        "sys.exit('torch' in sys.modules or 'torchvision' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
