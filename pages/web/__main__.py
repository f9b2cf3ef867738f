"""The web process as ``serve`` starts it: ``python -m pages.web --address ... --port ...``."""

from __future__ import annotations

import argparse
import os
import sys

from pages.web.application import SCRIPT, application
from pages.web.guards import known
from pxcore import logs
from pxcore.settings import Settings
from pxcore.types.addresses import is_loopback

PROXIES = "FORWARDED_ALLOW_IPS"
"""Environment variable by which uvicorn knows whose ``X-Forwarded-For`` it may believe: addresses
or networks, separated by commas. The limit on log-ins goes by the address that is told so."""


def main() -> None:
    """Serve the pages until SIGTERM."""
    options = parsed(sys.argv[1:])
    settings = Settings()
    if settings.auth == "open" and not options.open_to_network and not is_loopback(options.address):
        sys.exit(f"{options.address}: with PXCORE_AUTH=open this needs --open-to-network")
    logs.begin("web", settings.log, settings.home.expanduser() / "logs")
    names = tuple(options.name)
    os.environ.setdefault(PROXIES, "127.0.0.1")
    sys.argv[:] = [str(SCRIPT)]  # what Streamlit takes for the script that was started
    application(settings, names).run(
        config={
            "server.address": options.address,
            "server.port": options.port,
            "server.headless": True,
            "server.allowedHosts": sorted(known(names, settings.public_url)),
            "server.maxUploadSize": settings.max_upload_mb,
            "runner.postScriptGC": False,  # after each script it costs more than a small page
            "browser.gatherUsageStats": False,
            "logger.hideWelcomeMessage": True,  # which would ask another host for our address
        }
    )


def parsed(arguments: list[str]) -> argparse.Namespace:
    """Return address, port and the names by which browsers ask for this host."""
    parser = argparse.ArgumentParser(prog="pages.web", description=__doc__)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--open-to-network", action="store_true", help="without a login, too")
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--name", action="append", default=[], help="a Host that is answered")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
