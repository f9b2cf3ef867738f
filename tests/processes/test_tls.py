"""A scheduler behind TLS, as docs/cluster.md sets it up: only who has the lab's certificate."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import dask.config
import pytest

from pxcore.errors import RunError
from pxcore.runs import cluster as clusters
from pxcore.runs import ledger
from pxcore.runs.cluster import connect
from pxcore.store.home import Store
from pxcore.types import RunState
from tests.processes.living import Runners
from tests.processes.plain_workers import plain_cluster
from tests.tiny_lab import tiny_dataset, tiny_spec

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]
DOCUMENT = Path(__file__).parents[2] / "docs" / "cluster.md"
TLS = "DASK_DISTRIBUTED__COMM__"


@pytest.fixture(autouse=True)
def _openssl() -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not on this host")


def certified(folder: Path) -> dict[str, str]:
    """Return the environment of a lab whose certificates the commands of the manual made."""
    folder.mkdir()
    text = DOCUMENT.read_text()
    commands = [line for line in text.replace("\\\n", " ").splitlines() if line[:8] == "openssl "]
    assert len(commands) == 2
    for command in commands:
        subprocess.run(command, shell=True, check=True, cwd=folder, capture_output=True)
    settings = dict(re.findall(rf"export ({TLS}\w+)=(\S+)", text))
    assert len(settings) == 8
    return {name: value.replace("/etc/pxcore", str(folder)) for name, value in settings.items()}


def as_config(environment: dict[str, str]) -> dict[str, object]:
    """Return what Dask reads from an environment, by the names of its settings."""
    names = {
        name: name.removeprefix("DASK_").lower().replace("__", ".").replace("_", "-")
        for name in environment
    }
    return {names[name]: value == "true" or value for name, value in environment.items()}


def test_a_run_by_a_scheduler_with_certificates(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, foreign = certified(tmp_path / "ours"), certified(tmp_path / "foreign")
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(clusters, "PATIENCE_SECONDS", 4.0)
    with plain_cluster(tmp_path, "tls") as plain:
        with dask.config.set(as_config(foreign)), pytest.raises(RunError, match="does not answer"):
            connect(plain.address)
        with pytest.raises(RunError, match="does not answer"):
            connect(plain.address.replace("tls", "tcp"))
        plain.worker("safe")
        monkeypatch.setenv("PXCORE_SCHEDULER", plain.address)
        run_id = ledger.submit(store, tiny_spec(tiny_dataset(store)))
        Runners(store).to_idle()
    assert ledger.record(store, run_id).state is RunState.FINISHED
    assert "tcp://" not in plain.log()


def test_what_is_lacking_here_is_named(tmp_path: Path) -> None:
    address = "tls://127.0.0.1:9"
    with pytest.raises(RunError, match=r"name no certificates; set .*docs/cluster\.md"):
        connect(address)
    with dask.config.set(as_config(certified(tmp_path / "lab"))):
        with pytest.raises(RunError, match="require encryption; give it a tls:// address"):
            connect(address.replace("tls", "tcp"))
        (tmp_path / "lab" / "node.pem").unlink()
        with pytest.raises(RunError, match="certificate in Dask's settings cannot be read"):
            connect(address)
