"""The Data Streamer: what it posts, until it is acknowledged, and when it gives up."""

from __future__ import annotations

import asyncio
import base64
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from simulator.fleet.fleet import Fleet
from simulator.stream import PATIENCE, Stream, StreamState
from tests.simulator.conftest import Simulated
from tests.simulator.receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture
def streaming(simulated: Simulated, receiver: Receiver) -> Iterator[Simulated]:
    simulated.sim("POST", "stream", {"to": receiver.address, "user": "ada", "password": "secret"})
    yield simulated
    simulated.sim("POST", "stream", {"state": "paused"})


def test_records_arrive_as_lists_with_basic_auth(started: Callable[..., Simulated], receiver: Receiver) -> None:
    address = ["--stream-to", receiver.address, "--stream-user", "a", "--stream-password", "b"]
    simulated = started("--speed", "300", *address)
    receiver.until(lambda: len(receiver.usage()) > 3 and len(receiver.events()) > 10)
    simulated.sim("POST", "pause")
    headers = receiver.headers[0]
    assert headers["authorization"] == "Basic " + base64.b64encode(b"a:b").decode()
    assert headers["content-type"] == "application/json"
    assert all(1 <= len(post) <= 3000 for post in receiver.posts)
    ids = [record["id"] for record in receiver.records()]
    assert ids == sorted(set(ids))
    assert all(id_ < 2**53 for id_ in ids)


def test_an_event_is_streamed_as_the_events_call_shows_it(streaming: Simulated, receiver: Receiver) -> None:
    iccid = streaming.some("OFFLINE")
    streaming.set(iccid, connection="ONLINE")
    receiver.until(lambda: len(receiver.events()) == 3)
    listed = streaming.get(f"/v2/sims/{iccid}/events?pageSize=3").json()
    assert receiver.events() == listed[::-1]


def test_the_usage_of_records_is_the_fall_of_the_quota(streaming: Simulated, receiver: Receiver) -> None:
    iccids = [streaming.some("ONLINE", n) for n in range(5)]
    before = {iccid: streaming.truth(iccid) for iccid in iccids}
    streaming.sim("POST", "step", {"seconds": 5000})
    for iccid in iccids:
        streaming.set(iccid, connection="OFFLINE", held=True)
    wanted = {iccid: streaming.truth(iccid)["told"] - before[iccid]["told"] for iccid in iccids}

    def told() -> Counter[str]:
        sums: Counter[str] = Counter()
        for record in receiver.usage():
            sums[record["sim"]["iccid"]] += round(record["volume"]["total"] * 1_000_000)
            parts = record["volume"]["tx"] + record["volume"]["rx"]
            assert round(parts, 6) == record["volume"]["total"]
        return sums

    receiver.until(lambda: all(told()[iccid] == round(wanted[iccid] * 1_000_000) for iccid in iccids))
    for iccid in iccids:
        fall = before[iccid]["volume"] - streaming.get(f"/v2/sims/{iccid}/quota/data").json()["volume"]
        untold_before = before[iccid]["used"] - before[iccid]["told"]
        assert told()[iccid] == round((fall + untold_before) * 1_000_000) > 0


def test_only_a_200_acknowledges_and_the_rest_comes_again(streaming: Simulated, receiver: Receiver) -> None:
    receiver.answers = [500, 302]
    streaming.set(streaming.some("OFFLINE"), connection="ATTACHED")
    receiver.until(lambda: len(receiver.events()) == 2)
    assert receiver.posts[0] == receiver.posts[1] == receiver.posts[2] == receiver.accepted[0]
    assert len(receiver.accepted) == 1


def test_a_failed_stream_sends_nothing_until_it_is_started_by_hand(streaming: Simulated, receiver: Receiver) -> None:
    streaming.sim("POST", "stream", {"state": "failed"})
    streaming.set(streaming.some("ONLINE"), connection="ATTACHED")
    assert streaming.sim("GET", "stream")["waiting"] == 0
    streaming.sim("POST", "stream", {"state": "running"})
    streaming.set(streaming.some("ONLINE"), held=True, connection="OFFLINE")
    receiver.until(lambda: len(receiver.events()) == 3)
    assert [event["event_type"]["id"] for event in receiver.events()] == [5, 16, 15]


async def test_a_stream_that_is_refused_for_an_hour_is_given_up(receiver: Receiver) -> None:
    receiver.answers = [503] * 100
    now = [0.0]
    fleet = Fleet(200, 7)
    stream = Stream(fleet.series, 0.01, lambda: now[0])
    fleet.listener = stream
    stream.aim(receiver.address, "a", "b")
    fleet.advance(600)
    running = asyncio.create_task(stream.run())
    await asyncio.to_thread(receiver.until, lambda: len(receiver.posts) > 1)
    now[0] += PATIENCE + 1
    await asyncio.to_thread(receiver.until, lambda: stream.state is not StreamState.RUNNING)
    assert stream.told()["state"] == "failed"
    assert stream.told()["waiting"] == 0
    running.cancel()


async def test_more_than_a_post_holds_is_sent_in_several_at_once(receiver: Receiver) -> None:
    fleet = Fleet(500, 7)
    stream = Stream(fleet.series)
    fleet.listener = stream
    stream.aim(receiver.address, "a", "b")
    fleet.advance(5400)
    waiting = stream.told()["waiting"]
    running = asyncio.create_task(stream.run())
    await asyncio.to_thread(receiver.until, lambda: len(receiver.records()) >= waiting)
    assert [len(post) for post in receiver.posts][:2] == [3000, 3000]
    running.cancel()
