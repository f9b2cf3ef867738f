"""The house rules that no other checker knows."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from typer.main import get_command

from pxcore.clustering.fit import VARIANTS
from pxcore.commands.program import app
from pxcore.data.importers import IMPORTERS
from pxcore.importance.methods import METHODS
from pxcore.models import MODELS
from pxcore.models.autoencoders import AUTOENCODERS
from pxcore.runs.presets import PRESETS

ROOT = Path(__file__).parents[1]
CODE = [ROOT / "app.py", *ROOT.glob("pages/**/*.py"), *ROOT.glob("pxcore/**/*.py")]
DOCS = ROOT / "docs"


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_short_enough_to_read_at_once(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_imports_the_app_and_nothing_is_pickled(path: Path) -> None:
    assert not imported(path) & {"app", "joblib", "dill", "cloudpickle"}
    text = path.read_text()
    assert not re.search(r"pickle\.(loads?|dumps?|Unpickler|Pickler)\b", text)
    for call in re.findall(r"torch\.load\([^)]*\)", text, re.S):
        assert "weights_only=True" in call


def test_pages_know_the_core_only_by_its_door() -> None:
    allowed = {"pxcore.api", "pxcore.types", "pxcore.errors"}
    for path in ROOT.glob("pages/**/*.py"):
        core = {name for name in imported(path) if name.startswith("pxcore")}
        setting_up = (
            {"pxcore", "pxcore.logs", "pxcore.settings"} if path.parent.name == "web" else set()
        )
        strange = {
            name
            for name in core - allowed - setting_up
            if not name.startswith(("pxcore.plots", "pxcore.types"))
        }
        assert not strange, f"{path.name} imports {strange}"


@pytest.mark.parametrize(
    ("page", "table"),
    [
        ("formats", IMPORTERS),
        ("methods", METHODS),
        ("models", MODELS),
        ("models", PRESETS),
        ("unlabelled", AUTOENCODERS),
        ("unlabelled", VARIANTS),
    ],
    ids=["importers", "methods", "models", "presets", "autoencoders", "clustering"],
)
def test_every_entry_of_every_table_is_documented(page: str, table: object) -> None:
    text = (DOCS / f"{page}.md").read_text()
    for name in table:  # type: ignore[attr-defined]
        assert re.search(rf"^(## |\| )`{name}`", text, re.M), f"docs/{page}.md lacks {name}"


def test_every_command_and_its_options_are_documented() -> None:
    text = (DOCS / "command_line.md").read_text()
    commands = get_command(app).commands  # type: ignore[attr-defined]
    for name, command in commands.items():
        assert f"## `{name}`" in text
        section = text.split(f"## `{name}`")[1].split("\n## ")[0]
        below = getattr(command, "commands", {})
        for inner in below:
            assert f"`{name} {inner}" in section, f"{name} {inner} is not documented"
        for option in [*command.params, *(p for one in below.values() for p in one.params)]:
            for word in option.opts:
                if word.startswith("--") and word != "--help":
                    assert f"`{word}" in section, f"{name} {word} is not documented"


def test_no_link_in_the_documents_is_dead() -> None:
    for page in [ROOT / "README.md", *DOCS.glob("**/*.md")]:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page.name} links to {target}"
