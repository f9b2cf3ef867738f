"""The counts of a calibration, as markdown: what was claimed against what was planted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import binomtest

from pxcore.types import Array

PLANTED = (1, 2, 3, 4, 5)
"""Place, amount and its copy, the pair. Morphology tells nothing beyond them and is apart."""
KNOW_NOTHING = (6, 7, 8)
"""Unspecific, empty, scatter."""
REAL, DECOYS = range(9), (9, 10)
TRUE_WHERE = {1: "PLACE", 2: "AMOUNT", 3: "AMOUNT", 4: "AMOUNT", 5: "AMOUNT"}
NAMES = ("morphology", "place", "amount", "copy", "pair 1", "pair 2", "unspecific", "empty",
         "scatter")  # fmt: skip
TOTAL, PLACE = "permute_cells", "pxpermute_mask"
Record = dict[str, object]


def report(found: dict[str, list[Record]]) -> str:
    """Return all tables that the records allow."""
    parts = []
    planted, noise = found.get("planted", []), found.get("noise", [])
    every = [planted, found.get("gradients", []), found.get("dear", [])]
    if planted:
        parts.append(_performance(planted))
    if any(every):
        parts.append(_recall([group for group in every if group]))
    if noise:
        parts.append(_noise(noise))
    if planted:
        parts += [_where(planted), _redundancy(planted), _coverage(planted)]
    seconds = sum(float(r["seconds"]) for group in found.values() for r in group)  # type: ignore[arg-type]
    counts = ", ".join(f"{name} {len(group)}" for name, group in found.items())
    parts.append(f"Seeds: {counts}; {seconds / 60:.0f} minutes in all.")
    return "\n\n".join(parts)


def share(hits: int, n: int) -> str:
    """Return ``97.3 % (146 of 150; 93.3 to 99.3)`` with the exact 95 % interval of a share."""
    if n == 0:
        return "no case"
    low, high = binomtest(hits, n).proportion_ci(0.95)
    return f"{100 * hits / n:.1f} % ({hits} of {n}; {100 * low:.1f} to {100 * high:.1f})"


def _performance(records: Sequence[Record]) -> str:
    f1 = np.array([r["f1"] for r in records], dtype=float)
    return f"F1-macro of the models: median {np.median(f1):.3f}, {f1.min():.3f} to {f1.max():.3f}."


def _recall(groups: Sequence[Sequence[Record]]) -> str:
    """Return each method's verdicts on what was planted and on what knows nothing."""
    rows = []
    for records in groups:
        for name in records[0]["methods"]:  # type: ignore[attr-defined]
            kept = _verdicts(records, name) == "INFORMATIVE"  # (S, C)
            ranks = np.array([_of(r, name)["rank"] for r in records])
            first = (np.sort(ranks[:, list(PLANTED)], axis=1)[:, -1] == len(PLANTED)).sum()
            nothing = kept[:, list(KNOW_NOTHING)]
            plain = _verdicts(records, name, "without_decoys") == "INFORMATIVE"
            rows.append(
                f"| `{name}` | {len(records)} | {share(*_count(kept[:, list(PLANTED)]))} | "
                f"{share(*_count(kept[:, :1]))} | {share(*_count(nothing))} | "
                f"{share(*_count(plain[:, [*KNOW_NOTHING, *DECOYS]]))} | "
                f"{first} of {len(records)} |"
            )
    head = (
        "| method | seeds | planted, informative | morphology, informative | nothing planted, "
        "informative | the same without decoys (0 as yardstick) | all five planted in front |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n"
    )
    return head + "\n".join(rows)


def _noise(records: Sequence[Record]) -> str:
    """Return false keeps where no channel knows anything."""
    rows = []
    for name in records[0]["methods"]:  # type: ignore[attr-defined]
        kept = _verdicts(records, name)[:, list(REAL)] == "INFORMATIVE"
        plain = _verdicts(records, name, "without_decoys") == "INFORMATIVE"
        others = np.array([_of(r, name)["decoys_by_the_other"] for r in records]) == "INFORMATIVE"
        rows.append(
            f"| `{name}` | {share(*_count(kept))} | {share(int(kept.any(axis=1).sum()), len(kept))}"
            f" | {share(*_count(others))} | {share(*_count(plain))} |"
        )
    head = (
        "| method | channels falsely kept | runs with any | a decoy kept against the other one | "
        "channels falsely kept without decoys |\n| --- | --- | --- | --- | --- |\n"
    )
    claims = np.array([r["where"] for r in records])[:, list(REAL)]
    wrong = int(np.isin(claims, ["PLACE", "AMOUNT"]).sum())
    return head + "\n".join(rows) + f"\n\nPlace or amount claimed: {share(wrong, claims.size)}."


