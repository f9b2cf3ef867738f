"""Environment variables: read once, all documented."""

from __future__ import annotations

from pathlib import Path

import pytest

from pxcore.settings import Settings

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_every_setting_is_documented_with_its_own_words(name: str) -> None:
    row = next(
        (line for line in PAGE.read_text().splitlines() if f"`PXCORE_{name.upper()}`" in line), ""
    )
    assert Settings.model_fields[name].description in row
    assert row


def test_reads_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    monkeypatch.setenv("PXCORE_HOME", str(tmp_path))
    monkeypatch.setenv("PXCORE_DATA_FOLDERS", f"{tmp_path / 'a'}:{tmp_path / 'a' / '..'}")
    settings = Settings()
    assert settings.home == tmp_path
    assert settings.folders == (tmp_path / "a", tmp_path)
