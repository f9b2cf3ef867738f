"""A child process that may load torch, so that the web process need not."""

from __future__ import annotations

import subprocess
import sys

from pxcore.errors import MethodError


def run_child(module: str, words: tuple[str, ...], request: str, what: str, seconds: int) -> None:
    """Run a module of ours with ``request`` on its stdin, until it ends.

    ``what``: what it makes, for the message. Raises MethodError with the child's last line when
    it fails, or when it takes longer than ``seconds``.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", module, *words],
            input=request.encode(),
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        message = f"{what} cannot be drawn: it took longer than {seconds} s"
        raise MethodError(message) from error
    if done.returncode != 0:
        told = done.stderr.decode(errors="replace").strip().splitlines()
        message = f"{what} cannot be drawn: {told[-1] if told else done.returncode}"
        raise MethodError(message)
