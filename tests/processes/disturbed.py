"""Surroundings that go wrong for real processes: a small disk, a clock that can be set."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.processes.living import wait_for

CLOCK = """
import os, time
real = time.time

def shifted():
    try:
        with open(os.environ["TEST_CLOCK"]) as told:
            return real() + float(told.read())
    except (OSError, ValueError):
        return real()

time.time = shifted
"""
"""As ``sitecustomize``: every Python process begins with it, workers too."""


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Yield ``folder`` as a disk of its own; skip where this user may not mount one."""
    folder.mkdir()
    mount = shutil.which("mount")
    if os.name != "posix" or mount is None:
        pytest.skip("there is no mount here")
    command = [mount, "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"this user may not mount a small disk: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def read_only(source: Path, place: Path) -> Iterator[Path]:
    """Yield ``place``, where ``source`` can be read and not written; skip as above."""
    place.mkdir()
    done = subprocess.run(["mount", "--bind", source, place], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("this user may not mount a folder elsewhere")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", place], check=True)
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


@dataclass(frozen=True)
class Failing:
    """A disk whose file system stops after an error, as the system's own do; see ``failing``."""

    folder: Path
    image: Path

    def stop(self) -> None:
        """Let the file system find an error: from now on it takes nothing."""
        subprocess.run(["mount", "-o", "remount,abort", self.folder], check=True)

    def mend(self) -> None:
        """Check and mount it again, as after a repair. Nobody may use it meanwhile."""
        wait_for(
            lambda: subprocess.run(["umount", self.folder], check=False).returncode == 0,
            60,
            "the disk can be taken away",
        )
        done = subprocess.run(
            ["e2fsck", "-fy", self.image], capture_output=True, text=True, check=False
        )
        assert done.returncode < 4, done.stdout
        subprocess.run(["mount", "-o", "loop", self.image, self.folder], check=True)


@contextmanager
def failing(folder: Path) -> Iterator[Failing]:
    """Yield a disk that can be stopped; skip where this user may not make one."""
    folder.mkdir()
    image = folder.with_suffix(".image")
    with image.open("wb") as stream:
        stream.truncate(64 * 2**20)
    making = ["mkfs.ext4", "-q", "-F", str(image)]
    mounting = ["mount", "-o", "loop,errors=remount-ro", str(image), str(folder)]
    for command in (making, mounting):
        if shutil.which(command[0]) is None:
            pytest.skip(f"{command[0]} is not here")
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"this user may not make a disk: {done.stderr.strip()}")
    try:
        yield Failing(folder, image)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(disk: Path) -> Path:
    """Return the file that takes the last byte of a disk."""
    ballast = disk / "ballast"
    descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with suppress(OSError):
        while True:
            os.write(descriptor, b"x" * 4096)
    os.close(descriptor)
    return ballast


def settable_clock(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file whose number of seconds every process started from now on adds to its clock.

    Processes see it in ``time.time``, as when the host's clock is set: what measures with a clock
    that never jumps goes on.
    """
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(CLOCK)
    clock = folder / "clock"
    clock.write_text("0")
    monkeypatch.setenv("TEST_CLOCK", str(clock))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), *sys.path[1:2]]))
    return clock


@contextmanager
def held(database: Path) -> Iterator[None]:
    """Hold a SQLite database as another program may: nobody else can write."""
    connection = sqlite3.connect(database, isolation_level=None, timeout=30)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()
