"""While 1NCE does not answer, every page says so, programs and figures too; and when it answers again."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import websockets

from console.cli.tail import line
from console.facts.carrier import CarrierChanged, CarrierStatus, CircuitStatus, Operation
from console.once.errors import CircuitOpen, Unavailable
from tests.carrier.conftest import Worker, gauge
from tests.cast import ADAS_SIM, Cast
from tests.parts import html_in
from tests.serving import Served
from tests.simulation import FLEET

pytestmark = pytest.mark.one_edition
DOWN = {"path": "/v2/sims", "kind": "status", "status": 503}
STATE = "console_carrier_circuit_state"
BANNER = "1NCE does not answer since"


async def goes_down(worker: Worker) -> None:
    """1NCE fails all that is asked, until the circuit is open."""
    await worker.simulation.ask("POST", "faults", DOWN)
    iccids = (await worker.simulation.iccids())[:10]
    met = await asyncio.gather(*(worker.client.status(iccid) for iccid in iccids), return_exceptions=True)
    assert all(isinstance(one, Unavailable) for one in met)
    with pytest.raises(CircuitOpen):
        await worker.client.status(iccids[0])


async def comes_back(worker: Worker) -> None:
    """1NCE answers, and a call is forced."""
    await worker.simulation.ask("DELETE", "faults")
    assert await worker.client.check() == FLEET


async def published(socket: Any) -> list[dict[str, Any]]:
    """What was published of the account, until nothing has come for a while."""
    found: list[dict[str, Any]] = []
    while True:
        try:
            message = msgspec.json.decode(await asyncio.wait_for(socket.recv(), 0.5))
        except TimeoutError:
            return found
        if message["type"] == "carrier.changed":
            found.append(message["data"])


async def test_an_open_circuit_is_published_once_and_shown_until_it_is_closed(
    worker: Worker, web: Served, cast: Cast
) -> None:
    async with web.program(cast.acme_key) as program, web.stream(cast.acme_key) as stream:
        await goes_down(worker)
        facts = await published(stream)
        assert [fact["circuit"]["state"] for fact in facts] == ["open"]
        shown = (await program.get("/carrier")).json()["circuit"]
        assert shown == facts[0]["circuit"]
        assert shown["failures"] >= 8
        assert "503" in shown["reason"]
        assert shown["retry_at"] > shown["since"]
        assert await gauge(worker.db, STATE, "acme") == 2
        async with web.signed_in("vera") as vera:
            for path in ("/", "/sims", f"/sims/{ADAS_SIM}", "/jobs", "/carrier"):
                assert BANNER in (await vera.get(path)).text, path
            assert "No job calls 1NCE for now" in (await vera.get("/jobs")).text

        await comes_back(worker)
        assert [fact["circuit"]["state"] for fact in await published(stream)] == ["half_open", "closed"]
        assert (await program.get("/carrier")).json()["circuit"]["state"] == "closed"
        assert await gauge(worker.db, STATE, "acme") == 0
        async with web.signed_in("vera") as vera:
            assert BANNER not in (await vera.get("/sims")).text


def test_the_circuit_is_one_line_of_console_tail() -> None:
    state = CircuitStatus(state="open", reason="no answer in time", failures=8)
    off = [Operation(name="orders.list", description="List the orders", available=False)]
    fact = CarrierChanged(
        time=datetime(2026, 11, 20, tzinfo=UTC), subject=None, data=CarrierStatus(circuit=state, operations=off)
    )
    said = line(msgspec.to_builtins(fact), utc=True)
    assert said.endswith("circuit breaker open · no answer in time · not offered: orders.list")


async def test_eve_neither_sees_nor_receives_acmes_circuit(worker: Worker, web: Served, cast: Cast) -> None:
    async with web.stream(cast.eve_key, "?topics=fleet,jobs,carrier") as stream, web.signed_in("eve") as eve:
        await goes_down(worker)
        assert (await worker.circuit()).state == "open"
        assert await published(stream) == []
        assert BANNER not in (await eve.get("/sims")).text
        async with web.program(cast.eve_key) as program:
            assert (await program.get("/carrier")).json()["circuit"]["state"] == "unknown"
        assert await gauge(worker.db, STATE, "evil") == 0


async def test_a_stranger_gets_no_answer(web: Served) -> None:
    async with web.stranger() as stranger:
        assert (await stranger.get("/api/v1/carrier")).status_code == 401


async def test_every_kind_of_page_receives_the_circuit(worker: Worker, web: Served) -> None:
    async with web.signed_in("vera") as vera:
        for view in ("overview", "sims", "sim", "jobs", "carrier"):
            async with web.page_socket(vera, f"?view={view}&topics=carrier") as socket:
                await socket.recv()
                await (goes_down if (await worker.circuit()).state != "open" else comes_back)(worker)
                texts = await until_banner(socket)
                assert 'id="carrier-banner"' in texts, view


async def until_banner(socket: websockets.ClientConnection) -> str:
    texts = ""
    while "carrier-banner" not in texts:
        texts += html_in(await asyncio.wait_for(socket.recv(), 5))
    return texts


async def test_a_circuit_that_redis_has_forgotten_is_closed(worker: Worker) -> None:
    await goes_down(worker)
    assert (await worker.circuit()).state == "open"
    await worker.db.redis.delete(f"once:{worker.id}:circuit")
    await worker.once_clients.report()
    assert (await worker.circuit()).state == "closed"


async def test_an_open_circuit_is_written_down_if_its_change_was_lost(worker: Worker) -> None:
    open_ = {"state": "open", "until": 2**60, "failures": 8, "reason": "no answer in time"}
    await worker.keep("circuit", open_)
    await worker.once_clients.report()
    written = await worker.circuit()
    assert (written.state, written.reason) == ("open", "no answer in time")
