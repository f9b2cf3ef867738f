"""Deleting and cleaning up as a person does: two questions, one deed, told in the log."""

from __future__ import annotations

import os
import time
from contextlib import closing

import pytest
from playwright.sync_api import Page, expect

from pxcore.runs import datasets, ledger
from pxcore.settings import Settings
from pxcore.store.home import open_store
from tests.browser.conftest import Server
from tests.runs.upkeep.made_store import made_dataset, made_run

pytestmark = pytest.mark.browser


def test_a_data_set_goes_with_its_run_and_uploads_are_swept(page: Page, server: Server) -> None:
    with closing(open_store(Settings(home=server.home))) as store:
        dataset = made_dataset(store, seed=77)
        run_id = made_run(store, dataset, title="Ranked once")
        upload = store.uploads / "ann" / "left"
    upload.mkdir(parents=True)
    (upload / "cells.h5").write_bytes(b"x" * 5000)
    for path in (upload / "cells.h5", upload):
        os.utime(path, (time.time() - 3 * 86400,) * 2)

    page.goto(f"{server.address}/run?run={run_id}")
    page.get_by_role("button", name="Delete this run").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Ranked once")
    page.keyboard.press("Escape")  # nothing was said: nothing goes
    expect(dialog).to_have_count(0)

    page.goto(f"{server.address}/datasets?dataset={dataset.id}")
    page.get_by_role("button", name="Delete this data set").click()
    expect(dialog).to_contain_text("It is used by 1 run: Ranked once.")
    sure = dialog.get_by_role("button", name="Delete for good")
    expect(sure).to_be_disabled()
    dialog.get_by_text("Delete 1 run too").click()
    sure.click()
    expect(page.get_by_role("heading", name="Data sets")).to_be_visible()
    with closing(open_store(Settings(home=server.home))) as store:
        assert dataset.id not in {one.id for one in datasets.all_datasets(store)}
        assert run_id not in {one.id for one in ledger.records(store)}

    page.goto(f"{server.address}/admin?view=Clean+up")
    expect(page.get_by_text("Uploads that no import waits for: 1")).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    dialog.get_by_role("button", name="Remove for good").click()
    expect(page.get_by_text("removed")).to_be_visible()
    assert not upload.exists()

    page.get_by_text("Who did what").click()
    expect(page.get_by_text("entries")).to_be_visible()
