"""Files that survive a power cut: written aside, synced, renamed."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import psutil

NETWORK = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "9p", "afs", "ncpfs", "ceph"),
        *("lustre", "gpfs", "beegfs", "glusterfs", "ocfs2", "gfs2", "pvfs2", "panfs", "vboxsf"),
        *("fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.rclone", "fuse.ceph"),
        *("fuse.gcsfuse", "fuse.mfs"),
    }
)
"""File systems on which a lock or a shared memory map of one host means nothing to another."""

FREE_SPACE = "free space, then start again: finished steps are kept"


def write_atomic(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Write a file so that a reader sees the old content or the new, never a part.

    ``durable=False`` skips the sync, for progress files that may be lost with the power.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.{uuid.uuid4().hex[:8]}")
    try:
        with aside.open("wb") as stream:
            stream.write(content)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    if durable:
        sync_folder(path.parent)


def sync_tree(folder: Path) -> None:
    """Sync every file and folder below ``folder``, and itself, to disk."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            sync_folder(path)
        else:
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Sync the names in one folder to disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def file_system(path: Path) -> str:
    """Return the type of the file system that holds ``path``, such as ``ext4``; or ``""``."""
    real = path.resolve()
    mounts = {Path(part.mountpoint): part.fstype for part in psutil.disk_partitions(all=True)}
    for folder in (real, *real.parents):
        if folder in mounts:
            return str(mounts[folder]).lower()
    return ""


def is_network(fstype: str) -> bool:
    """Return True for file systems shared between hosts."""
    return fstype.lower() in NETWORK
