"""The workers of this host, asked by somebody who lacks the runner's certificate.

Whoever is answered may have them run code. Another account of the host has no more than this
process has without the certificate, which lies in no file.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from distributed import SpecCluster
from distributed.core import rpc
from distributed.security import Security

from pxcore.runs.hosts import HostPlan, WorkerPlan
from pxcore.runs.local_cluster import own_certificate, start_cluster
from pxcore.runs.tasks import Lane

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SpecCluster]:
    plan = WorkerPlan(name="light", lane=Lane.LIGHT, resource="LIGHT", environment=())
    home = tmp_path_factory.mktemp("home")
    with start_cluster(home, HostPlan(device="cpu", workers=(plan,))) as started:
        yield started


def addresses(cluster: SpecCluster) -> dict[str, str]:
    nanny = cluster.workers["light"]
    return {
        "scheduler": cluster.scheduler.address,
        "nanny": nanny.address,
        "worker": nanny.worker_address,
    }


def ask(address: str, arguments: dict[str, object]) -> str:
    """Return who answers at an address."""

    async def asked() -> str:
        async with rpc(address, connection_args=arguments, timeout=3) as one:
            return str((await one.identity())["type"])

    with ThreadPoolExecutor(1) as apart:  # a browser's loop may run in this thread
        return apart.submit(lambda: asyncio.run(asyncio.wait_for(asked(), 20))).result()


def credulous(certificate: Security) -> dict[str, object]:
    """Return how somebody connects who does not mind who answers."""
    arguments: dict[str, object] = certificate.get_connection_args("client")
    context = arguments["ssl_context"]
    assert isinstance(context, ssl.SSLContext)
    context.verify_mode = ssl.CERT_NONE
    return arguments


@pytest.mark.parametrize("part", ["scheduler", "nanny", "worker"])
def test_nobody_without_the_certificate_is_answered(cluster: SpecCluster, part: str) -> None:
    address = addresses(cluster)[part]
    assert ask(address, cluster.security.get_connection_args("client")).lower() == part
    with pytest.raises(OSError):  # noqa: PT011 - whatever way the connection ends
        ask(address.replace("tls://", "tcp://"), Security().get_connection_args("client"))
    with pytest.raises(OSError):  # noqa: PT011
        ask(address, credulous(own_certificate()))


def test_the_certificate_lies_in_no_file_and_on_no_command_line(
    cluster: SpecCluster, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = cluster.security.tls_worker_key.splitlines()[1]
    for path in tmp_path_factory.getbasetemp().rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes()
    worker = Path("/proc", str(cluster.workers["light"].process.pid))
    for name in ("cmdline", "environ"):
        assert secret.encode() not in (worker / name).read_bytes()
