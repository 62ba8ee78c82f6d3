"""A day of polling a large fleet, played through in a moment: what the plan promises is what the rules do."""

import random
from collections import deque
from collections.abc import Callable, Sequence

import pytest

from console.polling.round_robin import SmoothRoundRobin
from console.polling.rules import FLOORS, Fleet, Kind, Priority, Terms, calls_allowed, plan

SIMS = 10_000  # a tenth of 100,000 SIMs at 10 calls a second: only the ratios count
ON_SCREEN = 50
MOVING = 500
HOUR = 3600.0
STEP = 60.0  # a run of a job
TERMS = Terms(rate=1, events_pushed=True, walked=True)


class Queue:
    """Everybody in the order of their last slot, one kind of share: a queue that a slot puts one to the end of."""

    def __init__(self) -> None:
        self.turned = [0.0] * SIMS
        self._queue = deque((0.0, number) for number in range(SIMS))

    def slot(self, number: int, now: float) -> None:
        self.turned[number] = now
        self._queue.append((now, number))

    def longest_unasked(self) -> int:
        while self._queue[0][0] != self.turned[self._queue[0][1]]:
            self._queue.popleft()  # it has had another slot since
        return self._queue[0][1]


def first_due(among: deque[int], queue: Queue, now: float, floor: float) -> int | None:
    """The next of a priority that is due; the others wait behind it."""
    for _ in range(len(among)):
        number = among[0]
        among.rotate(-1)
        if now - queue.turned[number] >= floor:
            return number
        if len(among) > 1000:
            break
    return None


def a_day(kind: Kind, terms: Terms, deal: Callable[[Sequence[Priority]], Priority]) -> float:
    """How old, in seconds, the oldest answer of the day after the first pass has become."""
    dice, queue = random.Random(7), Queue()
    rate = calls_allowed(kind, set(Kind), terms)  # all kinds have more to ask than they may
    bound = plan(Fleet(sims=SIMS), terms).share_of(kind).oldest_seconds
    oldest, now, calls = 0.0, 0.0, 0.0
    while now < bound + 24 * HOUR:
        screen = deque(dice.sample(range(SIMS), ON_SCREEN))
        moving = deque(dice.sample(range(SIMS), MOVING))
        priorities = {Priority.SCREEN: screen, Priority.MOVED: moving, Priority.LOW: moving}
        for _ in range(10):  # they look for ten minutes, then at others
            calls += rate * (STEP - 3)  # between two runs there is a pause
            present = list(FLOORS[kind])
            while calls >= 1:
                calls -= 1
                priority = deal(present)
                number = (
                    first_due(priorities[priority], queue, now, FLOORS[kind][priority])
                    if priority in priorities
                    else None
                )
                chosen = queue.longest_unasked() if number is None else number
                if now > bound:
                    oldest = max(oldest, now - queue.turned[chosen])
                queue.slot(chosen, now)
            now += STEP
        if now > bound:
            oldest = max(oldest, now - queue.turned[queue.longest_unasked()])
    return oldest


@pytest.mark.parametrize("kind", [Kind.STATUS, Kind.DATA_QUOTA])
def test_no_answer_gets_older_than_the_plan_says_whatever_people_look_at(kind: Kind) -> None:
    bound = plan(Fleet(sims=SIMS), TERMS).share_of(kind).oldest_seconds
    oldest = a_day(kind, TERMS, SmoothRoundRobin().next)
    assert bound / 2 < oldest <= bound  # and the bound says something


def test_if_those_of_interest_always_went_first_the_others_would_starve() -> None:
    bound = plan(Fleet(sims=SIMS), TERMS).share_of(Kind.STATUS).oldest_seconds
    assert a_day(Kind.STATUS, TERMS, lambda priorities: priorities[0]) > bound * 1.5
