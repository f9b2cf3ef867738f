"""Order of starting: priority, then the owner with the least running, then age."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from pxcore.runs.schedule import Claim, Waiting, choose
from pxcore.runs.tasks import Lane


def claim(owner: str, ordinal: int, *, priority: int = 0, position: int = 0) -> Claim:
    return Claim(
        run_id=f"run{ordinal}",
        owner=owner,
        priority=priority,
        ordinal=ordinal,
        position=position,
    )


def waiting(key: str, *claims: Claim, lane: Lane = Lane.HEAVY) -> Waiting:
    return Waiting(key=key, lane=lane, claims=claims)


claims = st.builds(
    lambda owner, ordinal, priority, position: claim(
        owner, ordinal, priority=priority, position=position
    ),
    st.sampled_from(["ann", "bob", "eve"]),
    st.integers(1, 5),
    st.integers(-1, 1),
    st.integers(0, 9),
)
queues = st.lists(
    st.tuples(st.sampled_from(list(Lane)), st.lists(claims, min_size=1, max_size=3)), max_size=8
).map(lambda rows: [waiting(f"k{number}", *row[1], lane=row[0]) for number, row in enumerate(rows)])
loads = st.dictionaries(st.sampled_from(["ann", "bob", "eve"]), st.integers(0, 3))
frees = st.fixed_dictionaries({lane: st.integers(0, 4) for lane in Lane})


@given(queues, loads, frees)
def test_fills_every_free_worker_and_no_more(
    queue: list[Waiting], load: dict[str, int], free: dict[Lane, int]
) -> None:
    starts = choose(queue, load, free)
    lanes = {task.key: task.lane for task in queue}
    assert len({start.key for start in starts}) == len(starts)
    for lane in Lane:
        started = sum(lanes[start.key] is lane for start in starts)
        assert started == min(free[lane], sum(task.lane is lane for task in queue))


@given(queues, loads, frees, st.randoms())
def test_order_of_the_queue_does_not_matter(
    queue: list[Waiting], load: dict[str, int], free: dict[Lane, int], random: object
) -> None:
    mixed = list(queue)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert choose(mixed, load, free) == choose(queue, load, free)


@given(queues, loads)
def test_no_task_left_behind_has_a_better_claim(queue: list[Waiting], load: dict[str, int]) -> None:
    one = {Lane.HEAVY: 1, Lane.LIGHT: 1}
    starts = choose(queue, load, one)
    running = Counter(load)
    for start in starts:
        lane = next(task.lane for task in queue if task.key == start.key)
        for task in queue:
            if task.lane is not lane:
                continue
            for other in task.claims:
                best = (start.claim.priority, -running[start.claim.owner])
                assert (other.priority, -running[other.owner]) <= best
        running[start.claim.owner] += 1


def test_priority_beats_everything() -> None:
    queue = [waiting("old", claim("ann", 1)), waiting("urgent", claim("bob", 9, priority=1))]
    assert choose(queue, {"bob": 3}, {Lane.HEAVY: 1})[0].key == "urgent"


def test_owners_take_turns_within_one_choice() -> None:
    queue = [waiting(f"a{i}", claim("ann", 1, position=i)) for i in range(4)]
    queue += [waiting(f"b{i}", claim("bob", 2, position=i)) for i in range(2)]
    keys = [start.key for start in choose(queue, {}, {Lane.HEAVY: 5})]
    assert keys == ["a0", "b0", "a1", "b1", "a2"]


def test_a_shared_task_goes_by_its_best_claim_and_is_on_that_account() -> None:
    shared = waiting("s", claim("ann", 3), claim("bob", 1))
    starts = choose([shared, waiting("x", claim("ann", 2))], {}, {Lane.HEAVY: 1})
    assert starts[0].claim.owner == "bob"


def test_a_full_lane_does_not_hold_up_the_other() -> None:
    queue = [waiting("train", claim("ann", 1)), waiting("rank", claim("ann", 2), lane=Lane.LIGHT)]
    starts = choose(queue, {"ann": 1}, {Lane.HEAVY: 0, Lane.LIGHT: 1})
    assert [start.key for start in starts] == ["rank"]
