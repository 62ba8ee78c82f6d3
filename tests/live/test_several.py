"""Several web processes behind one Redis work alike: any of them can take any client on, and any can be restarted."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import websockets

from console.settings import Settings
from console.store.database import Database, open_database
from tests.cast import ADAS_SIM, Cast, add_sim
from tests.cutting.installation import Installation
from tests.cutting.trial import new_installation

pytestmark = pytest.mark.one_edition


@pytest.fixture
async def installation(settings: Settings, tmp_path: Path) -> AsyncIterator[tuple[Installation, Cast]]:
    """Two web processes, and nobody who changes anything."""
    async with new_installation(tmp_path, settings, random.Random(1), 1.0) as found:
        yield found


def stream(port: int, key: str, since: str = "") -> Any:
    address = f"ws://127.0.0.1:{port}/api/v1/stream{f'?since={since}' if since else ''}"
    return websockets.connect(address, additional_headers={"X-API-Key": key}, proxy=None)


async def receive(socket: Any) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = msgspec.json.decode(await asyncio.wait_for(socket.recv(), 5))
        if message["type"] != "stream.heartbeat":
            return message


async def rename(db: Database, cast: Cast, *labels: str) -> None:
    for label in labels:
        async with db.transaction() as transaction:
            await add_sim(transaction, cast.acme, ADAS_SIM, label=label)


async def test_a_client_of_one_process_gets_exactly_what_it_missed_from_another(
    installation: tuple[Installation, Cast],
) -> None:
    (found, cast), (one, other) = installation, installation[0].webs
    async with stream(one.port, cast.acme_key) as socket:
        await receive(socket)
        await rename(found.db, cast, "from the first process")
        received = await receive(socket)
    await rename(found.db, cast, "missed 1", "missed 2")
    async with stream(other.port, cast.acme_key, f"{received['epoch']}:{received['seq']}") as socket:
        hello = await receive(socket)
        assert (hello["type"], hello["resumed"], hello["epoch"]) == ("stream.hello", 2, received["epoch"])
        missed = [await receive(socket), await receive(socket)]
        await rename(found.db, cast, "live")
        live = await receive(socket)
    assert [one["data"]["label"] for one in (*missed, live)] == ["missed 1", "missed 2", "live"]
    assert [one["seq"] for one in (*missed, live)] == [received["seq"] + 1, received["seq"] + 2, received["seq"] + 3]


async def test_a_process_that_has_just_begun_knows_the_past(installation: tuple[Installation, Cast]) -> None:
    (found, cast), (one, other) = installation, installation[0].webs
    async with stream(one.port, cast.acme_key) as socket:
        hello = await receive(socket)
    await rename(found.db, cast, "missed")
    await found.again(other, lambda: other.send(signal.SIGKILL))
    async with stream(other.port, cast.acme_key, f"{hello['epoch']}:{hello['seq']}") as socket:
        again, missed = await receive(socket), await receive(socket)
    assert (again["resumed"], missed["type"], missed["data"]["label"]) == (1, "sim.changed", "missed")


async def test_a_restart_in_good_order_asks_clients_to_come_back_and_ends_what_is_under_way(
    installation: tuple[Installation, Cast], settings: Settings
) -> None:
    (found, cast), (one, other) = installation, installation[0].webs
    plain = open_database(settings.database_url, found.valkey.url)
    headers = {"X-API-Key": cast.acme_key}
    async with (
        stream(one.port, cast.acme_key) as socket,
        httpx.AsyncClient(base_url=one.address, headers=headers, trust_env=False, timeout=10) as client,
        plain.engine.connect() as locking,
    ):
        hello = await receive(socket)
        await client.get("/api/v1/sims")
        await locking.exec_driver_sql("LOCK TABLE quotas IN ACCESS EXCLUSIVE MODE")
        slow = asyncio.create_task(client.get("/api/v1/quotas"))
        await asyncio.sleep(0.3)
        assert not slow.done(), "the request was to be under way"
        one.send(signal.SIGTERM)
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await receive(socket)
        assert not slow.done()
        await locking.rollback()
        assert (await slow).status_code == 200
    await plain.close()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
    assert await one.ended(6)
    await rename(found.db, cast, "missed")
    async with stream(other.port, cast.acme_key, f"{hello['epoch']}:{hello['seq']}") as socket:
        assert (await receive(socket))["resumed"] == 1
