"""Few blocks of k points such that every pair of n points lies in a block: a covering design.

No rule is known that gives the fewest blocks for every n and k. Tried here, from the plainest to
the dearest, until the lower bound is met: the points in T tiles and a covering of the tiles by
blocks of b tiles, for every b; that covering is all pairs (b = 2), lines of a finite plane, or
what a greedy search with repair finds. b = k are single points. The search has fixed seeds, so the
same n and k always give the same blocks.

Source: lower bound: Schönheim, Pacific Journal of Mathematics 14, 1964. Gordon, Kuperberg and
Patashnik, Journal of Combinatorial Designs 3, 1995, survey the constructions.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations

import numpy as np

from pxcore.types import Array

__all__ = ["cover_pairs", "cover_some", "lower_bound", "pair_counts"]

Blocks = tuple[tuple[int, ...], ...]
_BUDGET = 1000
"""Blocks that one search may build, those of its first pass aside."""
_ORDERED = 300
"""Blocks above which they stay in the order found: nobody measures so many runs."""


def lower_bound(n: int, k: int) -> int:
    """Return Schönheim's bound: no covering of the pairs of n points has fewer blocks of k.

    ::

        ceil(n / k * ceil((n - 1) / (k - 1)))

    Each point needs ceil((n - 1) / (k - 1)) blocks to meet all others, a block serves k points.

    >>> lower_bound(20, 10), lower_bound(7, 3)
    (6, 7)
    """
    if n <= k:
        return 1
    return -(-n * -(-(n - 1) // (k - 1)) // k)


@lru_cache(maxsize=256)
def cover_pairs(n: int, k: int) -> Blocks:
    """Return blocks of at most ``k`` of ``n`` points, k >= 2, that hold every pair of points.

    Points are 0 to n - 1, ascending in a block. Blocks are ordered so that each shows the most
    pairs that those before it do not (up to 300 blocks).

    >>> len(cover_pairs(20, 10)), len(cover_pairs(20, 9))
    (6, 7)
    """
    if n <= k:
        return (tuple(range(n)),)
    best: Blocks = ()
    bound = lower_bound(n, k)
    for b in range(2, k + 1):
        size, spare = divmod(k, b)
        n_tiles = next(t for t in range(b, n + 1) if t * size + min(spare, t) >= n)
        if best and lower_bound(n_tiles, b) >= len(best):
            continue
        base = _cover_tiles(n_tiles, b)
        if not best or len(base) < len(best):
            best = _untiled(base, n, n_tiles)
        if len(best) == bound:
            break
    return _in_order(best, n)


def cover_some(n: int, k: int, runs: int) -> Blocks:
    """Return at most ``runs`` blocks, n / k or more, that hold every point and many pairs.

    The better of two ways: the first blocks of `cover_pairs`, or full blocks apart from one
    another, then greedy ones. The second never holds fewer pairs than dealing the points evenly to
    as many blocks, because full blocks and a rest hold at least as many as even ones.
    """
    whole = cover_pairs(n, k)
    if runs >= len(whole):
        return whole
    apart = [tuple(range(start, min(n, start + k))) for start in range(0, n, k)]
    greedy = tuple(_mended(apart, n, k, np.random.default_rng([n, k])))
    options = [greedy[:runs]]
    if len({point for block in whole[:runs] for point in block}) == n:
        options.append(whole[:runs])
    held = [int(np.count_nonzero(np.triu(pair_counts(one, n), 1))) for one in options]
    return options[held.index(max(held))]


def pair_counts(blocks: Blocks, n: int) -> Array:
    """Return (n, n) float64, whole numbers: blocks that hold both points; diagonal: that one."""
    inside = np.zeros((len(blocks), n))
    for row, block in enumerate(blocks):
        inside[row, list(block)] = 1
    return inside.T @ inside


def _untiled(base: Blocks, n: int, n_tiles: int) -> Blocks:
    """Return the blocks of points behind blocks of tiles of as even a size as can be."""
    tiles = np.array_split(np.arange(n), n_tiles)
    return tuple(tuple(int(p) for t in block for p in tiles[t]) for block in base)


def _cover_tiles(n: int, k: int) -> Blocks:
    """Return a covering of n tiles by blocks of k: the fewest of the ways known here."""
    if n <= k:
        return (tuple(range(n)),)
    if k == 2:
        return tuple(combinations(range(n), 2))
    found = [lines for lines in (_affine(n, k), _projective(n, k)) if lines]
    best = min(found, key=len, default=())
    if best and len(best) == lower_bound(n, k):
        return best
    searched = _searched(n, k)
    return searched if not best or len(searched) < len(best) else best


def _affine(n: int, k: int) -> Blocks:
    """Return the lines of the affine plane of prime order k, cut down to n points."""
    if not _is_prime(k) or n > k * k:
        return ()
    steep = [tuple(x * k + y for y in range(k)) for x in range(k)]
    sloped = [
        tuple(x * k + (slope * x + start) % k for x in range(k))
        for slope in range(k)
        for start in range(k)
    ]
    return _cut([*steep, *sloped], n)


def _projective(n: int, k: int) -> Blocks:
    """Return the lines of the projective plane of prime order k - 1, cut down to n points."""
    p = k - 1
    if not _is_prime(p) or n > p * p + p + 1:
        return ()
    steep = [(*(x * p + y for y in range(p)), p * p + p) for x in range(p)]
    sloped = [
        (*(x * p + (slope * x + start) % p for x in range(p)), p * p + slope)
        for slope in range(p)
        for start in range(p)
    ]
    return _cut([*steep, *sloped, tuple(range(p * p, p * p + p + 1))], n)


def _cut(lines: list[tuple[int, ...]], n: int) -> Blocks:
    """Return the lines without points from n on, and without lines that hold no pair any more."""
    cut = [tuple(point for point in line if point < n) for line in lines]
    return tuple(line for line in cut if len(line) > 1)


def _is_prime(number: int) -> bool:
    return number > 1 and all(number % divisor for divisor in range(2, int(number**0.5) + 1))


def _searched(n: int, k: int) -> Blocks:
    """Return a covering found greedily, then by taking blocks away and mending the hole."""
    rng = np.random.default_rng([n, k])
    best = _pruned(_mended([], n, k, rng), n)
    bound, built = lower_bound(n, k), 0
    while built < _BUDGET and len(best) > bound:
        away = int(rng.integers(2, max(3, min(12, len(best) // 3)) + 1))
        kept = [best[i] for i in sorted(rng.permutation(len(best))[away:])]
        tried = _pruned(_mended(kept, n, k, rng), n)
        built += away * (1 + len(best) // 20)  # a pass over the blocks costs too
        if len(tried) <= len(best):
            best = tried
    return tuple(best)


def _mended(
    blocks: list[tuple[int, ...]], n: int, k: int, rng: np.random.Generator
) -> list[tuple[int, ...]]:
    """Return the blocks with greedy ones added until every pair is held."""
    open_pairs = pair_counts(tuple(blocks), n) == 0
    np.fill_diagonal(open_pairs, val=False)
    blocks = list(blocks)
    left = open_pairs.sum(axis=1) + 0.9 * rng.random(n)
    while (left >= 1).any():
        members = [int(left.argmax())]
        gain = np.zeros(n)
        while len(members) < k:
            gain += open_pairs[members[-1]]
            worth = gain + left / (2 * n)
            worth[members] = -1
            members.append(int(worth.argmax()))
        block = tuple(sorted(members))
        inside = np.ix_(block, block)
        left[list(block)] -= open_pairs[inside].sum(axis=1)
        open_pairs[inside] = False
        blocks.append(block)
    return blocks


def _pruned(blocks: list[tuple[int, ...]], n: int) -> list[tuple[int, ...]]:
    """Return the blocks without those whose every pair lies in another block too."""
    counts = pair_counts(tuple(blocks), n)
    kept = []
    for block in blocks:
        inside = np.ix_(block, block)
        shared = counts[inside] + 2 * np.eye(len(block))
        if (shared > 1).all():
            counts[inside] -= 1
        else:
            kept.append(block)
    return kept


def _in_order(blocks: Blocks, n: int) -> Blocks:
    """Return the blocks, the one that shows most new pairs next; ties keep their order."""
    left = [tuple(sorted(block)) for block in blocks]
    if len(left) > _ORDERED:
        return tuple(left)
    inside = np.zeros((len(left), n))
    for row, block in enumerate(left):
        inside[row, list(block)] = 1
    open_pairs = 1.0 - np.eye(n)
    ordered: list[tuple[int, ...]] = []
    while len(ordered) < len(left):
        news = ((inside @ open_pairs) * inside).sum(axis=1)
        row = int(news.argmax() if news.any() else inside.any(axis=1).argmax())
        ordered.append(left[row])
        open_pairs[np.ix_(left[row], left[row])] = 0
        inside[row] = 0
    return tuple(ordered)
