"""The tables of models, methods and formats as a page offers them.

The methods' table loads torch, which the web process must not. So a child process prints it
once, and the store keeps the answer under the content of the methods' own source files.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pxcore
from pxcore.data.importers import IMPORTERS
from pxcore.errors import MethodError, RunError
from pxcore.models import MODELS
from pxcore.store.files import write_atomic
from pxcore.store.home import Store
from pxcore.store.keys import decode, encode
from pxcore.types import Choice, MethodSpec

SOURCES = Path(pxcore.__file__).parent / "importance"
SECONDS = 120


def choices(store: Store, kind: str) -> tuple[Choice, ...]:
    """Return the entries of one table. Raises RunError for a kind there is not."""
    if kind == "model":
        return tuple(
            Choice(
                kind=kind,
                id=model.id,
                label=model.label,
                summary=model.summary,
                options=tuple((name, (str(value),)) for name, value in model.options),
            )
            for model in MODELS.values()
        )
    if kind == "format":
        return tuple(
            Choice(kind=kind, id=one.id, label=one.label, summary=one.summary)
            for one in IMPORTERS.values()
            if one.untrusted
        )
    if kind == "method":
        return methods(store)
    message = f"there is no table of {kind!r}; there is model, method, format"
    raise RunError(message)


def methods(store: Store) -> tuple[Choice, ...]:
    """Return the importance methods, from the store's copy when it is of this very code."""
    kept = methods_file(store)
    if not kept.is_file():
        write_atomic(kept, _printed())
        for old in store.home.glob("methods-*.json"):
            if old != kept:
                old.unlink(missing_ok=True)
    return decode(tuple[Choice, ...], kept.read_text("utf-8"))


def methods_file(store: Store) -> Path:
    """Return where the methods' table of this very code is kept."""
    digest = hashlib.sha256()
    for path in sorted(SOURCES.rglob("*.py")):
        digest.update(path.read_bytes())
    return store.home / f"methods-{digest.hexdigest()[:16]}.json"


def check_method(store: Store, method: MethodSpec) -> None:
    """Raise MethodError unless the method is there and takes these settings."""
    known = {choice.id: choice for choice in methods(store)}
    if method.id not in known:
        message = f"method {method.id!r} is not known; there is {', '.join(known)}"
        raise MethodError(message)
    offered = dict(known[method.id].options)
    for name, value in method.options:
        if name not in offered or str(value) not in offered[name]:
            takes = "; ".join(f"{key} = {' or '.join(vs)}" for key, vs in offered.items())
            message = f"method {method.id!r} has no setting {name}={value}; it takes {takes or '-'}"
            raise MethodError(message)


def main() -> None:
    """Print the methods' table as JSON: the child process's whole work."""
    from pxcore.importance.methods import METHODS  # noqa: PLC0415 - loads torch

    table = tuple(
        Choice(
            kind="method",
            id=method.id,
            label=method.label,
            summary=method.summary,
            unit=method.unit,
            options=tuple((option.name, option.choices) for option in method.options),
        )
        for method in METHODS.values()
    )
    sys.stdout.write(encode(table))


def _printed() -> bytes:
    command = [sys.executable, "-m", "pxcore.runs.choices"]
    done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603
    if done.returncode != 0:
        message = f"the table of methods cannot be read: {done.stderr.decode()[-500:]}"
        raise RunError(message)
    return done.stdout


if __name__ == "__main__":
    main()
