"""A Dask scheduler and plain workers, as a lab starts them, without our runner knowing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from tests.processes.living import wait_for

HERE = "127.0.0.1"


class PlainCluster:
    """``dask scheduler`` and ``dask worker`` processes; none is left behind."""

    def __init__(
        self, folder: Path, port: int, host: str = HERE, within: Sequence[str] = ()
    ) -> None:
        self.folder, self.host, self.port, self.within = folder, host, port, tuple(within)
        self.processes: list[subprocess.Popen[bytes]] = []

    @property
    def address(self) -> str:
        """What goes into PXCORE_SCHEDULER."""
        return f"tcp://{self.host}:{self.port}"

    def scheduler(self) -> subprocess.Popen[bytes]:
        """Start the scheduler and wait until it listens."""
        options = ["--host", self.host, "--port", str(self.port), "--no-dashboard"]
        started = self._start("scheduler", options, ())
        wait_for(self._listens, 90, "the scheduler to listen")
        return started

    def worker(
        self,
        name: str,
        resources: str = "CPU=1",
        environment: dict[str, str] | None = None,
        *options: str,
    ) -> subprocess.Popen[bytes]:
        """Start one worker of one thread; ``resources`` as on its command line."""
        own = ["--nthreads", "1", "--name", name, "--no-dashboard", "--memory-limit", "0",
               "--local-directory", str(self.folder / name), "--death-timeout", "60",
               *(["--resources", resources] if resources else []), *options]  # fmt: skip
        return self._start("worker", [self.address, *own], self.within, environment)

    def end_all(self) -> None:
        """End what still runs."""
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def log(self) -> str:
        return (self.folder / "cluster.log").read_text()

    def _start(
        self,
        what: str,
        options: list[str],
        within: Sequence[str],
        environment: dict[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        own = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PXCORE_DEVICE": "cpu",
               "PYTHONPATH": str(Path(__file__).parents[2])}  # fmt: skip
        with (self.folder / "cluster.log").open("ab") as log:
            process = subprocess.Popen(
                [*within, sys.executable, "-m", "distributed.cli.dask_" + what, *options],
                env=os.environ | own | (environment or {}),
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.folder,
            )
        self.processes.append(process)
        return process

    def _listens(self) -> bool:
        with closing(socket.socket()) as probe:
            probe.settimeout(1)
            return probe.connect_ex((self.host, self.port)) == 0


@contextmanager
def plain_cluster(folder: Path) -> Iterator[PlainCluster]:
    """Yield a cluster with a scheduler and no workers."""
    with closing(socket.socket()) as probe:
        probe.bind((HERE, 0))
        cluster = PlainCluster(folder, probe.getsockname()[1])
    try:
        cluster.scheduler()
        yield cluster
    finally:
        cluster.end_all()
