"""Messages of Dask while the clock is set, in a process of their own: it is changed whole."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import asyncio, sys, time

real, shift = time.time, 0.0
time.time = lambda: real() + shift

from distributed.batched import BatchedSend
from tornado.ioloop import IOLoop, PeriodicCallback

from pxcore.runs.steady import keep_steady

sent, calls = [], []


class Comm:
    def closed(self):
        return False

    async def write(self, payload, **_):
        sent.extend(payload)
        return 1


async def main():
    global shift
    if "steady" in sys.argv:
        keep_steady()
        keep_steady()
    messages = BatchedSend(interval="200ms", loop=IOLoop.current())
    messages.start(Comm())
    regular = PeriodicCallback(lambda: calls.append(1), 20)
    regular.start()
    messages.send("before")
    await asyncio.sleep(0.1)
    shift = float(sys.argv[1])
    there = len(calls)
    messages.send("after")
    await asyncio.sleep(0.6)
    print(*sent, len(calls) - there > 5)


asyncio.run(main())
"""


def said(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize("shift", ["-86400", "86400"])
def test_messages_and_regular_calls_go_on_when_the_clock_is_set(shift: str) -> None:
    assert said(shift, "steady") == "before after True"


def test_without_it_they_wait_for_the_clock() -> None:
    """What the module is for. Should Dask mend it one day, the module can go."""
    assert said("-86400") == "before False"
