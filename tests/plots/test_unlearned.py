"""Models at chance: nothing is named, in verdicts, tables, figures and sections of a report."""

from __future__ import annotations

from dataclasses import replace

import pytest

import tests.evidence_values as ev
import tests.example_values as ex
from pxcore.plots.unlearned import why_untold, without_claims
from pxcore.types import RunResult
from tests.reports.made_reports import drawn_of, made_report

FINDINGS = (
    "interchangeable",
    "only together",
    "need imaging",
    "needs imaging",
    "amount is enough",
    "carry what nothing else",
)


def guessing(result: RunResult) -> RunResult:
    """Return the result of the same measurements, of models that guess."""
    base = ev.redundancy()
    pairs = tuple(replace(pair, only_together=True) for pair in base.pairs)
    result = replace(result, redundancy=replace(base, pairs=pairs))
    whole = tuple(
        replace(one, ranking=replace(one.ranking, small_classes=())) for one in result.methods
    )
    return replace(result, methods=whole, performance=ex.performance(0.31, 0.03))


def test_verdicts_of_models_that_guess_are_undecided_and_numbers_stay() -> None:
    before = guessing(ev.result())
    found = without_claims(before)
    assert "guessing gives about 0.333" in why_untold(found)
    for own, one in zip(before.methods, found.methods, strict=True):
        assert set(one.ranking.verdict) == {"undecided"}
        assert replace(one.ranking, verdict=own.ranking.verdict) == own.ranking
    assert found.where is not None
    assert set(found.where.verdict) == {"undecided"}
    assert found.redundancy is not None
    assert not any(one.interchangeable for one in found.redundancy.groups)
    assert not any(one.only_together for one in found.redundancy.pairs)


def test_models_that_have_learned_keep_every_verdict() -> None:
    kept = without_claims(ev.result())
    assert [one.ranking for one in kept.methods] == [one.ranking for one in ev.result().methods]
    assert kept.where == ev.where()
    assert kept.redundancy is not None
    assert kept.redundancy.groups == ev.redundancy().groups


def test_only_the_method_whose_own_models_guess_falls_silent() -> None:
    result = ev.result()
    first, *rest = result.methods
    lost = replace(first, performance=ex.performance(0.31, 0.2), model="another")
    found = without_claims(replace(result, methods=(lost, *rest)))
    assert set(found.methods[0].ranking.verdict) == {"undecided"}
    assert found.methods[1].ranking == rest[0].ranking
    assert why_untold(found) == ""


@pytest.mark.parametrize("learned", [True, False])
def test_a_report_of_models_that_guess_names_no_finding(learned: bool) -> None:
    result = without_claims(ev.result() if learned else guessing(ev.result()))
    sections = {one.title: one for one in made_report(result).sections}
    told = " ".join(
        " ".join(sections[title].paragraphs)
        for title in ("Where or how much", "Channels that say the same",
                      "Trained again without channels")
    )  # fmt: skip
    assert any(word in told for word in FINDINGS) is learned
    assert ("Nothing can be said about place or amount yet" in told) is not learned
    figures = set(drawn_of(result).figures)
    findings = {"interactions", "joint_drops", "drops_together", "where", "left_out"}
    assert (findings <= figures) is learned
    assert figures.isdisjoint(findings) is not learned
    assert "association" in figures
