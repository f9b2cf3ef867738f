"""An artifact is complete or absent, whatever happens in between."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from pxcore.errors import StoreError
from pxcore.store.artifacts import Artifacts
from pxcore.store.files import file_system, is_network, write_atomic

KEY = "ab" * 32


def test_written_read_and_named_by_key(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path)
    with artifacts.write(KEY) as folder:
        (folder / "part").mkdir()
        (folder / "part" / "a.json").write_text("{}")
        assert not artifacts.has(KEY)
    assert artifacts.has(KEY)
    assert artifacts.folder(KEY) == tmp_path / "artifacts" / "ab" / KEY
    assert (artifacts.folder(KEY) / "part" / "a.json").read_text() == "{}"
    assert artifacts.size(KEY) == 2
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_failure_while_writing_leaves_nothing(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path)
    with suppress(ValueError), artifacts.write(KEY) as folder:
        (folder / "a").write_text("half")
        raise ValueError
    assert not artifacts.has(KEY)
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_kill_while_writing_leaves_no_artifact(tmp_path: Path) -> None:
    code = (
        "import sys, os, signal; from pathlib import Path\n"
        "from pxcore.store.artifacts import Artifacts\n"
        "with Artifacts(Path(sys.argv[1])).write(sys.argv[2]) as folder:\n"
        "    (folder / 'a').write_text('half'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path), KEY], check=False)
    assert done.returncode == -signal.SIGKILL
    assert not Artifacts(tmp_path).has(KEY)


def test_two_writers_of_one_key_leave_one_whole_artifact(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path)

    def write(number: int) -> None:
        with artifacts.write(KEY) as folder:
            for name in "abc":
                (folder / name).write_text(str(number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(24)))
    texts = {(artifacts.folder(KEY) / name).read_text() for name in "abc"}
    assert len(texts) == 1
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.parametrize("bad", ["", "../" * 6 + "etc", "AB" * 32, "ab/" * 8, "ab" * 40])
def test_a_key_is_never_a_path(tmp_path: Path, bad: str) -> None:
    for use in (Artifacts(tmp_path).has, Artifacts(tmp_path).work, Artifacts(tmp_path).folder):
        with pytest.raises(StoreError, match="is not a key"):
            use(bad)


def test_a_missing_artifact_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is not in the store"):
        Artifacts(tmp_path).folder(KEY)


def test_an_atomic_write_keeps_the_old_file_on_failure(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    write_atomic(path, b"old")
    with pytest.raises(TypeError):
        write_atomic(path, "text")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert [found.name for found in tmp_path.iterdir()] == ["progress.json"]


def test_network_file_systems_are_known(tmp_path: Path) -> None:
    assert not is_network(file_system(tmp_path))
    assert all(is_network(name) for name in ("nfs4", "cifs", "NFS", "fuse.sshfs", "lustre"))
    assert not is_network("ext4")
