"""What goes to the bench: what nobody priced is not free."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

from pxcore.reports.bench import bench_files, order_table
from pxcore.types import Channel, Panel, Role

BF, CD3, CD4 = Channel(name="BF", role=Role.BRIGHTFIELD), Channel(name="CD3"), Channel(name="CD4")


def lists(panel: Panel) -> tuple[dict[str, dict[str, str]], str]:
    """Return the order list of a panel of which CD3 is in, by marker, and the page to print."""
    files = {one.name: one.text for one in bench_files(panel, (0, 1, 2), (0, 1), "Run")}
    rows = csv.DictReader(io.StringIO(files["order_list.csv"]))
    return {row["marker"]: row for row in rows}, files["run_sheet.html"]


def test_costs_that_nobody_gave_are_empty() -> None:
    found, page = lists(Panel((BF, CD3, CD4)))
    for row in found.values():
        assert {row[name] for name in ("cost_of_a_test", "cost", "cost_saved_a_test")} == {""}
    assert found["total"]["tests"] == found["CD3"]["tests"] == "2"
    assert "0.00" not in page
    table = order_table(Panel((BF, CD3, CD4)), (0, 1, 2), (0, 1))
    assert table.rows[-1][6:] == (None, None)


def test_costs_that_are_known_are_summed() -> None:
    found, page = lists(Panel((BF, replace(CD3, cost=1.5), replace(CD4, cost=4))))
    assert (found["CD3"]["cost"], found["CD3"]["cost_saved_a_test"]) == ("3.00", "0.00")
    assert (found["CD4"]["cost"], found["CD4"]["cost_saved_a_test"]) == ("0.00", "4.00")
    assert (found["total"]["cost"], found["total"]["cost_saved_a_test"]) == ("3.00", "4.00")
    assert "3.00" in page
    half, _ = lists(Panel((BF, CD3, replace(CD4, cost=4))))
    assert (half["CD3"]["cost"], half["total"]["cost_saved_a_test"]) == ("", "4.00")
