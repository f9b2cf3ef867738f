"""What the dashboard is started with: its settings, its weight, its tones."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from streamlit import config

from pxcore.plots.style import DARK, LIGHT, Theme

ROOT = Path(__file__).resolve().parents[2]
WANTED = {
    "client.showErrorDetails": "none",
    "client.disableDataExport": True,
    "server.enableXsrfProtection": True,
    "server.enableCORS": True,
    "server.enableAgentApi": False,
    "server.enableStaticServing": False,
    "browser.gatherUsageStats": False,
}


def flat(tables: dict[str, object], before: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in tables.items():
        inner = (
            flat(value, f"{before}{name}.") if isinstance(value, dict) else {before + name: value}
        )
        found |= inner
    return found


def test_every_option_is_known_and_the_guards_are_on() -> None:
    options = flat(tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text()))
    known = set(config.get_config_options())
    assert set(options) <= known
    assert {name: options.get(name) for name in WANTED} == WANTED
    assert "*" not in str(options["server.allowedHosts"])


def test_the_web_process_loads_no_torch() -> None:
    code = (
        "import sys\nimport pages.home, pages.datasets, pages.new_run, pages.run, pages.runs\n"
        "heavy = {'torch', 'matplotlib', 'distributed'} & set(sys.modules)\nsys.exit(bool(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    values = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.id)
def test_text_and_marks_stand_out(theme: Theme) -> None:
    assert contrast(theme.ink, theme.paper) > 7
    assert contrast(theme.muted, theme.paper) > 4.5
    assert all(contrast(tone, theme.paper) > 3 for tone in (theme.accent, theme.stain_free))


@pytest.mark.parametrize("id", ["light", "dark"])
def test_primary_buttons_can_be_read(id: str) -> None:
    """White on the primary colour, and the primary colour on the page as a mark."""
    page = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"][id]
    assert contrast("#FFFFFF", page["primaryColor"]) >= 4.5
    assert contrast(page["primaryColor"], page["backgroundColor"]) > 3


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.id)
def test_figures_stand_on_the_page_they_were_made_for(theme: Theme) -> None:
    page = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"][theme.id]
    assert page["backgroundColor"] == theme.paper
    assert page["textColor"] == theme.ink
