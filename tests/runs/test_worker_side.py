"""Tasks carried out by a worker, their files, and what a worker runs on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from pxcore.data.annotation import Annotation
from pxcore.data.normalise import Normaliser
from pxcore.data.source import ArrayCells
from pxcore.errors import Cancelled, RunError
from pxcore.runs.execute import layouts, worker
from pxcore.runs.hosts import host_plan
from pxcore.runs.job import Job, job_of
from pxcore.runs.plan import plan
from pxcore.runs.saved.model import Story, load_model, load_tested
from pxcore.runs.saved.ranks import load_ranked
from pxcore.runs.saved.text import from_file
from pxcore.runs.tasks import ExplainTask, Lane
from pxcore.runs.work import (
    CHECKPOINT,
    ask_to_stop,
    read_log,
)
from pxcore.settings import Settings
from pxcore.store.home import Store
from pxcore.store.keys import decode, encode
from pxcore.store.manifests import MANIFEST
from pxcore.training.device import Layout
from pxcore.training.device_cells import DeviceCells
from tests.tiny_lab import tiny_dataset, tiny_spec


def test_a_whole_run_in_this_process_and_out_of_memory_on_the_way(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All three stages write what they should; a training short of memory says what it did."""
    monkeypatch.setenv("PXCORE_DEVICE", "cpu")
    from pxcore.runs.execute import train  # noqa: PLC0415

    real, sizes = train.fit, []

    def fit(data, params, build, control):  # type: ignore[no-untyped-def]
        sizes.append(params.batch_size)
        if params.batch_size > 16:
            message = "out of memory"
            raise torch.OutOfMemoryError(message)
        return real(data, params, build, control)

    monkeypatch.setattr(train, "fit", fit)
    dataset = tiny_dataset(store)
    for step in plan(tiny_spec(dataset)):
        job = job_of(step, dataset)
        assert worker.carry_out(str(store.home), encode(job)) > 0
        assert worker.carry_out(str(store.home), encode(job)) == 0.0
        assert not (store.artifacts.work(step.key) / CHECKPOINT).exists()
        if step.kind == "train":
            folder = store.artifacts.folder(step.key)
            story = from_file(Story, folder / "training.json")
            assert story.batch_size == 16
            assert "memory ran out at 32" in story.notes[0]
            model, fold, means = load_model(folder)
            assert means.shape == (3,)
            assert len(model.history) == 2
            assert set(fold.test) & (set(fold.train) | set(fold.valid)) == set()
            np.testing.assert_array_equal(load_tested(folder).test, fold.test)
        if step.kind == "rank":
            ranked = load_ranked(store.artifacts.folder(step.key))
            assert ranked.importance.scores.shape[1:] == (2, 3, 3)
            assert ranked.performance.confusion.sum() == dataset.n_cells
    assert sizes == [32, 16, 32, 16]


