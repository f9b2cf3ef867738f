"""What does not hold up in the published results, with the numbers and what is done here."""

from __future__ import annotations

import numpy as np

from pxcore.evaluation.published.figures import Recorded
from pxcore.evaluation.published.words import score
from pxcore.types import Interval, Ranking
from pxcore.types.published import Finding, Margin, Repeats

SHARED = (0.629, 0.648)
"""Share of test rows that were also trained on, in remove-and-retrain and the panel comparison:
the smallest and largest of the recorded folds."""


def findings_of(
    recorded: Recorded,
    ranking: Ranking,
    repeats: Repeats,
    clean: Interval,
    margin: Margin | None,
) -> tuple[Finding, ...]:
    """Return the findings that concern one data set, the weightiest first."""
    found = [_leak(recorded, clean)]
    if recorded.empty:
        found.append(_empty(recorded, ranking))
    if margin is not None:
        found.append(_margin(margin))
    found += [_repeats(repeats), _rivals(recorded)]
    if recorded.id == "blood":
        found.append(
            Finding(
                title="A ninth class slips in",
                text="In remove-and-retrain, the panel comparison and the study of repeats, cells "
                "called unknown were meant to be left out, but bytes were compared with text and "
                "they stayed: those numbers are of nine classes, the others of eight. Here a "
                "class is chosen by its position in the data set.",
            )
        )
    if margin is not None:
        found.append(_same_cells())
    return (*found, _training_mode(), _records(recorded))


def _leak(recorded: Recorded, clean: Interval) -> Finding:
    printed, spread = recorded.f1_printed
    least, most = (f"{100 * share:.0f}" for share in SHARED)
    return Finding(
        title="Tested on cells that were trained on",
        text=f"Remove-and-retrain and the panel comparison took positions inside a part for row "
        f"numbers of the whole: {least} to {most} % of the test rows were also trained on. The "
        f"paper states an F1 of {printed:.2f} ± {spread:.2f} with all channels; its clean five "
        f"folds give {clean.mean:.3f} ({clean.low:.3f} to {clean.high:.3f}). Here a test cell, and "
        "a known donor, is on one side only, and a test holds that.",
    )


def _empty(recorded: Recorded, ranking: Ranking) -> Finding:
    parts = []
    for name in recorded.empty:
        c = recorded.channels.index(name)
        above = sum(fold[c] > 0 for fold in ranking.folds)
        beaten = [
            other
            for other, mean in zip(recorded.channels, ranking.mean, strict=True)
            if other not in recorded.empty and mean < ranking.mean[c]
        ]
        over = f", more than {' and '.join(beaten)}" if beaten else ""
        parts.append(
            f"{name} {score(ranking.mean[c])} ({score(ranking.low[c])} to "
            f"{score(ranking.high[c])}), above zero in {above} of {len(ranking.folds)} folds{over}"
        )
    return Finding(
        title="Empty channels score",
        text=f"These channels hold nothing in the labelled cells: {'; '.join(parts)}. So a value "
        "above zero means little without something to compare with. The band in the figure shows "
        "how far the empty channels reach; the verdicts ask for more than that. Own runs get "
        "decoy channels for the same purpose.",
    )


def _margin(margin: Margin) -> Finding:
    said = "not shown to be as good"
    if margin.within is not None:
        said = f"not worse by more than {margin.within:g}"
    limit = f", but a loss of {margin.beyond:g} is not ruled out" if margin.beyond else ""
    return Finding(
        title="Half of the stains suffice: only within a margin",
        text="No significant difference is not the same as no loss. Computed on the recorded "
        "folds, F1 of the minimal panel less F1 of all channels lies above "
        f"{score(margin.bound, 4)} (one-sided 95 %): the minimal panel is {said}{limit}. And these "
        "folds share cells between training and test.",
    )


def _repeats(repeats: Repeats) -> Finding:
    folds = ", ".join(f"{k:,}" for k in repeats.settled)
    by_fold = f"k = {folds} on, fold by fold"
    if len(set(repeats.settled)) == 1:
        by_fold = f"k = {repeats.settled[0]:,} on in each of the {len(repeats.settled)} folds"
    return Finding(
        title="Constant from k = 100: read from one fold",
        text="The paper calls the order of the channels constant from k = 100. Here it is that of "
        f"the last k from {by_fold}. Repeats matter little: from k = 5 to {repeats.ks[-1]:,} no "
        f"channel moves by more than {repeats.most_moved:.4f} F1, while the same channel differs "
        f"between folds by a standard deviation of up to {repeats.between_folds:.3f}. Here "
        "repeats stop when they no longer change the answer, and the interval comes from the "
        "folds.",
    )


def _rivals(recorded: Recorded) -> Finding:
    largest = float(np.abs(np.asarray(recorded.importance["lrp"])).max())
    return Finding(
        title="The rivals are handicapped",
        text="Attributions were aggregated by the signed median over a picture that is mostly "
        "background, which is near zero by construction. LRP met batch normalisation and sums of "
        f"branches without the rules they need and explodes: values up to {largest:,.0f} here. "
        "DeepLift needs each activation used once. Here a channel's value is, unless asked "
        "otherwise, the mean absolute attribution inside the cell, and the rules are in place.",
    )


def _training_mode() -> Finding:
    return Finding(
        title="Networks explained while in training mode",
        text="In the study of repeats and on the published command line the networks were not "
        "switched to evaluation: batch normalisation then depends on which cells are looked at "
        "together, and even changes. Here the mode is set by a block that restores it, and tested.",
    )


def _same_cells() -> Finding:
    return Finding(
        title="The same cells choose and judge",
        text="The panel was chosen by the ranking on all folds and then judged on the same cells, "
        "which favours it. Stated so; a fair judgement needs cells that no ranking has seen.",
    )


def _records(recorded: Recorded) -> Finding:
    more = (
        " One fold stands there twice; its broken copy (drops below −0.6) is left out."
        if recorded.id == "synapse"
        else ""
    )
    return Finding(
        title="The folds are of an earlier run than the figures",
        text="The recorded folds and the paper's Figure 3 come from different runs. Intervals here "
        "are of the recorded folds; the side-by-side shows the printed means of the figure's run, "
        f"for which no folds are left, and none at all for occlusion.{more}",
    )
