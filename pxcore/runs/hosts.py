"""The workers of this host: which devices, how many, with what surroundings."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pxcore.runs.tasks import Lane
from pxcore.settings import Settings

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPlan:
    """One worker process to start."""

    name: str
    lane: Lane
    resource: str
    environment: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPlan:
    """All worker processes of a host."""

    device: str
    """``cpu`` or ``cuda``."""
    workers: tuple[WorkerPlan, ...]

    @property
    def resources(self) -> dict[Lane, str]:
        """The resource that the workers of each lane offer."""
        return {worker.lane: worker.resource for worker in self.workers}


def host_plan(settings: Settings) -> HostPlan:
    """Return one heavy worker a GPU (or ``settings.workers`` on the CPU), and a light one.

    The light worker has no GPU: it combines folds while others train.
    """
    gpus = _gpus(settings)
    heavy = _on_gpus(gpus) if gpus else _on_cpu(settings)
    light = WorkerPlan(
        name="light",
        lane=Lane.LIGHT,
        resource="LIGHT",
        environment=(
            ("CUDA_VISIBLE_DEVICES", ""),
            ("PXCORE_DEVICE", "cpu"),
            *((name, "1") for name in THREAD_VARIABLES),
        ),
    )
    return HostPlan(device="cuda" if gpus else "cpu", workers=(*heavy, light))


def cores() -> int:
    """Return the processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _on_gpus(gpus: tuple[str, ...]) -> list[WorkerPlan]:
    threads = _threads(len(gpus))
    return [
        WorkerPlan(
            name=f"gpu{number}",
            lane=Lane.HEAVY,
            resource="GPU",
            environment=(
                ("CUDA_VISIBLE_DEVICES", gpu),
                ("PXCORE_DEVICE", "cuda:0"),
                *threads,
            ),
        )
        for number, gpu in enumerate(gpus)
    ]


def _on_cpu(settings: Settings) -> list[WorkerPlan]:
    count = settings.workers or 1
    surroundings = (("CUDA_VISIBLE_DEVICES", ""), ("PXCORE_DEVICE", "cpu"), *_threads(count))
    return [
        WorkerPlan(name=f"cpu{n}", lane=Lane.HEAVY, resource="CPU", environment=surroundings)
        for n in range(count)
    ]


def _threads(workers: int) -> tuple[tuple[str, str], ...]:
    """Return thread limits that share the cores out; what the lab set itself stands.

    Threads wait without spinning: on a host that is busy with other things as well, spinning
    ones take the processor from each other, and an epoch takes many times as long.
    """
    share = str(max(1, cores() // workers))
    threads = tuple((name, os.environ.get(name, share)) for name in THREAD_VARIABLES)
    return (*threads, ("OMP_WAIT_POLICY", os.environ.get("OMP_WAIT_POLICY", "passive")))


def _gpus(settings: Settings) -> tuple[str, ...]:
    """Return the GPUs to use, as ``CUDA_VISIBLE_DEVICES`` names them."""
    if settings.device == "cpu" or not _driver_there():
        return ()
    import torch  # noqa: PLC0415 - a second of start-up that hosts without a GPU do not pay

    count = torch.cuda.device_count()
    named = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    names = [part.strip() for part in named.split(",") if part.strip()]
    gpus = tuple(names if len(names) == count else map(str, range(count)))
    if settings.device.startswith("cuda:"):
        number = int(settings.device.removeprefix("cuda:"))
        return gpus[number : number + 1]
    return gpus[: settings.workers or None]


def _driver_there() -> bool:
    """Return True when a GPU driver shows itself (``/dev/nvidia0``, ``/dev/kfd``, WSL)."""
    return any(next(Path("/dev").glob(pattern), None) for pattern in ("nvidia[0-9]*", "kfd", "dxg"))
