"""What a lab runs on: versions, database, disk."""

from __future__ import annotations

import platform
import shutil
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

import pxcore
from pxcore.store.home import Store
from pxcore.types.upkeep import HostState

PACKAGES = ("torch", "streamlit", "distributed", "sqlalchemy", "numpy", "h5py")


def host_state(store: Store) -> HostState:
    """Return versions of what matters here, the kind of database, and the disk."""
    found = [("pxcore", pxcore.__version__), ("Python", platform.python_version())]
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            found.append((name, version(name)))
    disk = shutil.disk_usage(store.home)
    return HostState(
        versions=tuple(found),
        database=store.database.engine.dialect.name,
        home=str(store.home),
        free=disk.free,
        disk=disk.total,
    )
