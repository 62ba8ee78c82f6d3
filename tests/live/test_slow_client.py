"""A client that reads nothing is cut off, with a bounded queue, and costs the others nothing."""

import asyncio
import base64
import os
import socket
from datetime import UTC, datetime

import msgspec
import pytest
from prometheus_client import REGISTRY

from console.facts.network import NetworkEvent, NetworkEventReported
from console.store.database import Database
from tests.cast import ADAS_SIM, Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition
NOW = datetime.now(UTC)


def connect_and_read_nothing(web: Served, key: str) -> socket.socket:
    """A WebSocket whose owner has shaken hands and gone to sleep."""
    host, port = web.address.removeprefix("http://").split(":")
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect((host, int(port)))
    nonce = base64.b64encode(os.urandom(16)).decode()
    client.sendall(
        f"GET /api/v1/stream HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {nonce}\r\nSec-WebSocket-Version: 13\r\nX-API-Key: {key}\r\n\r\n".encode()
    )
    return client


def cut_off() -> float:
    labels = {"endpoint": "program", "reason": "too slow"}
    return REGISTRY.get_sample_value("console_live_sockets_cut_total", labels) or 0.0


async def publish(db: Database, cast: Cast, first: int, count: int) -> None:
    """Facts of some 4 kB each."""
    async with db.transaction() as transaction:
        for number in range(first, first + count):
            event = NetworkEvent(
                id=str(number), iccid=ADAS_SIM, time=NOW, type=3, name="x", severity="info", description="y" * 4000
            )
            transaction.publish(cast.acme, NetworkEventReported(time=NOW, subject=ADAS_SIM, data=event))


async def test_a_client_that_reads_nothing_is_cut_off_and_the_others_receive_everything(
    web: Served, db: Database, cast: Cast
) -> None:
    before = cut_off()
    sleeper = await asyncio.to_thread(connect_and_read_nothing, web, cast.acme_key)
    received: list[int] = []
    async with web.stream(cast.acme_key) as reader:
        assert "stream.hello" in await reader.recv()

        async def read() -> None:
            while len(received) < 2500:
                message = msgspec.json.decode(await reader.recv())
                if message["type"] == "network.event":
                    received.append(int(message["data"]["id"]))

        reading = asyncio.create_task(read())
        for first in range(0, 2500, 100):
            await publish(db, cast, first, 100)
        await asyncio.wait_for(reading, 20)
    assert received == list(range(2500))
    async with asyncio.timeout(10):
        while cut_off() == before:  # noqa: ASYNC110 (a counter has no event to wait for)
            await asyncio.sleep(0.05)
    sleeper.close()
