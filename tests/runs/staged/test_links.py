"""Links to an advice and to a plan of truly measured runs: frozen, whole, nobody's name."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from pypdf import PdfReader

from pxcore.api import Lab
from pxcore.errors import AccessError
from pxcore.store.keys import encode
from pxcore.types.panel import Constraints
from pxcore.types.people import Person, Rank, ShareRow
from pxcore.types.reports import Report
from tests.runs.staged.measured_plans import WHO, Measured, with_result

WISHES = {"panel": Constraints(margin=0.49, class_floor=0.9), "plan": None}
FILES = {
    "panel": {"bench/order_list.csv", "bench/control_list.csv", "tables/order_list.csv"},
    "plan": {
        "bench/order_list.csv",
        "bench/control_list.csv",
        "bench/run_1.csv",
        "bench/plan.json",
    },
}


@dataclass(frozen=True)
class Link:
    """A link, what it opened at first, and the report that it was made of."""

    row: ShareRow
    token: str
    opened: Report
    made: Report


@pytest.fixture(scope="module", params=["panel", "plan"])
def link(request: pytest.FixtureRequest, measured: Measured) -> Link:
    """Return a link that the owner of an advice, or of a plan, made."""
    lab = Lab(measured.store.seen_by(Person(name=WHO, rank=Rank.MEMBER, id="1")))
    kind, subject = str(request.param), measured.runs["asked"]
    if kind == "plan":
        subject = with_result(lab, measured).id
    wishes = WISHES[kind]
    row, token = lab.shares.make(kind, subject, 7, wishes)
    return Link(row, token, lab.shares.open(token), lab.reports.report(kind, subject, wishes))


@pytest.fixture
def changed(lab: Lab, measured: Measured, link: Link) -> Iterator[Report]:
    """Return the report as it has become since: cells renamed, the plan taken one step back."""
    cells = next(one for one in lab.datasets() if one.id == measured.data["final"])
    lab.edit_dataset(cells.id, "Another title altogether", cells.panel)
    if link.row.kind == "plan":
        lab.staged.undo(lab.staged.plan(link.row.subject), who=WHO)
    yield lab.reports.report(link.row.kind, link.row.subject)
    lab.edit_dataset(cells.id, cells.title, cells.panel)


def test_a_link_shows_what_was_there_with_its_wishes(link: Link) -> None:
    told, made = link.opened, link.made
    assert (told.kind, told.subject, told.verdict) == (made.kind, made.subject, made.verdict)
    assert (told.facts, told.methods) == (made.facts, made.methods)
    assert [one.title for one in told.sections] == [one.title for one in made.sections]
    assert link.row.title == told.title
    if told.kind == "panel":
        assert dict(told.facts)["Margin"].startswith("0.490")


def test_what_is_shared_stays_when_its_origin_changes(
    measured: Measured, link: Link, changed: Report
) -> None:
    assert (changed.title, changed.verdict, changed.facts) != (
        link.opened.title, link.opened.verdict, link.opened.facts,
    )  # fmt: skip
    assert Lab(measured.store).shares.open(link.token) == link.opened


def test_the_files_of_a_link_are_of_what_was_frozen_and_name_nobody(
    lab: Lab, measured: Measured, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object) -> None:
        raise AssertionError

    for name in ("raw_tables", "report"):
        monkeypatch.setattr(f"pxcore.runs.reporting.{name}", asked)
    with zipfile.ZipFile(io.BytesIO(lab.shares.archive(link.token))) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert FILES[link.row.kind] | {"report.html", "ro-crate-metadata.json"} <= set(files)
    pdf = PdfReader(io.BytesIO(files.pop("report.pdf")))
    texts = {name: content.decode("latin-1") for name, content in files.items()}
    texts["pdf"] = "".join(page.extract_text() for page in pdf.pages)
    texts["page"] = encode(link.opened)
    assert link.opened.title[:20] in texts["pdf"]  # its text can be read
    assert [name for name, text in texts.items() if "Who-Made-It" in text] == []


def test_a_revoked_link_gives_no_file(lab: Lab, link: Link) -> None:
    assert lab.shares.archive(link.token)
    lab.shares.revoke(link.row.id)
    for ask in (lab.shares.open, lab.shares.archive):
        with pytest.raises(AccessError, match="shows nothing"):
            ask(link.token)
