"""nginx with ``docs/operation/nginx.conf`` as it is written, before whatever a test puts there."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

CONF = Path(__file__).resolve().parents[2] / "docs" / "operation" / "nginx.conf"
NAME = "pxcore.lab.example"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
NEEDS_NGINX = pytest.mark.skipif(
    NGINX is None, reason="no nginx on this host; `make system` installs it"
)


@dataclass(frozen=True)
class Proxy:
    """nginx as it runs here."""

    tls: int
    plain: int
    folder: Path

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.folder / "pxcore.pem"))

    def ask(self, method: str, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of one request through TLS."""
        bare = socket.create_connection(("127.0.0.1", self.tls), timeout=60)
        wire = http.client.HTTPSConnection(NAME, context=self.context(), timeout=60)
        wire.sock = self.context().wrap_socket(bare, server_hostname=NAME)
        try:
            wire.putrequest(method, path, skip_host="Host" in headers)
            for name, value in headers.items():
                wire.putheader(name.replace("_", "-"), value)
            wire.endheaders()
            got = wire.getresponse()
            return got.status, {k.lower(): v for k, v in got.getheaders()}, got.read()
        finally:
            wire.close()


@contextmanager
def proxied(folder: Path, behind: int) -> Iterator[Proxy]:
    """Run nginx with a certificate of its own before the port ``behind``."""
    tls, plain = free_port(), free_port()
    certificate(folder)
    with running(folder, behind, tls, plain):
        yield Proxy(tls, plain, folder)


@contextmanager
def running(folder: Path, behind: int, tls: int, plain: int) -> Iterator[None]:
    """Run nginx with the file as it is written, but for ports and folders."""
    lines = CONF.read_text().splitlines(keepends=True)
    text = "".join(line for line in lines if "listen [::]" not in line)
    for written, here in (
        ("127.0.0.1:8501", f"127.0.0.1:{behind}"),
        ("listen 443", f"listen 127.0.0.1:{tls}"),
        ("listen 80", f"listen 127.0.0.1:{plain}"),
        ("/etc/ssl/certs", str(folder)),
        ("/etc/ssl/private", str(folder)),
        ("/var/log/nginx", str(folder)),
    ):
        assert written in text
        text = text.replace(written, here)
    (folder / "pxcore.conf").write_text(text)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    folders = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    user = "user root root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; pid {folder}/pid; error_log stderr;"
        f"events {{}} http {{ {folders} include {folder}/pxcore.conf; }}"
    )
    command = [str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with (folder / "nginx.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_for_port(tls, process, folder / "nginx.log")
        yield
    finally:
        process.terminate()
        process.wait(30)


def certificate(folder: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}",
         "-keyout", str(folder / "pxcore.key"), "-out", str(folder / "pxcore.pem")],
        check=True, capture_output=True,
    )  # fmt: skip


def wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(f"nginx does not run:\n{log.read_text()}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
