"""Does a run survive the loss of any process? Random SIGKILLs over complete runs, counted.

    python -m benchmarks.faults --kills 100 --out faults.jsonl

Each round serves an empty store, imports cells, carries out one run with every kind of step and
kills processes of it at random; at the end every number is compared with an undisturbed round.
A line of JSON a round is written at once, and rounds that are there count: started again, the
campaign goes on. ``--report`` only counts. See ``docs/reliability.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import torch

from benchmarks.parts.fault_family import ROOT, VICTIMS
from benchmarks.parts.fault_round import Round

Record = dict[str, object]


def main() -> None:
    """Play what is missing, then count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="at least so many in all")
    parser.add_argument("--most", type=int, default=20, help="kills a round; at least half of it")
    parser.add_argument("--pause", type=float, default=6.0, help="longest pause between two, s")
    parser.add_argument("--kinds", nargs="*", default=list(VICTIMS), choices=list(VICTIMS))
    parser.add_argument("--out", type=Path, default=Path("faults.jsonl"))
    parser.add_argument("--port", type=int, default=0, help="of the dashboard; 0: any")
    parser.add_argument("--keep", type=Path, default=None, help="where stores with faults are kept")
    parser.add_argument("--report", action="store_true", help="count what is there, kill nothing")
    asked = parser.parse_args()
    commit = _commit()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended; what is finished counts"))
    if not asked.report:
        _play(asked, commit)
    _say(f"{platform.machine()}, {os.cpu_count()} cores, one thread; torch {torch.__version__}, "
         f"Python {platform.python_version()}, commit {commit}")  # fmt: skip
    records = _read(asked.out)
    _say(report([one for one in records if one["commit"] == commit]))
    others = sum(len(_list(one, "kills")) for one in records if one["commit"] != commit)
    if others:
        _say(f"\nNot counted: {others} kills in rounds of other commits.")


def report(records: list[Record]) -> str:
    """Return the counts as Markdown."""
    quiet = [one for one in records if not _list(one, "kills")]
    rounds = [one for one in records if _list(one, "kills")]
    kills = [kill for one in rounds for kill in _list(one, "kills")]
    lines = ["", "| killed | times | median seconds until pages answered and work went on |"]
    lines += ["| --- | --- | --- |"]
    for kind, number in Counter(kill["kind"] for kill in kills).most_common():
        back = [kill["back"] for kill in kills if kill["kind"] == kind and "back" in kill]
        lines.append(f"| {kind} | {number} | {f'{statistics.median(back):.1f}' if back else ''} |")
    equal = sum(bool(one["equal"]) for one in rounds)
    lines += [
        "",
        f"{len(kills)} kills in {len(rounds)} runs; finished: "
        f"{sum(one['state'] == 'finished' for one in rounds)}; every number equal to the "
        f"undisturbed run: {equal}; with something lost, double or left over: "
        f"{sum(bool(_list(one, 'problems')) for one in rounds)}.",
    ]
    if rounds and quiet:
        steps = {one.get("steps") for one in rounds + quiet}
        lines.append(
            f"Steps a run: {', '.join(map(str, sorted(map(str, steps))))}; seconds: "
            f"{quiet[0]['seconds']} undisturbed, median "
            f"{statistics.median([float(str(one['seconds'])) for one in rounds]):.0f} with kills; "
            f"imports asked for again: {sum(int(str(one['imports_again'])) for one in rounds)}; "
            f"steps carried out twice: {sum(int(str(one['twice'])) for one in rounds)} of "
            f"{sum(int(str(one.get('steps', 0))) for one in rounds)}."
        )
    for one in rounds:
        lines += [f"- round {one['seed']}: {problem}" for problem in _list(one, "problems")]
        if not one["equal"]:
            lines.append(f"- round {one['seed']}: different: {one['different']}")
    return "\n".join(lines)


def _play(asked: argparse.Namespace, commit: str) -> None:
    """Play rounds of this commit until there are enough kills; first an undisturbed one."""
    torch.set_num_threads(1)
    while True:
        own = [one for one in _read(asked.out) if one["commit"] == commit]
        quiet = next((one for one in own if not _list(one, "kills")), None)
        if quiet and sum(len(_list(one, "kills")) for one in own) >= asked.kills:
            return
        seed = max((int(str(one["seed"])) for one in _read(asked.out)), default=-1) + 1
        rng = random.Random(seed)
        number = rng.randint(max(1, asked.most // 2), asked.most) if quiet else 0
        _say(f"round {seed}: {number} kills, {time.strftime('%H:%M:%S')}")
        home = Path(tempfile.mkdtemp(prefix="faults-")) / "home"
        playing = Round(
            home, rng, number, kinds=tuple(asked.kinds), pause=asked.pause, port=asked.port
        )
        found = playing.play(_say)
        _write(asked.out, {"commit": commit, "seed": seed, **_compared(found, quiet)})
        if found["problems"] and asked.keep is not None:
            asked.keep.mkdir(parents=True, exist_ok=True)
            shutil.move(home, asked.keep / f"round-{seed}")
        shutil.rmtree(home.parent, ignore_errors=True)


def _compared(found: Record, quiet: Record | None) -> Record:
    """Return a round's record with how its results compare to the undisturbed round's."""
    if quiet is None:
        return {**found, "equal": True, "different": []}
    own, expected = found.pop("digests"), quiet["digests"]
    assert isinstance(own, dict)
    assert isinstance(expected, dict)
    different = [n for n in sorted({*own, *expected}) if own.get(n) != expected.get(n)]
    return {**found, "equal": not different, "different": different[:10]}


def _commit() -> str:
    """Return the commit of this checkout, marked when files differ from it."""
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip() or "unknown"


def _read(path: Path) -> list[Record]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _write(path: Path, record: Record) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def _list(record: Record, name: str) -> list[dict[str, object]]:
    found = record.get(name, [])
    assert isinstance(found, list)
    return found


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
