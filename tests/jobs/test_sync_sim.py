"""One SIM is asked about on request: 1NCE confirms what somebody wants to watch, or refuses it."""

import asyncio
from datetime import UTC, datetime

import pytest

from console.once.http.rate_limit import CallPriority, RateLimit
from console.sims import counts_reads, reads
from console.sims.watching_reads import request
from console.sims.watching_rules import SYNC_CALLS, Watch
from console.sims.watching_writes import unwatch, watch
from console.store.database import Database
from jobs.sync_sim import sync_sim
from tests.jobs.conftest import Acme
from tests.simulation import Simulation

pytestmark = pytest.mark.one_edition
NOBODYS = "8988228066600999977"


async def run(acme: Acme, iccid: str) -> None:
    await sync_sim({"worker": acme.worker}, organization_id=acme.id, arguments={"iccid": iccid})


async def asked(db: Database, acme: Acme, iccid: str) -> None:
    async with db.transaction() as transaction:
        await watch(transaction, acme.id, iccid, "ada", datetime.now(UTC))


async def test_1nce_confirms_a_sim_with_four_calls(db: Database, acme: Acme, simulation: Simulation) -> None:
    iccid = (await simulation.iccids())[3]
    await asked(db, acme, iccid)
    await run(acme, iccid)
    async with db.reading() as reading:
        sim = await reads.one(reading, acme.id, iccid)
        assert await request(reading, acme.id, iccid) is None
    assert sim is not None
    assert (sim.watched, sim.source) == (True, "poll")
    assert sim.data_left_bytes is not None
    assert SYNC_CALLS == 4


async def test_it_goes_before_polls(db: Database, acme: Acme, simulation: Simulation) -> None:
    iccid = (await simulation.iccids())[3]
    await asked(db, acme, iccid)
    limits = [RateLimit(db.redis, str(acme.id), requests_per_second=50) for _ in range(5)]

    async def command_on_command(limit: RateLimit) -> None:
        while True:
            await limit.slot(CallPriority.COMMAND)

    others = [asyncio.create_task(command_on_command(limit)) for limit in limits]  # so many that polls get no slot
    try:
        await asyncio.wait_for(run(acme, iccid), 8)
    finally:
        for other in others:
            other.cancel()
        await asyncio.wait(others)
    async with db.reading() as reading:
        assert await reads.one(reading, acme.id, iccid) is not None


async def test_1nce_refuses_an_iccid_that_it_does_not_have(db: Database, acme: Acme) -> None:
    await asked(db, acme, NOBODYS)
    await run(acme, NOBODYS)
    async with db.reading() as reading:
        found = await request(reading, acme.id, NOBODYS)
        assert await reads.one(reading, acme.id, NOBODYS) is None
    assert found is not None
    assert found.state is Watch.REFUSED
    assert found.refusal


async def test_a_sync_does_not_bring_an_unwatched_sim_back(db: Database, acme: Acme, simulation: Simulation) -> None:
    iccid = (await simulation.iccids())[3]
    await asked(db, acme, iccid)
    await run(acme, iccid)
    async with db.transaction() as transaction:
        await unwatch(transaction, acme.id, iccid, "ada", datetime.now(UTC))
    await run(acme, iccid)
    async with db.reading() as reading:
        sim = await reads.one(reading, acme.id, iccid)
        assert (await counts_reads.counts(reading, acme.id)).total == 0
    assert sim is not None
    assert not sim.watched
