"""How far apart posts usually are: a histogram of the time between them, in which older time counts less."""

from bisect import bisect_left
from collections.abc import Sequence

SHORTEST_SECONDS = 10.0  # the time of the last post is stored no more exactly
STEP = 2**0.5
BOUNDS = tuple(SHORTEST_SECONDS * STEP**number for number in range(26))  # to 16 hours
HALF_LIFE_SECONDS = 24 * 3600.0  # time so long ago counts half
SHARE = 0.95
LEAST_GAPS = 20
LEAST_SECONDS = 300.0


def with_gap(gaps: Sequence[float], seconds: float) -> list[float]:
    """The histogram after one more gap between two posts. Each place holds seconds spent in gaps up to its BOUNDS.

    It counts time and not gaps: of a device that posts for a minute each hour nearly all gaps are short, and yet
    nearly every moment lies in a long one.
    """
    faded = 0.5 ** (seconds / HALF_LIFE_SECONDS)
    found = [one * faded for one in gaps] + [0.0] * (len(BOUNDS) - len(gaps))
    found[min(bisect_left(BOUNDS, seconds), len(BOUNDS) - 1)] += seconds
    return found


def usual_interval(gaps: Sequence[float], gap_count: int) -> float | None:
    """The seconds between two posts that are exceeded for only 5 % of the time; None if too few posts have come."""
    total = sum(gaps)
    if gap_count < LEAST_GAPS or total < LEAST_SECONDS:
        return None
    reached = 0.0
    for bound, seconds in zip(BOUNDS, gaps, strict=False):
        reached += seconds
        if reached >= total * SHARE:
            return bound
    return BOUNDS[-1]
