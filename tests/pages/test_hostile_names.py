"""Names are text on every page and in every file; modules in pages/ draw nothing by themselves."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import tests.evidence_values as ev
import tests.example_values as ex
from pages.parts.text import csv_bytes, file_name, md
from pxcore.types import Channel, Panel, RunState
from tests.fake_comparing import FakeComparing
from tests.fake_lab import FakeLab
from tests.fake_panels import findings
from tests.pages.conftest import markdown

Open = Callable[..., AppTest]
ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path.stem for path in (ROOT / "pages").glob("*.py") if path.stem != "__init__")
HOSTILE = (
    *ex.HOSTILE,
    ":material/home: :smile:",
    "http://evil.example @x www.evil.example",
    "a -> b",
)


def live_markup(text: str) -> list[str]:
    """Return what a Markdown reader would act on in a text that should be plain."""
    bare = re.sub(r"\\.", "", text)
    return re.findall(r"[`*_\[\]<>$#|~]|:(?=\w)|->|https?:/|www\.|@\w", bare)


def all_are_text(app: AppTest, names: Iterable[str]) -> None:
    """Check that no name stands anywhere on the page in a form that Markdown would act on."""
    for text in markdown(app):
        for name in {*names}:
            raw = " ".join(name.split())
            assert raw not in text or live_markup(raw) == [], (name, text)


@pytest.mark.parametrize("name", HOSTILE)
def test_md_leaves_nothing_for_markdown(name: str) -> None:
    escaped = md(name)
    assert live_markup(escaped) == []
    assert "\n" not in escaped


@pytest.mark.parametrize("name", ["CD4 (FITC)", "PI-A", "Live/dead", "P-CD3ζ", "BF1"])
def test_md_keeps_ordinary_names_as_typed(name: str) -> None:
    assert md(name).replace("\\", "") == name


def test_csv_cells_and_heads_are_guarded() -> None:
    table = pd.DataFrame({"=cmd": ["=1+1", "+x", "@y", " -z", "CD3"], "n": [-1, 2, 3, 4, 5]})
    lines = csv_bytes(table).decode().splitlines()
    assert lines[0] == "'=cmd,n"
    assert [line.split(",")[0] for line in lines[1:]] == ["'=1+1", "'+x", "'@y", "' -z", "CD3"]
    assert lines[1].endswith(",-1")


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\x00b", "..", "x" * 300, "=1"])
def test_file_names_are_harmless(name: str) -> None:
    assert re.fullmatch(r"[\w.-]{1,80}", file_name(name, "ranking.csv"))
    assert not file_name(name).startswith((".", "-", "="))


@pytest.mark.parametrize("shift", [0, 4])
@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("", {}),
        ("datasets", {}),
        ("datasets", {"dataset": "d1"}),
        ("new", {"dataset": "d1"}),
        ("runs", {}),
        ("run", {"run": "running"}),
        ("run", {"run": "failed"}),
        ("run", {"run": "finished"}),
        ("compare", {}),
        ("compare", {"items": "finished"}),
        ("compare", {"items": "finished", "view": "pictures"}),
        ("panel", {}),
        ("panel", {"run": "running"}),
        ("panel", {"run": "failed"}),
        ("panel", {"run": "finished"}),
        ("panel", {"run": "answered"}),
        ("published", {}),
    ],
)
def test_hostile_names_are_text_on_every_page(
    lab: FakeLab, visit: Open, page: str, query: dict[str, str], shift: int
) -> None:
    names = [HOSTILE[(i + shift) % len(HOSTILE)] for i in range(8)]
    panel = Panel(
        tuple(
            Channel(name=n, role=c.role) for n, c in zip(names[:4], ex.PANEL.channels, strict=True)
        )
    )
    classes = tuple(names[4:7])
    title = names[7]
    lab.sets = [replace(ex.dataset(panel, classes, truth=True), title=title)]
    for state in RunState:
        one = ex.progress(state)
        row = replace(one.run, title=title, dataset_title=title, owner=title, preset="fast")
        tasks = tuple(replace(task, label=title, error=title) for task in one.tasks)
        lab.progresses[state.value] = replace(one, run=row, tasks=tasks, error=title and title)
    result = ev.result(panel, classes)
    lab.finished = replace(result, run=replace(result.run, title=title, dataset_title=title))
    lab.comparing = FakeComparing({"finished": lab.finished})
    found = findings(panel, classes)
    lab.panels.found["answered"] = found
    lab.progresses["answered"] = replace(lab.progresses["finished"], spec=found.spec)
    all_are_text(visit(page, **query), names)


def test_modules_in_pages_draw_nothing_when_run() -> None:
    for path in (ROOT / "pages").glob("*.py"):
        tree = ast.parse(path.read_text())
        for node in tree.body:
            calls = isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)
            assert not calls, f"{path.name}:{node.lineno} does something when the file is run"


def test_cached_functions_take_ids_only() -> None:
    for path in (ROOT / "pages").rglob("*.py"):
        assert "cache_data" not in path.read_text(), f"{path.name}: by ids only, and measured"


@pytest.mark.parametrize("name", FILES)
def test_a_page_opened_without_the_shell_shows_nothing(full: FakeLab, name: str) -> None:
    app = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=60).run()
    assert not app.main.children
