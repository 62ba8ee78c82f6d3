"""The Data Streamer: what it posts, until it is acknowledged, and when it gives up."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from simulator.fleet.fleet import Fleet
from simulator.streamer.data_streamer import PATIENCE, Stream, StreamState
from simulator.streamer.irregularities import Irregularities, Shares
from tests.simulator.conftest import Simulated
from tests.simulator.receiver import Receiver, receiving


def nothing_amiss(fleet: Fleet) -> Irregularities:
    return Irregularities(7, Shares(nulls=0), fleet.numbering.next, fleet.wall)


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
    wanted = {iccid: streaming.truth(iccid)["reported"] - before[iccid]["reported"] for iccid in iccids}

    def reported() -> Counter[str]:
        sums: Counter[str] = Counter()
        for record in receiver.usage():
            sums[record["sim"]["iccid"]] += round(record["volume"]["total"] * 1_000_000)
            parts = record["volume"]["tx"] + record["volume"]["rx"]
            assert round(parts, 6) == record["volume"]["total"]
        return sums

    receiver.until(lambda: all(reported()[iccid] == round(wanted[iccid] * 1_000_000) for iccid in iccids))
    for iccid in iccids:
        fall = before[iccid]["volume"] - streaming.get(f"/v2/sims/{iccid}/quota/data").json()["volume"]
        unreported_before = before[iccid]["used"] - before[iccid]["reported"]
        assert reported()[iccid] == round((fall + unreported_before) * 1_000_000) > 0


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
    stream = Stream(fleet.series, nothing_amiss(fleet), 0.01, lambda: now[0])
    fleet.listener = stream
    stream.send_to(receiver.address, "a", "b")
    fleet.advance(600)
    running = asyncio.create_task(stream.run())
    await asyncio.to_thread(receiver.until, lambda: len(receiver.posts) > 1)
    now[0] += PATIENCE + 1
    await asyncio.to_thread(receiver.until, lambda: stream.state is not StreamState.RUNNING)
    assert stream.as_json()["state"] == "failed"
    assert stream.as_json()["waiting"] == 0
    running.cancel()


async def test_more_than_a_post_holds_is_sent_in_several_at_once(receiver: Receiver) -> None:
    fleet = Fleet(500, 7)
    stream = Stream(fleet.series, nothing_amiss(fleet))
    fleet.listener = stream
    stream.send_to(receiver.address, "a", "b")
    fleet.advance(5400)
    waiting = stream.as_json()["waiting"]
    running = asyncio.create_task(stream.run())
    await asyncio.to_thread(receiver.until, lambda: len(receiver.records()) >= waiting)
    assert [len(post) for post in receiver.posts][:2] == [3000, 3000]
    running.cancel()


def test_messages_and_reports_come_in_the_same_stream(streaming: Simulated, receiver: Receiver) -> None:
    iccid = streaming.listening()
    streaming.set(iccid, says="DOOR open")
    id_ = streaming.texted(iccid)
    streaming.sim("POST", "step", {"seconds": 5})
    receiver.until(lambda: any(record["id"] == int(id_) for record in receiver.records()))
    (said,) = [record for record in receiver.records() if record.get("payload") == "DOOR open"]
    assert said["dest_address"]
    assert said["endpoint"]["name"] == iccid
    (report,) = [record for record in receiver.records() if record["id"] == int(id_)]
    assert report["status"] == {"id": 4, "status": "DELIVERED"}
    assert "final_date" in report
    counted = [record for record in receiver.records() if record.get("traffic_type", {}).get("id") == 6]
    volumes = [record["volume"] for record in counted if record["sim"]["iccid"] == iccid]
    assert volumes == [{"total": 1, "tx": 1, "rx": 0}, {"total": 1, "tx": 0, "rx": 1}]


def test_the_first_generation_has_its_own_words_and_numbers(started: Callable[..., Simulated]) -> None:
    with receiving() as receiver:
        simulated = started("--still", "--stream-generation", "1", "--stream-to", receiver.address)
        iccids = [simulated.some("ONLINE", n) for n in range(18)]  # a volume is a text or a number at random
        for iccid in iccids:
            simulated.set(iccid, volume=0.001, topups=1, use=1.5)
            simulated.set(iccid, volume=0.001)
            simulated.set(iccid, connection="BLOCKED")
        receiver.until(lambda: sum(event["event_type"]["id"] == 11 for event in receiver.events()) == len(iccids))
    severities = {tuple(event["event_severity"].values()) for event in receiver.events()}
    assert severities == {(0, "INFO"), (1, "WARN"), (2, "CRITICAL")}
    warned = [event["detail"]["quota"] for event in receiver.events() if event["event_type"]["id"] == 18]
    assert {type(quota["volume"]) for quota in warned} == {str, float}
    assert all(set(quota) == {"id", "volume", "threshold_volume", "threshold_percentage"} for quota in warned)
    assigned = [event["detail"] for event in receiver.events() if event["event_type"]["id"] in (56, 58)]
    assert len(assigned) == 2 * len(iccids)
    for detail in assigned:
        with pytest.raises(json.JSONDecodeError):
            json.loads(detail)
    assert receiver.usage()
    assert all("cost" in record and "detail" not in record for record in receiver.usage())


def test_the_generation_can_be_changed_while_it_streams(streaming: Simulated, receiver: Receiver) -> None:
    iccid = streaming.some("ONLINE")
    for generation in (1, 2):
        receiver.forget()
        assert streaming.sim("POST", "stream", {"generation": generation})["generation"] == generation
        streaming.set(iccid, use=1)
        receiver.until(lambda: len(receiver.usage()) == 1)
        assert ("cost" in receiver.usage()[0]) is (generation == 1)
    assert streaming.client.post("/_sim/stream", json={"generation": 3}).status_code == 400


async def test_posts_come_twice_and_records_in_disorder_on_demand_and_none_is_lost(receiver: Receiver) -> None:
    fleet = Fleet(300, 7)
    irregularities = Irregularities(7, Shares(nulls=0, duplicates=0.5, disorder=0.5), fleet.numbering.next, fleet.wall)
    stream = Stream(fleet.series, irregularities, 0.01)
    fleet.listener = stream
    stream.send_to(receiver.address, "a", "b")
    running = asyncio.create_task(stream.run())
    for _ in range(20):
        fleet.advance(300)
        await asyncio.sleep(0.03)
    await asyncio.to_thread(receiver.until, lambda: stream.as_json()["waiting"] == 0)
    running.cancel()
    ids = [record["id"] for record in receiver.records()]
    posts = Counter(json.dumps(post) for post in receiver.accepted)
    assert set(posts.values()) == {1, 2}
    assert len(ids) > len(set(ids)) > 1000
    assert ids != sorted(ids)
    straight, listener = Fleet(300, 7), Stream(fleet.series, nothing_amiss(fleet))
    straight.listener = listener
    listener.send_to("http://nowhere", "", "")
    for _ in range(20):
        straight.advance(300)
    assert len(set(ids)) == listener.as_json()["waiting"]


async def test_an_object_may_be_null_and_an_event_about_no_sim(receiver: Receiver) -> None:
    fleet = Fleet(300, 7)
    stream = Stream(fleet.series, Irregularities(7, Shares(nulls=0.3), fleet.numbering.next, fleet.wall), 0.01)
    fleet.listener = stream
    stream.send_to(receiver.address, "a", "b")
    fleet.advance(3600)
    running = asyncio.create_task(stream.run())
    await asyncio.to_thread(receiver.until, lambda: stream.as_json()["waiting"] == 0)
    running.cancel()
    nulls = Counter(name for record in receiver.records() for name, value in record.items() if value is None)
    assert {"sim", "organisation", "tariff", "operator", "imsi", "detail", "endpoint"} <= set(nulls)
    about_the_account = [event for event in receiver.events() if event["event_type"]["id"] in (13, 14)]
    assert about_the_account
    assert all(event["sim"] is None for event in about_the_account)
    named = [record for record in receiver.records() if record["sim"] is None and record["endpoint"] is not None]
    assert named
    assert all(fleet.card(record["endpoint"]["name"]) is not None for record in named)


@pytest.mark.parametrize("asked", [{"nulls": 2}, {"duplicates": -0.1}, {"disorder": "much"}, {"colour": "red"}])
def test_no_such_oddity_is_refused(simulated: Simulated, asked: dict[str, str]) -> None:
    before = simulated.sim("GET", "stream")
    assert simulated.client.post("/_sim/stream", json=asked).status_code == 400
    assert simulated.sim("GET", "stream") == before
