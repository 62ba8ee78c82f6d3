"""Large pages are drawn one at a time, and of each client one."""

import asyncio
import time
from functools import partial

import pytest

from console.pages.drawing import drawn

pytestmark = pytest.mark.one_edition


def slowly(name: str, order: list[str]) -> str:
    time.sleep(0.02)
    order.append(name)
    return name


async def test_who_asks_for_many_keeps_another_waiting_for_one() -> None:
    order: list[str] = []
    many = [asyncio.create_task(drawn("many", partial(slowly, "many", order))) for _ in range(5)]
    await asyncio.sleep(0)
    assert await drawn("one", partial(slowly, "one", order)) == "one"
    assert order.index("one") <= 2
    assert await asyncio.gather(*many) == ["many"] * 5


async def test_one_page_is_drawn_at_a_time_and_one_that_fails_holds_up_none() -> None:
    inside, most = 0, 0

    def draw(name: str) -> str:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.01)
        inside -= 1
        if name == "3":
            raise ValueError(name)
        return name

    found = await asyncio.gather(*(drawn(f"{n}", partial(draw, f"{n}")) for n in range(6)), return_exceptions=True)
    assert [str(one) for one in found] == [f"{n}" for n in range(6)]
    assert most == 1


async def test_short_pages_come_before_long_ones_of_clients_with_many_names() -> None:
    order: list[str] = []
    long = [asyncio.create_task(drawn(f"{n}", partial(slowly, f"long {n}", order), 200)) for n in range(6)]
    await asyncio.sleep(0)
    assert await drawn("one", partial(slowly, "short", order), 50) == "short"
    assert order == ["long 0", "short"]
    await asyncio.gather(*long)
    assert order[2:] == [f"long {n}" for n in range(1, 6)], "in the order in which they were asked for"


async def test_a_long_page_is_passed_over_for_a_while_and_then_drawn() -> None:
    order: list[str] = []
    first = asyncio.create_task(drawn("first", partial(slowly, "first", order), 50))
    await asyncio.sleep(0)
    long = asyncio.create_task(drawn("long", partial(slowly, "long", order), 60))
    while not long.done():  # somebody always waits with a shorter one
        short = [asyncio.create_task(drawn(f"{n}", partial(slowly, "short", order), 50)) for n in range(3)]
        await asyncio.gather(*short)
    await first
    assert 0 < order.index("long") < 20


async def test_who_goes_away_while_waiting_keeps_nobody_from_their_turn() -> None:
    order: list[str] = []
    tasks = [asyncio.create_task(drawn(f"{n}", partial(slowly, f"{n}", order))) for n in range(6)]
    await asyncio.sleep(0.01)
    for task in tasks[:4]:  # one of them is being drawn
        task.cancel()
    assert await asyncio.gather(*tasks[4:]) == ["4", "5"]
    assert await drawn("later", partial(slowly, "later", order)) == "later"
