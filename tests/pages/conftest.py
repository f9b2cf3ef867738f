"""Pages on a lab in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

import tests.example_values as ex
from pages.parts import figures, session
from pxcore.types import RunState
from tests.fake_lab import FakeLab

APP = Path(__file__).resolve().parents[2] / "app.py"
ENTRY = f"import runpy\nrunpy.run_path({str(APP)!r}, run_name='__main__')\n"
Open = Callable[..., AppTest]


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeLab]:
    """Return an empty lab that the pages open."""
    fake = FakeLab()
    session.door.clear()
    monkeypatch.setattr(session, "open_lab", lambda: fake)
    yield fake
    session.door.clear()
    figures.forget()


@pytest.fixture
def full(lab: FakeLab) -> FakeLab:
    """Return a lab with a data set and a run in every state."""
    lab.sets = [ex.dataset(truth=True)]
    lab.progresses = {state.value: ex.progress(state) for state in RunState}
    lab.finished = ex.result()
    return lab


@pytest.fixture
def visit() -> Open:
    """Return a function that opens a page with an address, as a browser would."""

    def open_page(page: str = "", **query: str) -> AppTest:
        # Not from_file: beside app.py lies pages/, and Streamlit would run a file of that name.
        app = AppTest.from_string(ENTRY, default_timeout=60)
        if page:
            app._page_hash = calc_hash(page)  # as st.Page makes it from url_path
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception, [one.value for one in app.exception]
        return app

    return open_page


def words(app: AppTest) -> str:
    """Return everything that can be read on the page."""
    kinds = ("title", "subheader", "markdown", "caption", "error", "warning", "info")
    found = [str(one.value) for kind in kinds for one in getattr(app, kind)]
    found += [one.label for one in (*app.button, *app.expander, *app.download_button)]
    found += [one.proto.label for one in app.get("page_link")]
    return "\n".join(found).replace("\\", "").replace("\u00a0", " ")


def markdown(app: AppTest) -> list[str]:
    """Return every text on the page that the browser reads as Markdown: labels and helps too."""
    kinds = ("title", "subheader", "markdown", "caption", "error", "warning", "info")
    found = [str(one.value) for kind in kinds for one in getattr(app, kind)]
    found += [one.proto.label for one in app.get("page_link")]
    found += [str(cell) for one in app.table for cell in one.value.to_numpy().ravel()]
    widgets = ("button", "checkbox", "download_button", "expander", "multiselect", "number_input",
               "segmented_control", "selectbox", "text_input", "toggle")  # fmt: skip
    for kind in widgets:
        for one in getattr(app, kind):
            found += [one.label, str(getattr(one.proto, "help", ""))]
            found += one.options if kind == "segmented_control" else []
    return found
