"""Memory that runs out: an allocation that fails, and a process that the kernel kills."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pxcore.runs.execute import memory
from pxcore.runs.execute.memory import MARK, with_smaller_batches
from pxcore.runs.failures import classify, out_of_memory
from pxcore.runs.work import CHECKPOINT, TaskWork, read_log

CPU = "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory"

HUNGRY = """
import resource, sys
from pathlib import Path
import psutil, torch
from pxcore.runs.execute.memory import with_smaller_batches
from pxcore.runs.work import TaskWork
torch.set_num_threads(1)
layer = torch.nn.Conv2d(3, 16, 3)

def attempt(size):
    return float(layer(torch.ones(size, 3, 64, 64)).sum().detach())  # 0.3 MB a cell

attempt(8)
own = psutil.Process().memory_info().vms
resource.setrlimit(resource.RLIMIT_AS, (own + 2**26, -1))
_, size = with_smaller_batches(attempt, 4096, TaskWork(Path(sys.argv[1])))
print(size)
"""

FORK = multiprocessing.get_context("fork")


def killed(folder: Path) -> int:
    """Return how a process ends that is killed in its first attempt."""
    process = FORK.Process(target=_dying, args=(folder,))
    process.start()
    process.join(60)
    return process.exitcode or 0


def _dying(folder: Path) -> None:
    work = TaskWork(folder)
    assert work.checkpoint
    with_smaller_batches(lambda _size: os.kill(os.getpid(), signal.SIGKILL), 64, work)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (RuntimeError(CPU), "out of memory"),
        (RuntimeError("CUDA error: out of memory"), "out of memory"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"), "out of memory"),
        (MemoryError(), "out of memory"),
        (OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), "out of memory"),
        (RuntimeError("shapes cannot be multiplied"), "defect"),
        (OSError(errno.EIO, "Input/output error"), "defect"),
    ],
)
def test_every_way_of_saying_so_is_known(error: Exception, kind: str) -> None:
    failure = classify(error)
    assert failure
    assert failure.error_class == kind
    assert out_of_memory(error) is (kind == "out of memory")


def test_a_processor_short_of_memory_takes_smaller_batches(tmp_path: Path) -> None:
    """A limit on the address space stands for the memory: the process's own allocations fail."""
    command = [sys.executable, "-c", HUNGRY, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert 8 <= int(done.stdout) < 4096
    assert f"trying again with {int(done.stdout)} a batch" in read_log(tmp_path)
    assert not (tmp_path / MARK).exists()


def test_only_a_kernel_short_of_memory_halves_after_a_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The numbers of a run must not depend on who was killed: any other kill changes nothing."""
    work = TaskWork(tmp_path)
    assert killed(tmp_path) == -signal.SIGKILL
    assert (tmp_path / MARK).exists()
    assert with_smaller_batches(lambda size: size, 64, work) == (64, 64)
    assert (tmp_path / CHECKPOINT).exists()
    assert not (tmp_path / MARK).exists()

    assert killed(tmp_path) == -signal.SIGKILL
    real = memory.oom_kills()
    monkeypatch.setattr(memory, "oom_kills", lambda: real + 1)
    assert with_smaller_batches(lambda size: size, 64, work) == (32, 32)
    assert not (tmp_path / CHECKPOINT).exists()
    assert "was killed at 64 a batch" in read_log(tmp_path)
    assert with_smaller_batches(lambda size: size, 64, work) == (64, 64)  # the mark has gone

    assert killed(tmp_path) == -signal.SIGKILL
    monkeypatch.setattr(memory, "host_name", lambda: "another")
    assert with_smaller_batches(lambda size: size, 64, work) == (64, 64)


def test_a_mark_that_cannot_be_read_changes_nothing(tmp_path: Path) -> None:
    for content in (b"", b"{}", b"[1]", b"\xff"):
        (tmp_path / MARK).write_bytes(content)
        assert with_smaller_batches(lambda size: size, 64, TaskWork(tmp_path)) == (64, 64)


def test_errors_end_an_attempt_in_order(tmp_path: Path) -> None:
    def broken(_: int) -> None:
        message = "shapes"
        raise RuntimeError(message)

    with pytest.raises(RuntimeError, match="shapes"):
        with_smaller_batches(broken, 64, TaskWork(tmp_path))
    assert not (tmp_path / MARK).exists()
