"""The programs' stream: every fact that its caller may receive, in order, each once, also after a break."""

import asyncio
import contextlib
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import websockets

from console.api_keys.writes import revoke_key
from console.store.database import Database
from console.store.outbox import EPOCH, SEQUENCE
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, Cast, add_sim
from tests.serving import Served

pytestmark = pytest.mark.one_edition


async def receive(socket: Any, seconds: float = 5.0, *, heartbeats: bool = False) -> dict[str, Any]:
    """The next message; a heartbeat may come at any moment, and is passed over."""
    while True:
        message: dict[str, Any] = msgspec.json.decode(await asyncio.wait_for(socket.recv(), seconds))
        if heartbeats or message["type"] != "stream.heartbeat":
            return message


async def cut_subscriptions(db: Database) -> None:
    """End every subscription to Redis, as a fault of the network would."""
    await db.redis.client_kill_filter(_type="pubsub")


async def rename(db: Database, cast: Cast, label: str, iccid: str = ADAS_SIM) -> None:
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, iccid, label=label)


async def test_hello_comes_first_then_each_change_in_its_order(web: Served, db: Database, cast: Cast) -> None:
    async with web.stream(cast.acme_key) as stream:
        hello = await receive(stream)
        assert hello["type"] == "stream.hello"
        assert hello["resumed"] == 0
        for number in range(5):
            await rename(db, cast, f"name-{number}")
        received = [await receive(stream) for _ in range(5)]
    assert [one["data"]["label"] for one in received] == [f"name-{number}" for number in range(5)]
    assert [one["seq"] for one in received] == list(range(hello["seq"] + 1, hello["seq"] + 6))
    assert {(one["type"], one["epoch"], one["subject"]) for one in received} == {
        ("sim.changed", hello["epoch"], ADAS_SIM)
    }


async def test_who_comes_back_gets_exactly_what_was_missed(web: Served, db: Database, cast: Cast) -> None:
    async with web.stream(cast.acme_key) as stream:
        hello = await receive(stream)
        await rename(db, cast, "numbers")
        numbers = await receive(stream)
    for number in range(7):
        await rename(db, cast, f"missed-{number}")
    await asyncio.sleep(0.1)
    async with web.stream(cast.acme_key, f"?since={hello['epoch']}:{numbers['seq']}") as stream:
        again = await receive(stream)
        assert (again["type"], again["resumed"]) == ("stream.hello", 7)
        missed = [await receive(stream) for _ in range(7)]
        await rename(db, cast, "live")
        live = await receive(stream)
    assert [one["data"]["label"] for one in missed] == [f"missed-{number}" for number in range(7)]
    assert live["seq"] == missed[-1]["seq"] + 1


async def test_who_is_cut_off_again_and_again_while_much_is_published_receives_each_fact_once(
    web: Served, db: Database, cast: Cast
) -> None:
    async def busy() -> None:
        for number in range(120):
            await rename(db, cast, f"busy-{number}", (ADAS_SIM, ADAS_OTHER_SIM)[number % 2])

    async with web.stream(cast.acme_key) as stream:
        hello = await receive(stream)
    writing = asyncio.create_task(busy())
    numbers: list[int] = []
    while not writing.done() or len(numbers) < 120:
        last = numbers[-1] if numbers else hello["seq"]
        async with web.stream(cast.acme_key, f"?since={hello['epoch']}:{last}") as stream:
            assert (await receive(stream))["type"] == "stream.hello"
            with contextlib.suppress(TimeoutError):
                for _ in range(7):
                    numbers.append((await receive(stream, 0.5))["seq"])
    await writing
    assert numbers == list(range(hello["seq"] + 1, hello["seq"] + 121))


@pytest.mark.parametrize("since", ["another:1", "{epoch}:0"])
async def test_who_comes_back_too_late_is_sent_a_reset(web: Served, db: Database, cast: Cast, since: str) -> None:
    async with web.stream(cast.acme_key) as stream:
        epoch = (await receive(stream))["epoch"]
    await db.redis.delete("live:stream")  # the past is gone
    async with web.stream(cast.acme_key, "?since=" + since.format(epoch=epoch)) as stream:
        assert (await receive(stream))["type"] == "stream.hello"
        reset = await receive(stream)
    assert (reset["type"], reset["reason"]) == ("stream.reset", "too_old")


