"""Which channels say the same: closed cases, and that nothing is said without evidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pxcore.errors import MethodError
from pxcore.evaluation.redundancy import JointEvidence, redundancy, units_to_measure
from pxcore.evaluation.values import Sizes
from pxcore.importance.fold import FoldImportance
from pxcore.types import Array

WIGGLE = np.array([-0.004, 0.001, 0.003])
ALIKE = np.array([[1, 0.9, 0.1, 0.1], [0.9, 1, 0.1, 0.1], [0.1, 0.1, 1, 0.2], [0.1, 0.1, 0.2, 1.0]])
UNITS = units_to_measure(ALIKE)
"""All 6 pairs of 4 channels; channel 4 is a decoy."""
ALONE = (0.22, 0.27, 0.24, 0.25, 0.0)
JOINT = {(0, 1): 0.5, (2, 3): 0.25}
BEYOND = (0.003, 0.002)


def fold(rows: list[float], j: int, n_repeats: int = 3) -> FoldImportance:
    rng = np.random.default_rng(j)
    scores = np.repeat((np.array(rows) + WIGGLE[j])[None, :, None], n_repeats, axis=0)
    scores = np.repeat(scores, 2, axis=2)
    return FoldImportance(
        method="permute_cells",
        unit="drop in F1",
        scores=scores,
        probability_drop=scores,
        base_score=np.ones(2),
        labels=np.arange(40) % 2,
        cell_drop=rng.normal(size=(len(rows), 40)).astype(np.float32),
    )


def evidence(
    joint: dict[tuple[int, ...], float] | None = None,
    beyond: tuple[float, ...] = BEYOND,
    alone: tuple[float, ...] = ALONE,
    **changes: object,
) -> JointEvidence:
    joint = JOINT if joint is None else joint

    def drop(unit: tuple[int, ...]) -> float:
        independent = 1 - np.prod([1 - alone[c] for c in unit])
        return float(joint.get(unit, independent))

    rows = [*map(drop, UNITS), *beyond]
    features = np.eye(5)
    features[:4, :4] = ALIKE
    made = JointEvidence(
        joints=[fold(rows, j) for j in range(3)],
        singles=[fold(list(alone), j, n_repeats=5) for j in range(3)],
        units=UNITS,
        features=features,
        costs=(0.0,) * 5,
        sizes=Sizes(n_train=(80,) * 3, n_test=(40,) * 3),
        decoys=(4,),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_interaction_is_joint_less_single_drops() -> None:
    found = redundancy(evidence())
    by_pair = {(pair.first, pair.second): pair for pair in found.pairs}
    assert len(by_pair) == 6
    for (a, b), pair in by_pair.items():
        joint = JOINT.get((a, b), 1 - (1 - ALONE[a]) * (1 - ALONE[b]))
        assert pair.joint.folds == pytest.approx(joint + WIGGLE)
        # What makes a fold hard moves all drops alike: of one and of two.
        assert pair.interaction.folds == pytest.approx(joint - ALONE[a] - ALONE[b] - WIGGLE)
    strength = [abs(pair.interaction.mean) for pair in found.pairs]
    assert strength == sorted(strength, reverse=True)


def test_only_together_is_more_than_a_negative_interaction() -> None:
    """Independent channels interact negatively, since F1 cannot fall twice; that is no claim."""
    found = {(p.first, p.second): p for p in redundancy(evidence()).pairs}
    assert found[2, 3].only_together
    assert found[0, 2].interaction.high < 0
    assert [pair for pair, value in found.items() if value.only_together] == [(2, 3)]
    weak = redundancy(evidence({(2, 3): 0.25 + 0.13}))
    assert not any(pair.only_together for pair in weak.pairs)
    dead = redundancy(evidence(alone=(0.22, 0.27, 0.24, 0.0, 0.0), joint={(2, 3): 0.24}))
    assert not any(pair.only_together for pair in dead.pairs)


def test_copies_are_interchangeable() -> None:
    (group,) = redundancy(evidence()).groups
    assert (group.channels, group.interchangeable) == ((0, 1), True)
    assert [one.mean for one in group.alone] == pytest.approx([0.22, 0.27])
    assert group.joint.mean == pytest.approx(0.5)
    assert group.extra.mean == pytest.approx(0.01)
    assert [one.mean for one in group.beyond] == pytest.approx(BEYOND)


@pytest.mark.parametrize(
    ("joint", "beyond"),
    [
        (0.5, (0.003, 0.06)),  # one of them shows more than the other
        (0.5, (0.06, 0.003)),
        (0.01, (0.0, 0.0)),  # nothing real is lost
        (0.014, (0.0, 0.0)),  # the decoys reach that far
    ],
)
def test_what_is_not_interchangeable(joint: float, beyond: tuple[float, ...]) -> None:
    (group,) = redundancy(evidence({(0, 1): joint}, beyond)).groups
    assert not group.interchangeable


def wide(joint: float, spread: float, beyond: float) -> JointEvidence:
    """Return channels 0 and 1 whose joint drop differs from fold to fold."""
    made = evidence(beyond=(beyond, beyond))
    joints = [
        evidence({(0, 1): joint + off * spread}, (beyond, beyond)).joints[j]
        for j, off in enumerate((-1, 0, 1))
    ]
    return replace(made, joints=joints)


def test_little_is_measured_against_the_least_that_is_lost_together() -> None:
    """A tenth of the lower bound of the joint drop, not of what it may be at best."""
    (sure,) = redundancy(wide(0.7, 0.0, 0.03)).groups
    assert sure.interchangeable
    (open_,) = redundancy(wide(0.5, 0.05, 0.03)).groups
    reach = [one.high for one in open_.beyond]
    assert all(0.1 * open_.joint.low < high < 0.1 * open_.joint.mean for high in reach)
    assert not open_.interchangeable


def test_a_joint_drop_must_be_real() -> None:
    """Above every decoy, and without decoys above what matters."""
    little = {"joint": {(0, 1): 0.05}, "beyond": (-0.03, -0.03)}
    assert redundancy(evidence(**little)).groups[0].interchangeable
    loud = evidence(**little, alone=(*ALONE[:4], 0.04))
    assert not redundancy(loud).groups[0].interchangeable
    free = {"decoys": (), "features": ALIKE, "costs": (0.0,) * 4}
    assert redundancy(evidence(**little, **free)).groups[0].interchangeable
    trifle = evidence({(0, 1): 0.02}, (-0.03, -0.03), **free)
    assert not redundancy(trifle).groups[0].interchangeable


def test_unmeasured_is_not_interchangeable_and_said_so() -> None:
    found = redundancy(evidence(beyond=()))
    assert not found.groups[0].interchangeable
    assert found.groups[0].beyond == ()
    assert any("was not measured" in note for note in found.notes)
    assert not any("was not measured" in note for note in redundancy(evidence()).notes)


def test_decoys_set_what_real_means() -> None:
    """A decoy that reaches 0.3 takes the claim that a pair works only together."""
    loud = evidence(alone=(*ALONE[:4], 0.3))
    assert not any(pair.only_together for pair in redundancy(loud).pairs)
    free = redundancy(replace(loud, decoys=(), features=ALIKE, costs=(0.0,) * 4))
    assert any(pair.only_together for pair in free.pairs)
    assert any("no decoys" in note for note in free.notes)


def test_cheapest_first_then_the_most_important() -> None:
    assert redundancy(evidence()).groups[0].keep_order == (1, 0)
    dear = redundancy(evidence(costs=(1.0, 9.0, 0, 0, 0)))
    assert dear.groups[0].keep_order == (0, 1)


def test_small_classes_and_single_folds_claim_nothing() -> None:
    found = redundancy(evidence(small_classes=(0, 1)))
    assert not found.groups[0].interchangeable
    assert not any(pair.only_together for pair in found.pairs)
    whole = evidence()
    one = replace(
        whole,
        joints=whole.joints[:1],
        singles=whole.singles[:1],
        sizes=Sizes(n_train=(80,), n_test=(40,)),
    )
    alone = redundancy(one)
    assert not alone.groups[0].interchangeable
    assert not any(pair.only_together for pair in alone.pairs)


def test_shared_repeats_are_compared() -> None:
    """Single drops of repeats that the joint ones do not have are left out."""
    whole = evidence()
    singles = []
    for one in whole.singles:
        scores = one.scores.copy()
        scores[3:] = 0.9
        singles.append(replace(one, scores=scores))
    assert redundancy(replace(whole, singles=singles)).pairs == redundancy(whole).pairs


def test_correlation_of_what_the_cells_lose() -> None:
    whole = evidence()
    singles = []
    for one in whole.singles:
        drop = one.cell_drop.copy()
        drop[1], drop[2], drop[3] = 3 * drop[0] + 1, -drop[0], 0.25
        singles.append(replace(one, cell_drop=drop))
    drops = redundancy(replace(whole, singles=singles)).drops
    assert drops[0, 1] == pytest.approx(1, abs=1e-6)
    assert drops[0, 2] == pytest.approx(-1, abs=1e-6)
    assert np.isnan(drops[3]).all()
    expected = np.mean([np.corrcoef(one.cell_drop[0], one.cell_drop[4])[0, 1] for one in singles])
    assert drops[0, 4] == pytest.approx(expected, abs=1e-6)
    bare = [replace(one, cell_drop=None) for one in singles]
    assert np.isnan(redundancy(replace(whole, singles=bare)).drops).all()


def alike_at(n: int, *groups: tuple[int, ...]) -> Array:
    found = np.full((n, n), 0.1)
    for group in groups:
        found[np.ix_(group, group)] = 0.9
    np.fill_diagonal(found, 1)
    return found


def test_units_are_all_pairs_and_larger_groups() -> None:
    units = units_to_measure(alike_at(6, (0, 4), (1, 2, 5)))
    assert len(units) == 15 + 1
    assert units[-1] == (1, 2, 5)
    assert units_to_measure(alike_at(6, (0, 4), (1, 4, 5)), n_channels=4) == units_to_measure(
        np.eye(4)
    )
    many = units_to_measure(alike_at(40, (3, 30), (5, 6, 7)))
    assert len(many) == 120 + 1
    assert (3, 30) in many
    assert {(5, 6), (5, 7), (6, 7), (5, 6, 7)} <= set(many)


def test_unmeasured_pairs_are_said() -> None:
    whole = evidence()
    fewer = replace(
        whole,
        units=UNITS[:2],
        joints=[fold([0.5, 0.4, *BEYOND], j) for j in range(3)],
    )
    assert any("of 6 pairs of channels the 2 most alike" in n for n in redundancy(fewer).notes)


def test_parts_must_belong_together() -> None:
    whole = evidence()
    with pytest.raises(MethodError, match="2 joint and 3 single scores of 3 trainings"):
        redundancy(replace(whole, joints=whole.joints[:2]))
    with pytest.raises(MethodError, match=r"have \[8\] rows for 5 sets of channels and 2 members"):
        redundancy(replace(whole, units=UNITS[:5]))
