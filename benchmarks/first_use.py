"""From a finished install to a read result: the demo's time, the second run's, the page's.

    python -m benchmarks.first_use

Runs ``python -m pxcore demo --no-serve`` on an empty store, the same again (everything reused),
then serves the store and opens the finished run's address by raw websocket, as a tab does.
"""

from __future__ import annotations

import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import streamlit
import torch

from pxcore.api import open_lab
from pxcore.runs.serve import ServeOptions, warmed_up, web_command
from pxcore.settings import Settings
from tests.server.wire import visit

VISITS = 7


def timed_demo(env: dict[str, str]) -> float:
    """Return the seconds of one demo without serving."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "pxcore", "demo", "--no-serve"]
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def opened(env: dict[str, str], query: str) -> list[float]:
    """Return the seconds from asking for the run's page to the end of its script, each visit."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with Path(os.devnull).open("wb") as nowhere:
        web = subprocess.Popen(
            web_command(ServeOptions(port=port)),
            env=env,
            stdout=nowhere,
            stderr=nowhere,
        )
    seconds = []
    try:
        for _ in range(300):
            with (
                suppress(OSError),
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health"),
            ):
                break
            time.sleep(0.2)
        warmed_up(f"http://127.0.0.1:{port}")
        for _ in range(VISITS):
            start = time.perf_counter()
            seen = visit(port, "run", query)
            seconds.append(time.perf_counter() - start)
            assert seen.finished, "the page did not end"
            assert seen.elements > 10, "the page drew nothing"
    finally:
        web.terminate()
        web.wait()
    return seconds


def main() -> None:
    """Print the figures as JSON lines."""
    print(
        json.dumps(
            {
                "machine": platform.machine(),
                "cores": os.cpu_count(),
                "python": platform.python_version(),
                "torch": torch.__version__,
                "streamlit": streamlit.__version__,
            }
        )
    )
    with tempfile.TemporaryDirectory() as home:
        env = os.environ | {"PXCORE_HOME": home}
        first, second = timed_demo(env), timed_demo(env)
        lab = open_lab(Settings(home=Path(home)))
        run = lab.runs()[0]
        visits = opened(env, f"run={run.id}")
        print(
            json.dumps(
                {
                    "demo_s": round(first, 1),
                    "demo_again_s": round(second, 1),
                    "page_first_s": round(visits[0], 3),
                    "page_median_s": round(sorted(visits[1:])[len(visits[1:]) // 2], 3),
                }
            )
        )


if __name__ == "__main__":
    main()
