"""What waits for one connection: the latest of each state, every event, and never more than it may hold."""

import asyncio

import pytest

from console.auth.rules import Caller, Role
from console.live.feed import Heard
from console.live.phrasing import Json
from console.live.subscriber import MOST_BYTES, Subscriber

CALLER = Caller(organization_id=1, organization="Acme", name="ada", role=Role.ADMIN, user_id=1)


def subscriber() -> Subscriber:
    made = Subscriber(CALLER, "program", Json(coalesce=True), frozenset({"fleet"}))
    made.release()
    return made


def heard(seq: int, kind: str, subject: str) -> Heard:
    return Heard(seq, 1, kind, subject, b'{"type":"%s"}' % kind.encode())


async def test_a_state_that_is_overtaken_before_it_is_sent_is_not_sent() -> None:
    waiting = subscriber()
    for seq, kind, subject in (
        (1, "sim.changed", "a"),
        (2, "sim.event", "a"),
        (3, "sim.changed", "a"),
        (4, "sim.event", "a"),
    ):
        waiting.hear(heard(seq, kind, subject), "e")
    assert [text.split('"seq":')[1][0] for text in await waiting.next(gather=0)] == ["2", "3", "4"]


async def test_what_was_heard_already_is_not_heard_again() -> None:
    waiting = subscriber()
    for seq in (1, 2, 2, 1, 3):
        waiting.hear(heard(seq, "sim.event", "a"), "e")
    assert len(await waiting.next(gather=0)) == 3


async def test_a_connection_that_reads_nothing_is_cut_off_with_a_bounded_line() -> None:
    waiting = subscriber()
    for _ in range(2 * MOST_BYTES // 1000):
        waiting.put("x" * 1000)
    assert waiting.closing == 4408
    assert await waiting.next(gather=0) == []


async def test_nothing_leaves_before_the_past_is_out() -> None:
    waiting = Subscriber(CALLER, "program", Json(coalesce=False), frozenset({"fleet"}))
    waiting.put("live")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(waiting.next(gather=0), 0.05)
    waiting.release()
    assert await waiting.next(gather=0) == ["live"]