@pytest.mark.parametrize("since", ["{epoch}:", "{epoch}:-1", "{epoch}:1.5", "{epoch}:" + "9" * 18, ":", "1", "null"])
async def test_who_comes_back_with_what_is_no_position_is_sent_a_reset(web: Served, cast: Cast, since: str) -> None:
    async with web.stream(cast.acme_key) as stream:
        epoch = (await receive(stream))["epoch"]
    query = "?since=" + since.format(epoch=epoch)
    async with web.signed_in("ada") as ada:
        opening = web.page_socket(ada, f"{query}&view=sims&topics=fleet")
        async with web.stream(cast.acme_key, query) as program, opening as page:
            for socket in (program, page):
                assert (await receive(socket))["type"] == "stream.hello"
                assert (await receive(socket))["type"] == "stream.reset"


async def test_who_claims_to_have_received_what_was_never_published_looks_afresh_and_then_receives_all(
    web: Served, db: Database, cast: Cast
) -> None:
    async with web.stream(cast.acme_key) as stream:
        epoch = (await receive(stream))["epoch"]
    async with web.stream(cast.acme_key, f"?since={epoch}:99999999999") as stream:
        assert (await receive(stream))["type"] == "stream.hello"
        assert (await receive(stream))["type"] == "stream.reset"
        await rename(db, cast, "published after all")
        assert (await receive(stream))["data"]["label"] == "published after all"


async def test_topics_can_be_taken_and_left(web: Served, db: Database, cast: Cast) -> None:
    async with web.stream(cast.acme_key, f"?topics=sim:{ADAS_SIM}") as stream:
        await receive(stream)
        await rename(db, cast, "not subscribed", ADAS_OTHER_SIM)
        await rename(db, cast, "subscribed")
        assert (await receive(stream))["data"]["label"] == "subscribed"
        await stream.send(msgspec.json.encode({"type": "subscribe", "topics": [f"sim:{ADAS_OTHER_SIM}"]}).decode())
        await stream.send(msgspec.json.encode({"type": "unsubscribe", "topics": [f"sim:{ADAS_SIM}"]}).decode())
        await asyncio.sleep(0.1)
        await rename(db, cast, "left")
        await rename(db, cast, "taken", ADAS_OTHER_SIM)
        assert (await receive(stream))["data"]["label"] == "taken"


async def test_nonsense_from_a_client_is_answered_and_harms_nothing(web: Served, db: Database, cast: Cast) -> None:
    async with web.stream(cast.acme_key) as stream:
        await receive(stream)
        for nonsense in ("", "{", '{"type": "buy"}', '{"type": "subscribe", "topics": ["everything"]}', "x" * 5000):
            await stream.send(nonsense)
            assert (await receive(stream))["type"] == "stream.error"
        await rename(db, cast, "still here")
        assert (await receive(stream))["data"]["label"] == "still here"


async def test_a_wrong_key_is_signed_out_and_a_wrong_topic_is_refused(web: Served, cast: Cast) -> None:
    for key, query, code in (("iot_key_wrong", "", 4401), (cast.acme_key, "?topics=nothing", 1008)):
        async with web.stream(key, query) as stream:
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await stream.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == code


@pytest.mark.usefixtures("quick_heartbeats")
async def test_a_revoked_key_ends_its_connection_within_a_heartbeat(web: Served, db: Database, cast: Cast) -> None:
    async with web.stream(cast.acme_key) as stream:
        await receive(stream)
        assert (await receive(stream, heartbeats=True))["type"] == "stream.heartbeat"
        async with db.transaction() as transaction:
            await revoke_key(transaction, cast.acme_key.rsplit("_", 1)[0], datetime.now(UTC))
        with pytest.raises(websockets.ConnectionClosed) as closed:
            async with asyncio.timeout(3):
                while True:
                    await stream.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


