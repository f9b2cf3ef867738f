"""Where the dashboard may listen, and processes that are kept alive."""

from __future__ import annotations

import itertools
import signal
import socket
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from pxcore.errors import AccessError, RunError
from pxcore.people import accounts
from pxcore.runs import ledger, serve, supervise
from pxcore.runs.serve import ServeOptions, check_address, web_command
from pxcore.runs.supervise import Child, Supervisor, pause, start
from pxcore.settings import Settings
from pxcore.store.home import Store
from pxcore.store.tables import runs
from pxcore.types.people import Rank
from tests.tiny_lab import tiny_dataset, tiny_spec


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "lab-pc"])
def test_the_network_is_refused_without_a_login_unless_asked_for_by_name(host: str) -> None:
    with pytest.raises(AccessError, match=r"nobody has to log in.*--open-to-network"):
        check_address(Settings(), ServeOptions(host=host))


@pytest.mark.parametrize(
    ("public", "names"),
    [("https://lab.example", ()), ("http://192.0.2.7", ()), ("", ("lab.example",))],
)
def test_a_proxy_on_this_host_is_the_network_too(public: str, names: tuple[str, ...]) -> None:
    settings = Settings(public_url=public)
    with pytest.raises(AccessError, match="nobody has to log in"):
        check_address(settings, ServeOptions(names=names))
    fine = ServeOptions(port=free_port(), names=names, open_to_network=True)
    check_address(settings, fine)
    check_address(
        Settings(public_url=public, auth="password"), replace(fine, open_to_network=False)
    )


def test_names_of_the_loopback_are_no_network() -> None:
    options = ServeOptions(port=free_port(), names=("[::1]", "localhost"))
    check_address(Settings(public_url="http://127.0.0.1:8501"), options)


def test_an_identity_provider_is_looked_at_before_the_start() -> None:
    with pytest.raises(AccessError, match="PXCORE_OIDC_METADATA_URL"):
        check_address(Settings(auth="oidc"), ServeOptions(port=free_port()))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_network_address_is_taken_when_it_is_said() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    check_address(Settings(), ServeOptions(host="0.0.0.0", port=port, open_to_network=True))
    open_options = ServeOptions(host="0.0.0.0", open_to_network=True, names=("lab.example",))
    command = web_command(open_options)
    allowed = [b for a, b in itertools.pairwise(command) if a == "--name"]
    assert "lab.example" in allowed
    assert socket.gethostname() in allowed
    loopback = web_command(ServeOptions())
    assert socket.gethostname() not in loopback


def test_a_taken_port_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(RunError, match="choose another --port"):
            check_address(Settings(), ServeOptions(port=taken.getsockname()[1]))


def test_the_address_is_one_a_browser_can_open() -> None:
    assert serve.address_of(ServeOptions()) == "http://127.0.0.1:8501"
    assert serve.address_of(ServeOptions(host="0.0.0.0", port=80)) == "http://127.0.0.1:80"
    assert serve.address_of(ServeOptions(host="::1")) == "http://[::1]:8501"


def test_others_are_told_an_address_that_they_can_use() -> None:
    everywhere = ServeOptions(host="0.0.0.0", open_to_network=True)
    told = serve.address_for_people
    assert told(Settings(), ServeOptions()) == "http://127.0.0.1:8501"
    assert told(Settings(), everywhere) == f"http://{socket.gethostname()}:8501"
    named = replace(everywhere, names=("localhost", "lab.example"))
    assert told(Settings(), named) == "http://lab.example:8501"
    assert told(Settings(public_url="https://px.example/"), named) == "https://px.example"
    assert told(Settings(), replace(everywhere, host="192.0.2.7")) == "http://192.0.2.7:8501"


def test_what_others_need_to_come_in_is_said() -> None:
    behind = Settings(auth="password", public_url="https://px.example")
    assert serve.notes(Settings(), ServeOptions()) == ()
    assert serve.notes(behind, ServeOptions()) == ()
    everywhere = ServeOptions(host="0.0.0.0", names=("lab.example",))
    names, tls = serve.notes(Settings(auth="password"), everywhere)
    assert "lab.example or " in names
    assert socket.gethostname() in names
    assert "127.0.0.1" not in names
    assert "--allow-host" in names
    assert "cross the network readable" in tls
    assert "PXCORE_PUBLIC_URL" in tls
    assert len(serve.notes(Settings(), replace(everywhere, open_to_network=True))) == 1
    (tls,) = serve.notes(Settings(auth="oidc", public_url="http://px.example"), everywhere)
    assert "readable" in tls


