"""What thousands ask at once is asked together; each gets its own answer, and what is known after it asked."""

import asyncio
from collections.abc import Collection, Mapping

import pytest

from console.store.lookups import Lookups


class Squares:
    """Answers with the square of each even number, and remembers what it was asked."""

    def __init__(self) -> None:
        self.questions: list[list[int]] = []
        self.fails = False

    async def __call__(self, keys: Collection[int]) -> Mapping[int, int]:
        self.questions.append(sorted(keys))
        await asyncio.sleep(0.01)
        if self.fails:
            raise ConnectionError("the database is away")
        return {key: key * key for key in keys if key % 2 == 0}


async def test_many_share_few_questions_and_the_first_does_not_wait() -> None:
    asked = Squares()
    lookups = Lookups(asked, every_seconds=0.2, longest_seconds=0.2)
    began = asyncio.get_running_loop().time()
    assert await lookups.find(2) == 4
    assert asyncio.get_running_loop().time() - began < 0.2
    found = await asyncio.gather(*(lookups.find(number % 50) for number in range(500)))
    assert found == [(n % 50) ** 2 if n % 2 == 0 else None for n in range(500)]
    assert asked.questions == [[2], list(range(50))]


async def test_who_asks_while_a_question_is_under_way_gets_a_later_answer() -> None:
    asked = Squares()
    lookups = Lookups(asked, every_seconds=0, longest_seconds=0)
    first = asyncio.create_task(lookups.find(2))
    await asyncio.sleep(0.005)
    assert await lookups.find(2) == 4
    assert await first == 4
    assert asked.questions == [[2], [2]]


async def test_a_failure_is_everybodys_and_the_next_question_is_asked_again() -> None:
    asked = Squares()
    lookups = Lookups(asked, every_seconds=0, longest_seconds=0)
    asked.fails = True
    found = await asyncio.gather(lookups.find(2), lookups.find(4), return_exceptions=True)
    assert [type(one) for one in found] == [ConnectionError, ConnectionError]
    asked.fails = False
    assert await lookups.find(4) == 16


async def test_one_that_is_cancelled_takes_nothing_from_the_others() -> None:
    lookups = Lookups(Squares(), every_seconds=0, longest_seconds=0)
    gone, stays = asyncio.create_task(lookups.find(2)), asyncio.create_task(lookups.find(2))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == 4
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_questions_follow_each_other_more_slowly_while_many_come() -> None:
    asked = Squares()
    lookups = Lookups(asked, every_seconds=0.01, longest_seconds=0.2)
    clock = asyncio.get_running_loop().time

    async def rush(seconds: float) -> int:
        before, until, callers = len(asked.questions), clock() + seconds, set[asyncio.Task[int | None]]()
        while clock() < until:
            callers |= {asyncio.create_task(lookups.find(2)) for _ in range(10)}
            await asyncio.sleep(0.005)
        await asyncio.gather(*callers)
        return len(asked.questions) - before

    assert await rush(1) <= 16  # by 0.01 s there would be some fifty
    await asyncio.sleep(0.25)
    began = clock()
    assert await lookups.find(2) == 4  # the first after it does not wait
    assert await lookups.find(4) == 16
    assert clock() - began < 0.2
