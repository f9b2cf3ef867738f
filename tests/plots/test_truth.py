"""Rankings held against the truth: sentences, tables, the JSON, reports and comparisons."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

import tests.example_values as ex
from pxcore.commands.terminal import result_parts
from pxcore.evaluation.comparison import Asked, column_of, compared
from pxcore.plots.compare_tables import comparison_tables
from pxcore.plots.truth import kinds, of_run, truth_found, truth_sentence, truth_table
from pxcore.reports.parts import Drawn
from pxcore.reports.run_report import run_report
from pxcore.runs.tables import tables_of
from pxcore.runs.truth_rows import truth_json
from pxcore.types import RunResult
from pxcore.types.truth import ChannelTruth

PLANTED = ChannelTruth(kind="planted", informative=(1, 2))
MEANS = ChannelTruth(kind="means", spread=(0.1, 0.9, 0.5, 0.0), inside=True)


def result(truth: ChannelTruth | None) -> RunResult:
    """Return a run whose rankings go PI, brightfield, live/dead, darkfield."""
    return replace(ex.result(), truth=truth)


def test_planted_channels_are_counted_among_the_first() -> None:
    found = result(PLANTED)
    said = truth_sentence(found, found.methods[0])
    assert said.startswith(
        "PXPermute puts 1 of the 2 planted channels among the first 2, and all among the first 4."
    )
    clear = replace(PLANTED, informative=(0, 1))
    said = truth_sentence(result(clear), found.methods[0])
    assert said.startswith("PXPermute puts all 2 planted channels among the first 2. Recall@K")
    table = truth_table(of_run(found))
    assert table.columns.tolist() == ["ranking", "Recall@2", "Recall@3", "Recall@4"]
    assert table.iloc[0].tolist() == ["PXPermute", 50.0, 50.0, 100.0]


@pytest.mark.parametrize("truth", [PLANTED, MEANS])
def test_of_models_that_guess_nothing_is_told(truth: ChannelTruth) -> None:
    guessing = replace(ex.result().methods[0], performance=ex.performance(0.35, 0.1))
    said = truth_found(result(truth), guessing)
    assert said.startswith("How PXPermute stands to what is known says nothing yet: the models")
    assert "among the first" not in said


def test_means_are_told_with_what_they_do_not_prove() -> None:
    found = result(MEANS)
    said = truth_sentence(found, found.methods[0])
    assert "mean intensities (inside the outlines, each stored image counted once) lie" in said
    assert "goes with them by +0.400" in said  # ranks 2 1 4 3 against 3 1 2 4
    assert "1 of its 2 first channels are among the 2 first of the means too: PI (DNA)." in said
    assert "This is no proof" in said
    row = truth_table(of_run(found)).iloc[0]
    assert row["Spearman's ρ"] == pytest.approx(0.4)
    assert row["shared of the 2 first"] == 1
    whole = replace(MEANS, inside=False)
    assert "(of whole images, as no outlines" in truth_sentence(result(whole), found.methods[0])
    single = replace(MEANS, single=True)
    assert "(over single cells, each inside" in truth_sentence(result(single), found.methods[0])
    for truth in (MEANS, single):
        assert truth_json(result(truth))["single"] is truth.single  # type: ignore[index]


def test_nothing_is_said_where_nothing_is_known() -> None:
    found = result(None)
    assert truth_sentence(found, found.methods[0]) == ""
    assert of_run(found) == ()
    assert truth_json(found) is None
    assert "truth" not in tables_of(found, ())


def test_tables_and_json_hold_it() -> None:
    table = tables_of(result(PLANTED), ())["truth"]
    own = table[table["method"] == "pxpermute"].set_index("measure")
    assert own["value"].tolist() == [0.5, 0.5, 1.0]
    assert own.loc["recall@2", ["training_1", "training_2", "training_3"]].tolist() == [0.5] * 3
    told = truth_json(result(MEANS))
    assert told is not None
    json.dumps(told, allow_nan=False)
    assert told["spread"] == [0.1, 0.9, 0.5, 0.0]
    assert told["methods"]["pxpermute"]["shared"] == ["PI (DNA)"]  # type: ignore[index]
    means = tables_of(result(MEANS), ())["truth"]
    assert (means["measure"] == "spread of means").sum() == 4


@pytest.mark.parametrize(
    ("truth", "title"),
    [
        (PLANTED, "What was planted, and what was found"),
        (MEANS, "Against the classes' mean intensities"),
    ],
)
def test_reports_and_the_terminal_say_it(truth: ChannelTruth, title: str) -> None:
    found = result(truth)
    drawn = Drawn(figures={}, tables=tables_of(found, ()), recreate="{}", made="2026-03-01")
    section = next(one for one in run_report(found, drawn).sections if one.title == title)
    assert truth_sentence(found, found.methods[0]) in section.paragraphs
    assert any(table.name == "against_truth" for table in section.tables)
    said = truth_found(found, found.methods[0])
    assert any(said.replace("[", "\\[") == part for part in result_parts(found))


def test_a_comparison_parts_planted_cells_from_recorded_ones() -> None:
    columns = [
        column_of(one, one.methods[0]) for one in (result(PLANTED), result(MEANS), result(None))
    ]
    assert [column.truth is None for column in columns] == [False, False, True]
    tables = comparison_tables(compared(columns, (), Asked()))
    assert len(tables["against_planted"]) == len(tables["against_means"]) == 1
    assert kinds([]) == {}
