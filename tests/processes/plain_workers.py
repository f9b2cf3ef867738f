"""A Dask scheduler and plain workers, as a lab starts them, without our runner knowing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import MappingProxyType

from tests.processes.living import wait_for

HERE = "127.0.0.1"


class PlainCluster:
    """``dask scheduler`` and ``dask worker`` processes; none is left behind."""

    protocol = "tcp"
    """``tls``: with the certificates that Dask's settings name."""

    def __init__(self, folder: Path, port: int, host: str = HERE) -> None:
        self.folder, self.host, self.port = folder, host, port
        self.processes: list[subprocess.Popen[bytes]] = []

    @property
    def address(self) -> str:
        """What goes into PXCORE_SCHEDULER."""
        return f"{self.protocol}://{self.host}:{self.port}"

    def scheduler(self, within: Sequence[str] = ()) -> subprocess.Popen[bytes]:
        """Start the scheduler and wait until it listens; ``within``: words before its command."""
        told = self.log().count("Scheduler at:")
        options = ["--host", self.host, "--port", str(self.port), "--no-dashboard"]
        options += ["--protocol", self.protocol]
        started = self._start("scheduler", options, within, {})
        wait_for(lambda: self.log().count("Scheduler at:") > told, 120, "the scheduler to listen")
        return started

    def worker(
        self,
        name: str,
        *options: str,
        within: Sequence[str] = (),
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> subprocess.Popen[bytes]:
        """Start one worker of one thread with its nanny, as the manual says."""
        own = ["--nthreads", "1", "--name", name, "--no-dashboard", "--memory-limit", "0",
               "--death-timeout", "60", "--preload", "pxcore.runs.execute.warm"]  # fmt: skip
        return self.plain_worker(name, *own, *options, within=within, environment=environment)

    def plain_worker(
        self,
        name: str,
        *options: str,
        within: Sequence[str] = (),
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> subprocess.Popen[bytes]:
        """Start a worker with these options alone."""
        place = ["--local-directory", str(self.folder / name)]
        return self._start("worker", [self.address, *place, *options], within, environment)

    def end_all(self) -> None:
        """End what still runs."""
        for process in self.processes:
            end_at_once(process)

    def log(self) -> str:
        """Return what scheduler and workers said."""
        path = self.folder / "cluster.log"
        return path.read_text() if path.exists() else ""

    def _start(
        self, what: str, options: list[str], within: Sequence[str], environment: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        own = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PXCORE_DEVICE": "cpu",
               "PYTHONPATH": str(Path(__file__).parents[2]),
               "DASK_DISTRIBUTED__WORKER__MULTIPROCESSING_METHOD": "spawn"}  # fmt: skip
        with (self.folder / "cluster.log").open("ab") as log:
            process = subprocess.Popen(
                [*within, sys.executable, "-m", f"distributed.cli.dask_{what}", *options],
                env={**os.environ, **own, **environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.folder,
            )
        self.processes.append(process)
        return process


def end_at_once(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all that it started in its session."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def plain_cluster(folder: Path, protocol: str = "tcp") -> Iterator[PlainCluster]:
    """Yield a cluster with a scheduler and no workers."""
    with closing(socket.socket()) as probe:
        probe.bind((HERE, 0))
        cluster = PlainCluster(folder, probe.getsockname()[1])
    cluster.protocol = protocol
    try:
        cluster.scheduler()
        yield cluster
    finally:
        cluster.end_all()