async def test_a_gap_in_what_redis_publishes_is_filled_from_its_stream(web: Served, db: Database, cast: Cast) -> None:
    async with web.stream(cast.acme_key) as stream:
        hello = await receive(stream)
        await cut_subscriptions(db)
        for number in range(3):
            await rename(db, cast, f"while away {number}")
        received: list[dict[str, Any]] = []
        while len(received) < 3:
            message = await receive(stream)
            received += [message] if message["type"] == "sim.changed" else []
    assert [one["seq"] for one in received] == [hello["seq"] + 1, hello["seq"] + 2, hello["seq"] + 3]


async def test_a_redis_that_has_forgotten_everything_begins_a_new_epoch(web: Served, db: Database, cast: Cast) -> None:
    async with web.stream(cast.acme_key) as stream:
        await receive(stream)
        await db.redis.set(EPOCH, "forgotten")
        await db.redis.set(SEQUENCE, 99)
        await cut_subscriptions(db)
        types = [(await receive(stream))["type"] for _ in range(3)]
        assert types == ["stream.stale", "stream.reset", "stream.live"]
        await rename(db, cast, "after the restart")
        first = await receive(stream)
        assert (first["seq"], first["data"]["label"]) == (1, "after the restart")


async def test_a_client_that_another_process_has_brought_further_waits_for_that_position(
    web: Served, db: Database, cast: Cast
) -> None:
    async with web.stream(cast.acme_key) as stream:
        hello = await receive(stream)
    async with web.stream(cast.acme_key, f"?since={hello['epoch']}:{hello['seq'] + 1}") as stream:
        with pytest.raises(TimeoutError):
            await receive(stream, 0.3)
        await rename(db, cast, "received from another process already")
        first = await receive(stream)
        assert (first["type"], first["seq"], first["resumed"]) == ("stream.hello", hello["seq"] + 1, 0)
        await rename(db, cast, "new")
        assert (await receive(stream))["data"]["label"] == "new"


async def test_a_topic_that_another_process_has_drawn_further_waits_for_that_position(
    web: Served, db: Database, cast: Cast
) -> None:
    async with web.stream(cast.acme_key, f"?topics=sim:{ADAS_SIM}") as stream:
        hello = await receive(stream)
        drawn = f"{hello['epoch']}:{hello['seq'] + 1}"
        asked = {"type": "subscribe", "topics": [f"sim:{ADAS_OTHER_SIM}"], "since": drawn}
        await stream.send(msgspec.json.encode(asked).decode())
        await asyncio.sleep(0.2)
        await rename(db, cast, "drawn already", ADAS_OTHER_SIM)
        await asyncio.sleep(0.2)
        await rename(db, cast, "new", ADAS_OTHER_SIM)
        assert (await receive(stream))["data"]["label"] == "new"


async def test_what_was_published_before_a_process_knew_the_new_epoch_is_not_passed_over_in_silence(
    web: Served, db: Database, cast: Cast
) -> None:
    async with web.stream(cast.acme_key) as stream:
        await receive(stream)
        await db.redis.flushall()
        await cut_subscriptions(db)
        assert [(await receive(stream))["type"] for _ in range(3)] == ["stream.stale", "stream.reset", "stream.live"]
        async with db.transaction() as transaction:
            await add_sim(transaction, cast.acme, ADAS_SIM, label="the first of its epoch")
            await cut_subscriptions(db)  # published before the process can subscribe again
        received = [await receive(stream) for _ in range(3)]
    assert [one["type"] for one in received] == ["stream.stale", "sim.changed", "stream.live"]
    assert received[1]["data"]["label"] == "the first of its epoch"


async def test_numbers_that_begin_anew_are_of_another_epoch(web: Served, db: Database, cast: Cast) -> None:
    async with web.stream(cast.acme_key) as stream:
        hello = await receive(stream)
    await asyncio.sleep(0.01)
    await db.redis.flushall()
    for number in range(hello["seq"] + 3):
        await rename(db, cast, f"name-{number}")
    async with web.stream(cast.acme_key, f"?since={hello['epoch']}:{hello['seq']}") as stream:
        again, reset = await receive(stream), await receive(stream)
    assert again["epoch"] != hello["epoch"]
    assert reset["type"] == "stream.reset"
