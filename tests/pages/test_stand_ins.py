"""What the pages are tested on has the doors of the real thing: names, parameters, answers."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from pxcore.api import Lab
from pxcore.doors.benchmark import Benchmarks
from pxcore.doors.comparing import Comparing
from pxcore.doors.imports import Imports
from pxcore.doors.panels import Panels
from pxcore.doors.people import People
from pxcore.doors.public import PublicSets
from pxcore.doors.reports import Reports
from pxcore.doors.sharing import Shares
from pxcore.doors.upkeep import Upkeep
from tests.fake_benchmark import FakeBenchmark
from tests.fake_comparing import FakeComparing
from tests.fake_imports import FakeImports
from tests.fake_lab import FakeLab
from tests.fake_panels import FakePanels
from tests.fake_people import FakePeople
from tests.fake_public import FakePublic
from tests.fake_reports import FakeReports
from tests.fake_shares import FakeShares
from tests.fake_upkeep import FakeUpkeep

PAIRS = (
    (FakeLab, Lab),
    (FakeBenchmark, Benchmarks),
    (FakeComparing, Comparing),
    (FakeImports, Imports),
    (FakePanels, Panels),
    (FakePeople, People),
    (FakePublic, PublicSets),
    (FakeReports, Reports),
    (FakeShares, Shares),
    (FakeUpkeep, Upkeep),
)
PAGES = Path(__file__).resolve().parents[2] / "pages"
CALLS = [
    pytest.param(fake, name, real, id=f"{fake.__name__}.{name}")
    for fake, real in PAIRS
    for name, found in vars(fake).items()
    if inspect.isfunction(found) and not name.startswith("_")
]


@pytest.mark.parametrize(("fake", "name", "real"), CALLS)
def test_a_stand_in_is_called_like_the_real_one(fake: type, name: str, real: type) -> None:
    mine, theirs = (inspect.signature(getattr(kind, name)) for kind in (fake, real))
    assert mine == theirs


def test_every_call_of_a_page_is_known_to_both() -> None:
    told = "".join(path.read_text(encoding="utf-8") for path in sorted(PAGES.rglob("*.py")))
    called = {name for name in re.findall(r"\blab\(\)\.(\w+)", told) if name != "clear"}
    assert len(called) > 10
    for name in sorted(called):
        assert hasattr(Lab, name), name
        assert name in dir(FakeLab()), name
