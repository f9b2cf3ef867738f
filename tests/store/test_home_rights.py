"""Who may look into a store's folder: its owner, a group that shares it, never everybody."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from pxcore import logs
from pxcore.errors import StoreError
from pxcore.settings import Settings
from pxcore.store.home import open_store


@pytest.fixture(autouse=True)
def _usual_mask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)


def opened(home: Path, auth: str) -> int:
    open_store(Settings(home=home, auth=auth)).close()  # type: ignore[arg-type]
    return mode(home)


@pytest.mark.parametrize("auth", ["open", "password"])
def test_a_new_store_is_its_owners(tmp_path: Path, auth: str) -> None:
    assert opened(tmp_path / "above" / "home", auth) == 0o700
    assert mode(tmp_path / "above") == 0o755


def test_a_store_that_its_log_made_is_its_owners_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The web and the runner write their first line before they open the store."""
    monkeypatch.setattr(logs.logging.root, "handlers", [])
    logs.begin("web", folder=tmp_path / "home" / "logs")
    logs.logging.root.handlers[-1].close()
    assert mode(tmp_path / "home") == 0o700


@pytest.mark.parametrize(
    ("before", "auth", "after"),
    [
        (0o755, "password", 0o750),
        (0o755, "oidc", 0o750),
        (0o2771, "password", 0o2770),
        (0o770, "password", 0o770),
        (0o700, "oidc", 0o700),
        (0o755, "open", 0o755),
    ],
)
def test_one_that_is_there_is_closed_where_people_log_in(
    tmp_path: Path, before: int, auth: str, after: int
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(before)
    assert opened(home, auth) == after


@pytest.mark.parametrize("error", [PermissionError, None])
def test_one_that_cannot_be_closed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[OSError] | None
) -> None:
    """Another account's, or on a disk that takes no rights and says nothing."""
    home = tmp_path / "home"
    home.mkdir(mode=0o755)

    def keep(_path: Path, _mode: int) -> None:
        if error is not None:
            raise error

    monkeypatch.setattr(Path, "chmod", keep)
    with pytest.raises(StoreError, match=r"every account .* mode 755\).* expected mode 700"):
        opened(home, "password")
    assert list(home.iterdir()) == []
