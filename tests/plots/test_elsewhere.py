"""No method denies what it cannot see, and no sentence of a run contradicts another."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product

import pytest

import tests.evidence_values as ev
import tests.example_values as ex
from pxcore.plots.channel_sentence import channel_sentence
from pxcore.plots.elsewhere import elsewhere
from pxcore.plots.method_words import METHODS, nothing_said
from pxcore.plots.sentence import sentence
from pxcore.types import MethodResult, RunResult, Verdict, Where

PI = 1
VALUES = {
    Verdict.INFORMATIVE: (0.5, 0.02),
    Verdict.UNDECIDED: (0.02, 0.06),
    Verdict.NEGLIGIBLE: (0.001, 0.004),
}
"""Mean and half an interval that belong to a verdict, against decoys that reach 0.02."""
ALL = list(METHODS)


def ranked(name: str, found: Verdict) -> MethodResult:
    """Return a method with this verdict on PI, the others as ever."""
    mean, spread = list(ev.MEAN), list(ev.SPREAD)
    mean[PI], spread[PI] = VALUES[found]
    made = ex.method(tuple(mean), tuple(spread), name)
    verdicts = list(made.ranking.verdict)
    verdicts[PI] = found
    ranking = replace(made.ranking, verdict=tuple(verdicts), decoy_bound=ev.BOUND)
    return replace(made, label=f"The {name}", ranking=ranking)


def run(*methods: MethodResult, where: Where | None = None) -> RunResult:
    parted = ev.where()
    verdicts = list(parted.verdict)
    if where is not None:
        verdicts[PI] = where
        parted = replace(parted, verdict=tuple(verdicts))
    return replace(
        ev.result(),
        methods=methods,
        where=parted if where is not None else None,
        redundancy=None,
        gates=(),
    )


def headline(result: RunResult) -> str:
    method = result.methods[0]
    others = [elsewhere(result, method, c) for c in range(len(result.panel))]
    return sentence(result.panel, method, result.behind(method), others)


def about(result: RunResult) -> str:
    return channel_sentence(result, result.methods[0], PI)


@pytest.mark.parametrize(
    ("name", "found", "where", "other"),
    list(product(ALL, Verdict, [None, *Where], [None, *Verdict])),
)
def test_no_sentence_contradicts_itself(
    name: str, found: Verdict, where: Where | None, other: Verdict | None
) -> None:
    """Every method x verdict x parting x what another method finds."""
    further = "occlusion" if name == "permute_cells" else "permute_cells"
    methods = [ranked(name, found), *([ranked(further, other)] if other else [])]
    result = run(*methods, where=where)
    needed = where in {Where.PLACE, Where.AMOUNT} or other is Verdict.INFORMATIVE
    for text in (about(result), headline(result)):
        assert ("negligible" in about(result)) is (found is Verdict.NEGLIGIBLE)
        assert " in all" not in text
        if "PI (DNA) is negligible" in text:
            assert name == "permute_cells"
            assert not needed
        if "place of PI (DNA) inside the cell has a negligible" in text:
            assert "where it lies" not in text.lower()
        if found is Verdict.NEGLIGIBLE:
            assert "imaging is needed" not in text
            told = "counts" in text or "finds it informative" in text
            own = where is Where.PLACE and name == "pxpermute_mask"
            own = own or (where in {Where.PLACE, Where.AMOUNT} and name == "permute_cells")
            assert told is (other is Verdict.INFORMATIVE or (needed and not own))
        else:
            assert "counts:" not in text
    assert ("is informative" in about(result)) is (found is Verdict.INFORMATIVE)
    assert ("Keep PI" in headline(result)) is (found is Verdict.INFORMATIVE)


def test_a_place_that_tells_nothing_and_an_amount_that_does() -> None:
    result = run(
        ranked("pxpermute_mask", Verdict.NEGLIGIBLE),
        ranked("permute_cells", Verdict.INFORMATIVE),
        where=Where.AMOUNT,
    )
    assert about(result) == (
        "The place of PI (DNA) inside the cell has a negligible effect: F1 falls by 0.001 (−0.003 "
        "to 0.005), surely below 0.01. But its amount counts (see The permute_cells): with another "
        "cell's picture F1 falls by 0.660 (0.620 to 0.700), rearranged inside the cell by 0.066 "
        "(0.056 to 0.076)."
    )
    assert (
        "The place of PI (DNA) inside the cell has a negligible effect (below 0.01 F1), but "
        "its amount counts (see The permute_cells)."
    ) in headline(result)


def test_another_method_is_named_without_a_parting() -> None:
    found = [ranked("permute_cells", Verdict.INFORMATIVE), ranked("shapley", Verdict.INFORMATIVE)]
    result = run(ranked("leave_one_out", Verdict.NEGLIGIBLE), *found)
    assert about(result).startswith(
        "What PI (DNA) tells beyond the other channels is negligible: trained without it,"
    )
    assert about(result).endswith("But The permute_cells and The shapley find it informative.")
    alone = run(result.methods[0])
    assert "But" not in about(alone)
    assert elsewhere(alone, alone.methods[0], PI).denies is False


def test_undecided_here_but_clear_by_another_cells_image() -> None:
    whole = ranked("permute_cells", Verdict.INFORMATIVE)
    result = run(ranked("pxpermute", Verdict.UNDECIDED), whole)
    value = "PI (DNA): undecided here, informative by The permute_cells, 0.500 (0.480 to 0.520)."
    assert value in headline(result)
    ranking = result.methods[0].ranking
    low = replace(ranking, mean=(0.0,) * len(ranking.mean))
    nothing = replace(result.methods[0], ranking=low)
    opening = "No single channel stands out by The pxpermute alone: "
    assert headline(run(nothing, whole)).startswith(opening)
    assert not re.search(r"Undecided: [^.]*PI", headline(result))
    for silent in (
        run(result.methods[0], ranked("permute_cells", Verdict.UNDECIDED)),
        run(result.methods[0], ranked("occlusion", Verdict.INFORMATIVE)),
        run(result.methods[0], replace(whole, performance=ex.performance(0.35, 0.1))),
    ):
        assert "undecided here" not in headline(silent)
        assert " alone" not in headline(silent)


def test_a_method_that_is_not_trusted_is_not_named_but_denies() -> None:
    lacking = ex.performance(mean=0.35, spread=0.1)
    first = ranked("permute_cells", Verdict.NEGLIGIBLE)
    second = ranked("shapley", Verdict.INFORMATIVE)
    silent = run(first, replace(second, performance=lacking))
    checked = run(first, ranked("occlusion", Verdict.INFORMATIVE))
    failed = replace(checked, gates=ev.gates())  # occlusion fails one
    for result in (silent, failed):
        assert about(result).startswith("Another cell's image in place of PI (DNA) has a neglig")
        assert "it informative" not in about(result)
        assert "PI (DNA) is negligible" not in headline(result)
    passed = replace(checked, gates=ev.gates(failing=False))
    assert "But The occlusion finds it informative." in about(passed)


@pytest.mark.parametrize("name", [*ALL, "something_new"])
def test_one_channel_and_many(name: str) -> None:
    one = nothing_said(name, ["CD3"], found_elsewhere=False)
    many = nothing_said(name, ["CD3", "{names}"], found_elsewhere=False)
    assert "CD3 and {names}" in many
    assert "CD3" in one
    assert "CD3 add " not in one
    assert "CD3 tell " not in one
    assert "} tells" not in many
    assert "CD3 is negligible" not in nothing_said(name, ["CD3"], found_elsewhere=True)
    assert ("CD3 is negligible" in one) is (name == "permute_cells")
    assert ("{names} are negligible" in many) is (name == "permute_cells")
