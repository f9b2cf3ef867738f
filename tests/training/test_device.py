"""Devices by name, memory, and the measured trial behind its parity check."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pxcore.errors import TrainingError
from pxcore.training import device
from pxcore.training.device import (
    Candidate,
    Layout,
    choose_device,
    device_name,
    memory_budget,
    trial,
)

CPU = torch.device("cpu")


class Probe(nn.Module):
    """A linear model that tells how it was called."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 3)
        self.head = nn.Linear(3, 4)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.conv(images).mean((2, 3)))


class WrongInChannelsLast(Probe):
    """Gives other answers in channels-last order."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        last = images.is_contiguous(memory_format=torch.channels_last)
        return super().forward(images) * (3.0 if last else 1.0)


def test_devices_by_name() -> None:
    assert choose_device("cpu") == CPU
    assert choose_device().type == ("cuda" if torch.cuda.is_available() else "cpu")
    for wrong in ("cuda:99", "tpu", ""):
        with pytest.raises(TrainingError, match="is not on this host; it has cpu"):
            choose_device(wrong)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this host has a GPU")
def test_a_missing_gpu_is_said() -> None:
    with pytest.raises(TrainingError, match="'cuda' is not on this host; it has cpu"):
        choose_device("cuda")


def test_a_gpu_is_preferred_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert choose_device("auto") == torch.device("cuda:0")
    assert choose_device("cuda") == torch.device("cuda:0")
    assert choose_device("cuda:1") == torch.device("cuda:1")
    with pytest.raises(TrainingError, match="it has cpu, cuda:0, cuda:1"):
        choose_device("cuda:2")


def test_memory_budget_is_half_of_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "free_memory", lambda: 3000)
    assert memory_budget(CPU) == 1500
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _device: (1000, 4000))
    assert memory_budget(torch.device("cuda:0")) == 500


def test_a_name_tells_what_numbers_depend_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    assert device_name(CPU) == "cpu, 4 threads"
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert device_name(CPU) == "cpu, 1 thread"
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _device: "Some GPU")
    assert device_name(torch.device("cuda:0")) == "Some GPU"


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("bfloat16", [False, True])
def test_a_layout_changes_order_and_precision_only(*, channels_last: bool, bfloat16: bool) -> None:
    model, images = Probe().eval(), torch.rand(8, 2, 16, 16)
    layout = Layout(channels_last=channels_last, bfloat16=bfloat16)
    with torch.no_grad():
        expected = model(images)
        found = layout.forward(layout.place(model), images)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=0, atol=0.03 if bfloat16 else 1e-5)
    assert images.is_contiguous()
    assert model.conv.weight.is_contiguous(memory_format=torch.channels_last) == channels_last


def test_trial_measures_and_leaves_the_model_alone() -> None:
    model, images = Probe().eval(), torch.rand(40, 2, 16, 16)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    layout, tried = trial(model, images, (8, 16, 64), low_precision=True, seconds=0.01)
    assert [c.layout.batch_size for c in tried[:3]] == [8, 16, 40]
    assert [c.layout.channels_last for c in tried] == [False] * 3 + [
        True,
        tried[-1].layout.channels_last,
    ]
    assert tried[-1].layout.bfloat16
    assert all(c.images_per_second > 0 for c in tried)
    assert all(c.agrees and c.largest_difference <= device.TOLERANCE for c in tried[:4])
    assert layout in [c.layout for c in tried]
    assert model.conv.weight.is_contiguous()
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])


def test_what_does_not_agree_is_never_chosen() -> None:
    images = torch.rand(16, 2, 16, 16)
    layout, tried = trial(WrongInChannelsLast().eval(), images, (16,), seconds=0.01)
    assert tried[-1].layout.channels_last
    assert not tried[-1].agrees
    assert not layout.channels_last
    made = [
        Candidate(
            layout=Layout(batch_size=size),
            images_per_second=rate,
            largest_difference=0.0,
            agrees=agrees,
        )
        for size, rate, agrees in ((1, 100, True), (2, 104, True), (3, 900, False), (4, 110, True))
    ]
    assert device._fastest(made).layout.batch_size == 4
    assert device._fastest(made[:3]).layout.batch_size == 1