def _where(records: Sequence[Record]) -> str:
    """Return the verdicts of place and amount by channel."""
    found = np.array([r["where"] for r in records])  # (S, C)
    words = ("PLACE", "AMOUNT", "NOT_INFORMATIVE", "UNDECIDED")
    rows = [
        f"| {name} | " + " | ".join(str(int((found[:, c] == w).sum())) for w in words) + " |"
        for c, name in enumerate((*NAMES, "decoy: empty", "decoy: foreign"))
    ]
    right = sum(int((found[:, c] == true).sum()) for c, true in TRUE_WHERE.items())
    wrong = sum(
        int((~np.isin(found[:, c], [true, "UNDECIDED"])).sum()) for c, true in TRUE_WHERE.items()
    )
    n = len(found) * len(TRUE_WHERE)
    nothing = found[:, list(KNOW_NOTHING)]
    false = int(np.isin(nothing, ["PLACE", "AMOUNT"]).sum())
    return (
        "| channel | place matters | amount is enough | not informative | undecided |\n"
        "| --- | --- | --- | --- | --- |\n" + "\n".join(rows) + "\n\n"
        f"Place and amount of the planted: right {share(right, n)}, wrong {share(wrong, n)}, the "
        "rest undecided. Where nothing is planted: place or amount claimed "
        f"{share(false, nothing.size)}."
    )


def _redundancy(records: Sequence[Record]) -> str:
    """Return whether copies and the pair were named, and whether anything else was."""
    groups = [list(r["groups"]) for r in records]  # type: ignore[attr-defined]
    n = len(records)
    grouped = sum([g["channels"] for g in of] == [[2, 3]] for of in groups)
    keep = sum(any(g["interchangeable"] and g["channels"] == [2, 3] for g in of) for of in groups)
    false = sum(any(g["interchangeable"] and g["channels"] != [2, 3] for g in of) for of in groups)
    pair = sum([4, 5] in r["only_together"] for r in records)  # type: ignore[operator]
    others = sum(any(p != [4, 5] for p in r["only_together"]) for r in records)  # type: ignore[attr-defined]
    negative = sum(any(p != [4, 5] for p in r["negative"]) for r in records)  # type: ignore[attr-defined]
    copies = [g for of in groups for g in of if g["channels"] == [2, 3]]
    if not copies:
        return "The marker and its copy were never a group."
    alone = np.mean([g["alone"] for g in copies], axis=0)
    beyond = np.mean([[b[0] for b in g["beyond"]] for g in copies], axis=0)
    joint = np.mean([g["joint"][0] for g in copies])
    extra = np.mean([g["extra"][0] for g in copies])
    return (
        f"- the marker and its copy are the only group: {share(grouped, n)}; called "
        f"interchangeable: {share(keep, n)}; any other group called so: {share(false, n)}\n"
        f"- mean drops: alone {alone[0]:.3f} and {alone[1]:.3f}, together {joint:.3f} (extra "
        f"{extra:.3f}), beyond each other {beyond[0]:.3f} and {beyond[1]:.3f}\n"
        f"- the pair works only together: {share(pair, n)}; said of any other two: "
        f"{share(others, n)} (runs in which an interaction of any other two is surely below 0: "
        f"{share(negative, n)})"
    )


def _coverage(records: Sequence[Record]) -> str:
    """Return how often intervals hold the truth of independent cells."""
    truth = {
        name: np.array([r["truth"][name] for r in records])  # type: ignore[index]
        for name in (TOTAL, PLACE)
    }  # (S, J, C)
    truth["amount"] = truth[TOTAL] - truth[PLACE]
    bounds = {
        name: np.array([[_of(r, name)["low"], _of(r, name)["high"]] for r in records])
        for name in (TOTAL, PLACE)
    }  # (S, 2, C)
    bounds["amount"] = np.array([r["amount"] for r in records])[:, :, 1:].swapaxes(1, 2)
    rows = []
    for name, drops in truth.items():
        low, high = bounds[name][:, 0], bounds[name][:, 1]
        method = drops.mean(axis=(0, 1))[None]  # of this kind of data, over all trainings
        models = drops.mean(axis=1)  # of these very models
        for what, columns in (("planted", PLANTED), ("all real", tuple(REAL)), ("decoys", DECOYS)):
            held = [
                share(*_count(((low <= true) & (true <= high))[:, list(columns)]))
                for true in (method, models)
            ]
            width = float(np.median((high - low)[:, list(columns)]))
            rows.append(f"| {name} | {what} | {held[0]} | {held[1]} | {width:.3f} |")
    return (
        "| drop | channels | holds the expected drop | holds the drop of these models | median "
        "width |\n| --- | --- | --- | --- | --- |\n" + "\n".join(rows)
    )


def _of(record: Record, name: str) -> dict[str, list[float]]:
    methods: dict[str, dict[str, list[float]]] = record["methods"]  # type: ignore[assignment]
    return methods[name]


def _verdicts(records: Sequence[Record], name: str, key: str = "verdict") -> Array:
    return np.array([_of(record, name)[key] for record in records])


def _count(hits: Array) -> tuple[int, int]:
    """Return how many of some cases are hits, and how many there are."""
    return int(hits.sum()), hits.size
