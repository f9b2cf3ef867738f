"""The whole lab on one host: runner and web, watched over by one process."""

from __future__ import annotations

import logging
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import pxcore
from pxcore import logs
from pxcore.errors import AccessError, RunError, StoreError
from pxcore.people.accounts import has_admin
from pxcore.people.provider_facts import check_provider
from pxcore.people.rights import kept_apart
from pxcore.runs import heart
from pxcore.runs.end_signals import stopping
from pxcore.runs.supervise import Child, Supervisor
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types.addresses import is_loopback

LOG = logging.getLogger("pxcore.serve")
APP = Path(pxcore.__file__).resolve().parents[1] / "app.py"
WARM_SECONDS, RUNNER_SECONDS = 120.0, 30.0
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on
NOBODY = (
    "nobody can log in yet: add the first administrator on this host with "
    "`python -m pxcore people add NAME --rank admin`"
)
"""Said while nobody can let others in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """Where the dashboard listens."""

    host: str = "127.0.0.1"
    port: int = 8501
    open_to_network: bool = False
    """Said by name: let everybody who reaches this host in, without a login."""
    without_login: bool = False
    """Said by name: so too where people have accounts in the store, or runs are private."""
    names: tuple[str, ...] = ()
    """Further names of this host by which browsers ask for it."""


def serve(settings: Settings, options: ServeOptions, ready: Callable[[str], None]) -> None:
    """Keep runner and web alive until SIGTERM or SIGINT; ``ready(address)`` once both answer.

    Raises AccessError as `check_address` and `check_login`, RunError when the port is taken.
    """
    check_address(settings, options)
    with closing(open_store(settings)) as store:  # its errors are told here, not in a child's log
        check_login(store, options)
        logs.begin("serve", settings.log, store.logs)
        if settings.auth == "password" and not has_admin(store):
            LOG.warning(NOBODY)
    address = address_of(options)
    told: list[bool] = []

    def warm() -> None:
        if warmed_up(address) and not told:
            told.append(True)
            wait_for_runner(settings)
            for note in notes(settings, options):
                LOG.warning(note)
            ready(address_for_people(settings, options))

    runner = Child("runner", [sys.executable, "-m", "pxcore", "runner"], APP.parent)
    web = Child("web", web_command(options), APP.parent, on_start=warm)
    with stopping() as stop:
        Supervisor([runner, web], stop).keep()


def check_address(settings: Settings, options: ServeOptions) -> None:
    """Raise AccessError or RunError when the dashboard should or can not listen there."""
    if settings.auth == "oidc":
        check_provider(settings)
    outside = _outside(settings, options)
    if settings.auth == "open" and not options.open_to_network and outside:
        message = (
            f"{outside} can be reached from the network, and with PXCORE_AUTH=open nobody "
            "has to log in. Set PXCORE_AUTH to password or oidc (docs/people.md), or say "
            "--open-to-network if everybody there may use this dashboard"
        )
        raise AccessError(message)
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((options.host, options.port))
        except OSError as error:
            message = (
                f"{options.host}:{options.port} cannot be listened on: {error.strerror or error}; "
                "choose another --port, or end what uses it"
            )
            raise RunError(message) from error


def check_login(store: Store, options: ServeOptions) -> None:
    """Raise AccessError where accounts or private runs would be open to everybody."""
    known = kept_apart(store)
    if known and store.settings.auth == "open" and not options.without_login:
        message = (
            f"this store has {known}, and with PXCORE_AUTH=open (which it is where nothing is set) "
            "everybody who reaches the dashboard would see and change everything. Start it with "
            "the settings it had, such as PXCORE_AUTH=password, or say --without-login"
        )
        raise AccessError(message)


def _outside(settings: Settings, options: ServeOptions) -> str:
    """Return what others than this host reach the dashboard by; empty for nothing.

    A proxy on this host brings the network to the loopback: its name tells.
    """
    public = urlsplit(settings.public_url).hostname or settings.public_url
    reached = (options.host, public, *options.names)
    return next((one for one in reached if one and not is_loopback(one)), "")


def address_of(options: ServeOptions) -> str:
    """Return the address for a browser on this host."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(options.host, options.host)  # noqa: S104
    bracketed = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"http://{bracketed}:{options.port}"


def address_for_people(settings: Settings, options: ServeOptions) -> str:
    """Return the address that others can use too, where the dashboard listens for them."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    if options.host not in EVERYWHERE:
        return address_of(options)
    name = next((one for one in options.names if not is_loopback(one)), socket.gethostname())
    return address_of(replace(options, host=name.strip("[]")))


def notes(settings: Settings, options: ServeOptions) -> tuple[str, ...]:
    """Return what must be known before others than this host come in, each in a sentence."""
    if not _outside(settings, options):
        return ()
    found = []
    if not settings.public_url:
        names = [name for name in _names(options) if not is_loopback(name)]
        answered = f"browsers must ask for this host as {' or '.join(names)}"
        found.append(f"{answered}; any other name or address is added with --allow-host")
    if settings.auth != "open" and not settings.public_url.startswith("https://"):
        found.append(
            "passwords and sessions cross the network readable: put a proxy with TLS in front "
            "(docs/operation.md) and name its https address in PXCORE_PUBLIC_URL"
        )
    return tuple(found)


def wait_for_runner(settings: Settings) -> None:
    """Return once the runner has said that it works; after half a minute without it, too."""
    deadline = time.monotonic() + RUNNER_SECONDS
    with suppress(StoreError), closing(open_store(settings)) as store:
        while not heart.status(store).workers and time.monotonic() < deadline:
            time.sleep(0.2)


def web_command(options: ServeOptions) -> list[str]:
    """Return how the web process is started."""
    command = [sys.executable, "-m", "pages.web"]
    command += ["--address", options.host, "--port", str(options.port)]
    if options.open_to_network:
        command.append("--open-to-network")
    for name in _names(options):
        command += ["--name", name]
    return command


def warmed_up(address: str) -> bool:
    """Return True once the web process answers: it has then run ``app.py`` once."""
    deadline = time.monotonic() + WARM_SECONDS
    while time.monotonic() < deadline:
        with suppress(urllib.error.URLError, OSError):
            url = f"{address}/_stcore/health"
            with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310
                if answer.status == 200:
                    return True
        time.sleep(0.2)
    LOG.warning("the web process at %s does not answer", address)
    return False


def _names(options: ServeOptions) -> Sequence[str]:
    names = ["localhost", "127.0.0.1", "[::1]", *options.names]
    if not is_loopback(options.host):
        names += [socket.gethostname(), socket.getfqdn()]
        if options.host not in EVERYWHERE:
            names.append(options.host)
    return list(dict.fromkeys(names))
