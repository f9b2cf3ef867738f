"""The files of ``docs/operation``: their settings exist, their parts fit each other."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from pxcore.commands.program import app
from pxcore.settings import Settings

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "operation"
UNITS = sorted(FOLDER.glob("*.service"))
TIMERS = sorted(FOLDER.glob("*.timer"))
OF_COMPOSE = {"PXCORE_DATA", "PXCORE_BACKUPS", "PXCORE_CERTIFICATE", "PXCORE_CERTIFICATE_KEY"}


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_every_setting_that_is_named_exists(path: Path) -> None:
    known = {f"PXCORE_{name.upper()}" for name in Settings.model_fields} | OF_COMPOSE
    named = set(re.findall(r"\bPXCORE_[A-Z_]+\b", path.read_text()))
    assert named <= known, f"{path.name} names {named - known}"


def test_the_values_of_the_example_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    for line in (FOLDER / "pxcore.env").read_text().splitlines():
        if "=" in line:
            name, _, value = line.lstrip("#").partition("=")
            monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.public_url.startswith("https://")
    assert settings.auth == "password"


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_a_command_that_exists(unit: Path) -> None:
    text = unit.read_text().replace("\\\n", " ")
    (start,) = re.findall(r"^ExecStart=(\S+) -m (.+)$", text, re.M)
    assert start[0] == "/opt/pxcore/.venv/bin/python"
    words = start[1].split()
    if words[0] == "pxcore":
        command = get_command(app).commands[words[1]]  # type: ignore[attr-defined]
        known = {option for one in command.params for option in one.opts}
        assert {word for word in words if word.startswith("--")} <= known
    else:
        assert (ROOT / ".venv").exists() or words[0].startswith("distributed.cli.")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd on this host")
@pytest.mark.parametrize("unit", [*UNITS, *TIMERS], ids=lambda path: path.name)
def test_systemd_understands_a_unit(unit: Path, tmp_path: Path) -> None:
    python = "/opt/pxcore/.venv/bin/python"
    for one in UNITS:  # a timer names its service
        copy = tmp_path / one.name.replace("@", "@0")
        copy.write_text(one.read_text().replace(python, shutil.which("true") or "/bin/true"))
    copy = tmp_path / unit.name.replace("@", "@0")
    if unit in TIMERS:
        copy.write_text(unit.read_text())
    done = subprocess.run(
        ["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False
    )
    told = [line for line in done.stderr.splitlines() if unit.stem.rstrip("@") in line]
    assert told == []


def test_every_unit_is_told_of_and_every_timer_starts_something() -> None:
    told = "".join((ROOT / "docs" / f"{name}.md").read_text() for name in ("operation", "cluster"))
    for unit in (*UNITS, *TIMERS):
        assert f"operation/{unit.name}" in told, unit.name
    for timer in TIMERS:
        assert timer.with_suffix(".service") in UNITS
        assert "WantedBy=timers.target" in timer.read_text()


@pytest.fixture
def compose() -> dict[str, Any]:
    return yaml.safe_load((FOLDER / "compose.yaml").read_text())


def test_compose_mounts_files_that_are_there_and_names_settings_that_are_told(
    compose: dict[str, Any],
) -> None:
    services = compose["services"]
    assert (FOLDER / services["pxcore"]["build"] / "Dockerfile").is_file()
    (conf, *_) = services["proxy"]["volumes"]
    assert (FOLDER / conf.split(":")[0]).is_file()
    example = (FOLDER / ".env.example").read_text()
    text = (FOLDER / "compose.yaml").read_text()
    for name in set(re.findall(r"\$\{([A-Z_]+)", text)):
        assert f"{name}=" in example, name
    backups = [one for one in services["pxcore"]["volumes"] if "PXCORE_BACKUPS" in one]
    assert [one.rpartition(":")[2] for one in backups] == ["/backups"]
    assert "pxcore backup /backups" in (ROOT / "docs" / "operation.md").read_text()


def test_compose_publishes_the_proxy_alone_and_believes_it_alone(compose: dict[str, Any]) -> None:
    services = compose["services"]
    dashboard, database, proxy = (services[one] for one in ("pxcore", "database", "proxy"))
    assert [port.split(":")[0] for port in proxy["ports"]] == ["80", "443"]
    assert "ports" not in dashboard | database
    assert dashboard["command"][:3] == ["serve", "--host", "0.0.0.0"]
    told = dashboard["environment"]
    assert told["PXCORE_AUTH"] == "password"
    assert told["FORWARDED_ALLOW_IPS"] == proxy["networks"]["front"]["ipv4_address"]
    subnet = ip_network(compose["networks"]["front"]["ipam"]["config"][0]["subnet"])
    for one in (dashboard, proxy):
        assert ip_address(one["networks"]["front"]["ipv4_address"]) in subnet
    assert set(database["networks"]) == {"rows"} <= set(dashboard["networks"])
    assert compose["networks"]["rows"]["internal"]
    assert "PASSWORD" not in told["PXCORE_DATABASE_URL"]  # any sign may be in it


def test_the_proxy_of_compose_asks_the_dashboard_by_name(
    compose: dict[str, Any], tmp_path: Path
) -> None:
    """Its own command makes the file, but for the folder."""
    line = compose["services"]["proxy"]["command"][-1].partition("&&")[0]
    made = tmp_path / "default.conf"
    line = line.replace("/etc/pxcore.conf", str(FOLDER / "nginx.conf"))
    line = line.replace("/etc/nginx/conf.d/default.conf", str(made))
    subprocess.run(["sh", "-c", line], check=True)
    (upstream,) = re.findall(r"upstream \w+ {\s+server (\S+);", made.read_text())
    port = compose["services"]["pxcore"]["command"][-1]
    assert upstream == f"pxcore:{port}"


def test_what_make_starts_keeps_what_it_compiled() -> None:
    """Else each of hundreds of processes compiles torch anew, for seconds."""
    shown = "shown: ; @$(BIN)/python -c 'import sys; print(sys.dont_write_bytecode)'"
    told = subprocess.run(
        ["make", "--no-print-directory", "--eval", shown, "shown", f"VENV={Path(sys.prefix)}"],
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert told.stdout.strip() == "False"


def test_the_image_copies_what_the_web_process_needs() -> None:
    text = (ROOT / "Dockerfile").read_text()
    for part in ("app.py", ".streamlit", "pages", "pxcore", "requirements.txt", "Makefile"):
        assert re.search(rf"^COPY .*\b{re.escape(part.lstrip('.'))}\b", text, re.M), part
    assert "/healthz" in text