def test_a_training_splits_as_it_was_asked(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PXCORE_DEVICE", "cpu")
    dataset = tiny_dataset(store)
    groups = Annotation.load(store.artifacts.folder(dataset.annotation_key)).groups
    for split, apart in (("donor", True), ("cell", False)):
        step = plan(replace(tiny_spec(dataset, max_epochs=1), split=split))[0]
        worker.carry_out(str(store.home), encode(job_of(step, dataset)))
        _, fold, _ = load_model(store.artifacts.folder(step.key))
        assert set(groups[fold.train]).isdisjoint(groups[fold.test]) is apart


def test_no_file_of_an_artifact_is_pickled(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PXCORE_DEVICE", "cpu")
    dataset = tiny_dataset(store)
    for step in plan(tiny_spec(dataset, max_epochs=1, repeats=1)):
        worker.carry_out(str(store.home), encode(job_of(step, dataset)))
    everything = (path for path in (store.home / "artifacts").rglob("*") if path.is_file())
    files = [path for path in everything if path.name != MANIFEST]
    assert {path.suffix for path in files} == {".h5", ".npz", ".json", ".safetensors"}
    for path in files:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                assert all(arrays[name].dtype != object for name in arrays)


def test_a_failed_task_leaves_log_and_no_artifact(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PXCORE_DEVICE", "cpu")
    dataset = tiny_dataset(store)
    spec = tiny_spec(dataset)
    step = plan(replace(spec, model=replace(spec.model, weights_sha256="0" * 64)))[0]
    with pytest.raises(RunError, match="fingerprint"):
        worker.carry_out(str(store.home), encode(job_of(step, dataset)))
    assert not store.artifacts.has(step.key)
    assert "RunError" in read_log(store.artifacts.work(step.key))


def test_a_marked_task_stops_in_the_middle(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PXCORE_DEVICE", "cpu")
    monkeypatch.setattr("pxcore.runs.work.LOOK_SECONDS", -1.0)
    dataset = tiny_dataset(store)
    step = plan(tiny_spec(dataset))[0]
    ask_to_stop(store.artifacts.work(step.key))
    with pytest.raises(Cancelled):
        worker.carry_out(str(store.home), encode(job_of(step, dataset)))
    assert not store.artifacts.has(step.key)
    assert "stopped on request" in read_log(store.artifacts.work(step.key))


def test_a_job_survives_its_way(store: Store) -> None:
    dataset = tiny_dataset(store)
    for step in plan(tiny_spec(dataset)):
        job = decode(Job, encode(job_of(step, dataset)))
        assert job == job_of(step, dataset)
        assert job.task == step.task


def test_workers_of_a_host_without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pxcore.runs.hosts.cores", lambda: 8)
    for name in ("OMP_NUM_THREADS", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(name, raising=False)
    two = host_plan(Settings(device="cpu", workers=2))
    assert two.device == "cpu"
    assert [worker.lane for worker in two.workers] == [Lane.HEAVY, Lane.HEAVY, Lane.LIGHT]
    assert dict(two.workers[0].environment)["OMP_NUM_THREADS"] == "4"
    assert dict(two.workers[0].environment)["OMP_WAIT_POLICY"] == "passive"
    assert dict(two.workers[-1].environment)["OMP_NUM_THREADS"] == "1"
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    one = host_plan(Settings(device="cpu"))
    assert [dict(worker.environment)["OMP_NUM_THREADS"] for worker in one.workers] == ["3", "1"]


def test_one_worker_a_gpu_each_seeing_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pxcore.runs.hosts._driver_there", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-a,GPU-b")
    plans = host_plan(Settings(device="auto"))
    assert plans.device == "cuda"
    seen = [dict(worker.environment)["CUDA_VISIBLE_DEVICES"] for worker in plans.workers]
    assert seen == ["GPU-a", "GPU-b", ""]
    assert {worker.resource for worker in plans.workers} == {"GPU", "LIGHT"}
    second = host_plan(Settings(device="cuda:1"))
    assert dict(second.workers[0].environment)["CUDA_VISIBLE_DEVICES"] == "GPU-b"
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    seen = [dict(w.environment)["CUDA_VISIBLE_DEVICES"] for w in host_plan(Settings()).workers]
    assert seen == ["0", "1", ""]


def test_the_layout_is_measured_once_and_the_first_one_stays(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = tiny_dataset(store)
    task = plan(tiny_spec(dataset))[1].task
    assert isinstance(task, ExplainTask)
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 16 * 16, 2)).eval()
    images = np.random.default_rng(0).integers(0, 9, (40, 3, 16, 16)).astype(np.uint16)
    limits = Normaliser(np.zeros(3, np.float32), np.full(3, 9, np.float32))
    cells = DeviceCells(ArrayCells(images), np.arange(40), limits, torch.device("cpu"))
    assert layouts.layout_of(store.home, task, network, cells) == Layout()
    monkeypatch.setattr(layouts, "WORTH_MEASURING", 0)
    assert len(cells) < layouts.SAMPLE  # the sample is at most what there is
    found = layouts.layout_of(store.home, task, network, cells)
    assert found.batch_size >= 1
    (kept,) = (store.home / "layouts").iterdir()
    layouts._keep_first(kept, "late")
    monkeypatch.setattr(layouts.os, "link", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        layouts._keep_first(kept, "broken")
    assert [*(store.home / "layouts").iterdir()] == [kept]
    monkeypatch.setattr(layouts, "trial", None)
    assert layouts.layout_of(store.home, task, network, cells) == found