def test_accounts_and_private_runs_are_not_served_openly(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve.check_login(store, ServeOptions())
    run_id = ledger.submit(store, replace(tiny_spec(tiny_dataset(store)), owner="ann"))
    accounts.add(store, "Ada", Rank.ADMIN, "four words in a row")
    with store.database.writing() as connection:
        connection.execute(update(runs).where(runs.c.id == run_id).values(private=True))
    with pytest.raises(AccessError, match=r"1 account and 1 private run.*--without-login"):
        serve.check_login(store, ServeOptions())
    serve.check_login(store, ServeOptions(without_login=True))
    with_login = replace(store, settings=store.settings.model_copy(update={"auth": "password"}))
    serve.check_login(with_login, ServeOptions())
    monkeypatch.setattr(serve, "Supervisor", None)  # it does not come to that
    options = ServeOptions(port=free_port())
    with pytest.raises(AccessError, match="--without-login"):
        serve.serve(store.settings, options, print)


def test_pauses_grow_and_stay_bounded() -> None:
    pauses = [pause(n) for n in range(1, 20)]
    assert pauses == sorted(pauses)
    assert pauses[:3] == [1.0, 2.0, 4.0]
    assert pauses[-1] == 30.0


def test_a_child_that_ends_is_started_again_and_all_end_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "pause", lambda _: 0.05)
    marks = tmp_path / "marks"
    code = f"import os, time; open({str(marks)!r}, 'a').write(f'{{os.getpid()}} '); time.sleep(60)"
    started: list[float] = []
    child = Child("x", [sys.executable, "-c", code], tmp_path, lambda: started.append(1.0))
    crashing = Child("y", [sys.executable, "-c", "raise SystemExit(3)"], tmp_path)
    supervisor = Supervisor([child, crashing])
    thread = threading.Thread(target=supervisor.keep)
    thread.start()
    try:
        _wait_for(lambda: marks.exists() and marks.read_text().count(" ") == 1)
        assert child.process is not None
        child.process.kill()
        _wait_for(lambda: marks.read_text().count(" ") == 2)
    finally:
        supervisor.stop.set()
        thread.join(30)
    assert not thread.is_alive()
    assert child.process.poll() == -signal.SIGTERM
    assert len(started) == 2
    assert crashing._failures >= 1


def test_a_child_that_ignores_the_order_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "GRACE_SECONDS", 0.5)
    deaf = "import signal, time, pathlib; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    deaf += f"pathlib.Path({str(tmp_path / 'up')!r}).touch(); time.sleep(60)"
    supervisor = Supervisor([Child("deaf", [sys.executable, "-c", deaf], tmp_path)])
    thread = threading.Thread(target=supervisor.keep)
    thread.start()
    _wait_for((tmp_path / "up").exists)
    supervisor.stop.set()
    thread.join(30)
    (child,) = supervisor.children
    assert child.process is not None
    assert child.process.poll() == -signal.SIGKILL


@pytest.mark.skipif(sys.platform != "linux", reason="the parent's death is told on Linux only")
def test_a_child_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    code = (
        "import sys, os, signal, time; from pathlib import Path\n"
        "from pxcore.runs.supervise import start\n"
        "child = start([sys.executable, '-c', 'import time; time.sleep(60)'], Path('.'))\n"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    log = tmp_path / "log"
    parent = start([sys.executable, "-c", code], Path.cwd(), log)
    _wait_for(lambda: log.read_text().strip().isdecimal())
    child = int(log.read_text())
    assert _alive(child)
    parent.kill()
    parent.wait()
    _wait_for(lambda: not _alive(child))


def _alive(process_id: int) -> bool:
    try:
        status = Path(f"/proc/{process_id}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def _wait_for(condition, seconds: float = 60.0) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
