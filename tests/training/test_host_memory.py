"""Free memory: the host's, or what the control groups of a container leave."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

from pxcore.training import host_memory
from pxcore.training.host_memory import free_memory, oom_kills

HOST = 10_000
UNLIMITED_V1 = 9_223_372_036_854_771_712


@pytest.fixture(autouse=True)
def _host(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = SimpleNamespace(available=HOST)
    monkeypatch.setattr(host_memory.psutil, "virtual_memory", lambda: memory)


def tree(root: Path, lines: str, groups: Mapping[str, tuple[object, int, int]]) -> Path:
    """Write ``/proc/self/cgroup`` and, by folder, (limit, usage, cached) of control groups."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(lines)
    for name, (limit, usage, cached) in groups.items():
        folder = root / "sys/fs/cgroup" / name
        folder.mkdir(parents=True, exist_ok=True)
        first = name.startswith("memory")
        (folder / ("memory.limit_in_bytes" if first else "memory.max")).write_text(f"{limit}\n")
        (folder / ("memory.usage_in_bytes" if first else "memory.current")).write_text(f"{usage}\n")
        word = "total_inactive_file" if first else "inactive_file"
        decoy = "inactive_file" if first else "total_inactive_file"
        (folder / "memory.stat").write_text(f"anon 7\n{decoy} 999\n{word} {cached}\n")
    return root


def test_a_host_without_control_groups(tmp_path: Path) -> None:
    assert free_memory(tmp_path) == HOST
    assert free_memory() > 0


@pytest.mark.parametrize(
    ("limit", "usage", "cached", "expected"),
    [
        (3000, 1000, 0, 2000),
        (3000, 2500, 1500, 2000),  # files it read are dropped for the asking
        ("max", 2500, 0, HOST),
        (90_000, 1000, 0, HOST),
        (3000, 3500, 0, 0),
    ],
)
def test_a_container_of_version_2(
    tmp_path: Path, limit: object, usage: int, cached: int, expected: int
) -> None:
    root = tree(tmp_path, "0::/\n", {".": (limit, usage, cached)})
    assert free_memory(root) == expected


def test_the_tightest_of_nested_groups(tmp_path: Path) -> None:
    groups = {
        "system.slice": (2000, 500, 0),
        "system.slice/lab.service": ("max", 400, 0),
        "other.slice": (100, 0, 0),
    }
    assert free_memory(tree(tmp_path, "0::/system.slice/lab.service\n", groups)) == 1500


def test_version_1_by_its_own_path_and_by_the_containers_top(tmp_path: Path) -> None:
    lines = "5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/docker/abc\n"
    seen = tree(tmp_path / "host", lines, {"memory/docker/abc": (4000, 1000, 200)})
    assert free_memory(seen) == 3200
    inside = tree(tmp_path / "container", lines, {"memory": (4000, 1000, 200)})
    assert free_memory(inside) == 3200
    free = tree(tmp_path / "free", lines, {"memory": (UNLIMITED_V1, 1000, 200)})
    assert free_memory(free) == HOST


def test_kills_for_lack_of_memory_are_the_kernels_count(tmp_path: Path) -> None:
    assert oom_kills(tmp_path) == 0
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/vmstat").write_text("nr_free_pages 17\noom_kill 3\noom_killer_x 9\n")
    assert oom_kills(tmp_path) == 3
    (tmp_path / "proc/vmstat").write_text("nr_free_pages 17\n")
    assert oom_kills(tmp_path) == 0
