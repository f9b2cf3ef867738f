"""Which workers a task may go to, with a scheduler that only says who is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pxcore.runs import engine as engines
from pxcore.runs.engine import DaskEngine
from pxcore.runs.job import job_of
from pxcore.runs.plan import plan
from pxcore.runs.tasks import Lane
from pxcore.settings import Settings
from pxcore.store.home import Store
from tests.tiny_lab import tiny_dataset, tiny_spec


class FakeClient:
    """Tells which workers are there and notes what each task asks for."""

    def __init__(self, *offers: str) -> None:
        self.offers = list(offers)
        self.asked: list[dict[str, int]] = []

    def scheduler_info(self, n_workers: int) -> dict[str, object]:
        assert n_workers == -1
        return {"workers": {str(n): {"resources": {o: 1}} for n, o in enumerate(self.offers)}}

    def submit(self, *_: object, resources: dict[str, int], **__: object) -> FakeClient:
        self.asked.append(resources)
        return self

    def add_done_callback(self, _: Callable[[object], None]) -> None: ...


@contextmanager
def _nothing(*_: object) -> Iterator[None]:
    yield


@pytest.fixture
def connect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., DaskEngine]:
    def connected(client: FakeClient) -> DaskEngine:
        @contextmanager
        def opened(*_: object, **__: object) -> Iterator[FakeClient]:
            yield client

        monkeypatch.setattr(engines, "start_cluster", _nothing)
        monkeypatch.setattr(engines, "Client", opened)
        return DaskEngine(tmp_path, Settings(device="cpu"))

    return connected


def hand_out(engine: DaskEngine, store: Store) -> None:
    dataset = tiny_dataset(store)
    for step in plan(tiny_spec(dataset))[-2:]:  # explain on heavy, rank on light
        engine.submit(job_of(step, dataset), step.lane)


def test_a_heavy_task_waits_for_its_worker_to_come_back(
    store: Store, connect: Callable[..., DaskEngine]
) -> None:
    client = FakeClient("LIGHT")  # the heavy one starts again
    engine = connect(client)
    assert engine.lanes() == {Lane.HEAVY: 0, Lane.LIGHT: 1}
    hand_out(engine, store)
    assert client.asked == [{"CPU": 1}, {"LIGHT": 1}]
    client.offers.append("CPU")
    assert engine.lanes() == {Lane.HEAVY: 1, Lane.LIGHT: 1}
    engine.close()
