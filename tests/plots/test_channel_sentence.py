"""One channel in one or two sentences: quotable, with its numbers, and never too much."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

import tests.evidence_values as ev
import tests.example_values as ex
from pxcore.plots.channel_sentence import channel_sentence
from pxcore.plots.verdicts import MEANING, SMALL, WORDS, yardstick
from pxcore.types import Interval, MethodResult, Ranking, RunResult, Verdict, Where

BF, PI, SSC, LIVE, DECOY = range(5)


def bare() -> RunResult:
    """A run with decoys and nothing else beside its ranking."""
    return replace(ev.result(), where=None, redundancy=None, gates=(), leakage=None, left_out=())


def said(result: RunResult, c: int, method: MethodResult | None = None) -> str:
    return channel_sentence(result, result.methods[0] if method is None else method, c)


def quiet(ranking: Ranking) -> Ranking:
    return replace(ranking, small_classes=())


def without_small(result: RunResult) -> RunResult:
    return replace(
        result,
        methods=tuple(replace(m, ranking=quiet(m.ranking)) for m in result.methods),
    )


def judged(ranking: Ranking, c: int, found: Verdict) -> Ranking:
    verdicts = list(ranking.verdict)
    verdicts[c] = found
    return replace(ranking, verdict=tuple(verdicts))


def test_verdicts_with_reason_and_numbers() -> None:
    result = without_small(bare())
    assert said(result, PI) == (
        "PI (DNA) is informative: when its pixels are scattered over the picture, F1 falls by "
        "0.660 (0.620 to 0.700), and the decoys reach 0.020 at most."
    )
    assert said(result, SSC) == (
        "Scattering the pixels of Darkfield (SSC) over the picture has a negligible effect: F1 "
        "falls by 0.001 (−0.003 to 0.005), surely below 0.01."
    )
    assert said(result, LIVE) == (
        "Live/dead is undecided: when its pixels are scattered over the picture, F1 falls by 0.020 "
        "(−0.040 to 0.080), which does not lie above the decoys (up to 0.020)."
    )
    assert said(result, DECOY).startswith("decoy: empty is a made channel that knows nothing")


def test_without_decoys_that_is_said_beside_the_verdict() -> None:
    result = without_small(ex.result())
    text = said(result, PI)
    assert "is informative" in text
    assert "no decoys to compare with" in text
    assert "does not lie above zero" in said(result, LIVE)


def test_attributions_need_decoys() -> None:
    result = without_small(bare())
    lrp = result.methods[2]
    assert "its relevance (lrp) is 0.660" in said(result, PI, lrp)
    assert "F1" not in said(result, PI, lrp)
    alone = replace(
        lrp, ranking=judged(replace(lrp.ranking, decoy_bound=None), PI, Verdict.UNDECIDED)
    )
    assert "without decoys nothing tells how large that is" in said(result, PI, alone)


def test_undecided_says_why() -> None:
    result = without_small(bare())
    method = result.methods[0]
    few = replace(method, ranking=judged(method.ranking, PI, Verdict.UNDECIDED))
    assert "too few cells stand behind it" in said(result, PI, few)
    one = replace(few, ranking=replace(few.ranking, folds=few.ranking.folds[:1]))
    assert "one training says nothing about another" in said(result, PI, one)


def test_place_or_amount() -> None:
    result = without_small(replace(bare(), where=ev.where()))
    assert said(result, BF).endswith(
        "Where it lies matters, so imaging is needed: with another cell's picture F1 falls by "
        "0.240 (0.200 to 0.280), rearranged inside the cell by 0.192 (0.182 to 0.202)."
    )
    assert "Its amount is most of what it tells, which ordinary flow" in said(result, PI)
    assert said(result, SSC).count(".") == said(without_small(bare()), SSC).count(".")
    assert "place or its amount" not in said(result, LIVE)
    verdicts = (Where.UNDECIDED,) * 6
    open_ = replace(result, where=replace(ev.where(), verdict=verdicts))
    assert "Whether its place or its amount counts is undecided" in said(open_, PI)
    assert "place" not in said(open_, LIVE)


def test_what_a_loss_costs_is_one_number() -> None:
    """All repeats of the ranking, not the few that joint drops share."""
    whole = replace(ev.method(), method="permute_cells", label="Permutation across cells")
    result = replace(bare(), methods=(whole, ev.method()), redundancy=ev.redundancy())
    result = without_small(result)
    text = said(result, LIVE)
    assert "with another cell's image in its place F1 falls by 0.020 (−0.040 to 0.080)" in text
    assert "Lost together with PI (DNA) it costs 0.700 (0.650 to 0.750): keep one of" in text
    assert "0.010" not in text
    other = said(result, LIVE, result.methods[1]).replace("Its", "its")
    assert "its loss alone costs 0.020 (−0.040 to 0.080), together with PI (DNA) 0.7" in other
    parted = replace(result, where=ev.where())
    text = said(parted, PI, result.methods[1])
    assert "lost together with Live/dead it costs 0.700" in text.replace("Lost", "lost")
    assert "alone" not in text


def test_keep_one_of_a_group() -> None:
    result = without_small(replace(bare(), redundancy=ev.redundancy()))
    assert said(result, LIVE).endswith(
        "Its loss alone costs 0.010 (−0.010 to 0.030), together with PI (DNA) 0.700 (0.650 to "
        "0.750): keep one of {Live/dead, PI (DNA)}."
    )
    (group,) = ev.redundancy().groups
    beyond = replace(group, beyond=(ex.interval(0.001, 0.004), ex.interval(0.002, 0.003)))
    told = replace(result, redundancy=replace(ev.redundancy(), groups=(beyond,)))
    assert "beyond what they share it adds 0.002 (−0.001 to 0.005): keep one" in said(told, LIVE)
    doubtful = replace(group, interchangeable=False)
    open_ = replace(result, redundancy=replace(ev.redundancy(), groups=(doubtful,)))
    assert "keep one" not in said(open_, LIVE)
    assert "they look alike, but one is not shown to be enough" in said(open_, LIVE)
    assert "alike" not in said(result, BF)


def test_only_together_is_said_of_those_alone() -> None:
    pairs = [replace(pair, only_together=n == 1) for n, pair in enumerate(ev.redundancy().pairs)]
    found = replace(ev.redundancy(), pairs=tuple(pairs), groups=())
    result = without_small(replace(bare(), redundancy=found))
    assert "It works only together with PI (DNA)" in said(result, BF)
    assert "only together with Brightfield" in said(result, PI)
    assert "together" not in said(result, SSC)


def test_circular_and_small_classes() -> None:
    result = bare()
    channels = list(result.panel.channels)
    channels[PI] = replace(channels[PI], gate_defining=True)
    marked = replace(result, panel=replace(result.panel, channels=tuple(channels)))
    text = said(marked, PI)
    assert "its importance is circular" in text
    assert text.endswith("class G2 has too few cells to take part in this.")
    assert "circular" not in said(marked, BF)


def test_failed_checks_come_first() -> None:
    result = replace(bare(), gates=ev.gates())
    occlusion = result.methods[1]
    assert said(result, PI, occlusion).startswith(
        "Do not trust occlusion, which failed its sanity check random weights. PI (DNA) is"
    )
    assert "trust" not in said(result, PI)
    passed = replace(result, gates=ev.gates(failing=False))
    assert "trust" not in said(passed, PI, occlusion)


def test_models_that_know_nothing_say_nothing() -> None:
    result = without_small(bare())
    third = ex.interval(0.35, 0.05)
    lost = replace(result, performance=replace(result.performance, f1_macro=third))
    assert said(lost, PI).startswith("Nothing can be said about PI (DNA) yet")
    assert "informative" not in said(lost, PI)


def test_too_few_trainings_say_so() -> None:
    result = without_small(bare())
    f1 = Interval(mean=0.82, low=0.0, high=1.0, folds=(0.78, 0.86))
    few = replace(result, performance=replace(result.performance, f1_macro=f1))
    assert said(few, PI) == (
        "Nothing can be said about PI (DNA) yet: on average the models tell the classes apart (F1 "
        "0.820), but 2 trainings are too few to be sure: the interval (0.000 to 1.000) reaches "
        "guessing (about 0.333)."
    )


@pytest.mark.parametrize("name", ex.HOSTILE)
def test_one_or_two_sentences_whatever_the_names(name: str) -> None:
    result = ev.result()
    channels = list(result.panel.channels)
    channels[PI] = replace(channels[PI], name=name)
    named = replace(result, panel=replace(result.panel, channels=tuple(channels)))
    for method in named.methods:
        for c in range(6):
            text = channel_sentence(named, method, c)
            assert "\n" not in text
            assert text.endswith(".")
            assert len(re.findall(r"\.(?= [A-Z])", text)) <= 1


def test_words_of_verdicts() -> None:
    assert set(WORDS.values()) == {"informative", "undecided", "negligible"}
    assert "decoys" not in MEANING[Verdict.INFORMATIVE]
    assert set(WORDS) == set(MEANING) == set(Verdict)
    assert f"{SMALL} F1" in MEANING[Verdict.NEGLIGIBLE]
    assert "above all decoys" in yardstick(ev.panel(), "drop in F1")
    assert "above all decoys" in yardstick(ev.panel(), "relevance")
    assert "no decoys" in yardstick(ex.PANEL, "drop in F1")
    assert "All undecided" in yardstick(ex.PANEL, "relevance")
