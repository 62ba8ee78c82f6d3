"""Messages that are found by asking: kept for longer than 1NCE keeps them, and written once."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from console.facts.sms import Sms
from console.polling.on_screen import show_on_screen
from console.sms import reads
from console.store.database import Database
from console.store.outbox import SEQUENCE
from jobs.sync_sims import sync_sims
from jobs.sync_sms import sync_sms
from tests.jobs.conftest import Acme, acme
from tests.simulation import Simulation

__all__ = ["acme"]


async def messages(db: Database, acme: Acme, iccid: str) -> list[Sms]:
    async with db.reading() as connection:
        return (await reads.of_sim(connection, acme.id, iccid))[0]


async def a_listening_sim(simulation: Simulation) -> str:
    iccid = (await simulation.iccids())[3]
    await simulation.set(iccid, status="Enabled")
    await simulation.set(iccid, connection="ATTACHED")
    return iccid


async def ten_minutes_pass(db: Database) -> None:
    """As if nobody had asked meanwhile."""
    async with db.engine.begin() as writing:
        await writing.execute(sa.text("UPDATE sim_checks SET sms_at = sms_at - interval '10 minutes'"))
        await writing.execute(sa.text("UPDATE poll_slots SET sms_at = sms_at - interval '10 minutes'"))


@pytest.mark.one_edition
async def test_a_message_under_way_is_asked_for_until_it_has_arrived(
    db: Database, acme: Acme, simulation: Simulation
) -> None:
    iccid = await a_listening_sim(simulation)
    await acme.run(sync_sims)
    client = await acme.worker.once_clients.client(acme.id)
    assert client is not None
    await client.commands.send_sms(iccid, "open valve", source_address="4711")
    await show_on_screen(db.redis, acme.id, [iccid], datetime.now(UTC))
    await acme.run(sync_sms)
    (pending,) = await messages(db, acme, iccid)
    assert (pending.status, pending.payload, pending.direction, pending.source) == (
        "pending",
        "open valve",
        "mt",
        "poll",
    )
    await simulation.ask("POST", "step", {"seconds": 5})
    await ten_minutes_pass(db)
    await db.redis.delete(f"screen:{acme.id}")
    await acme.run(sync_sms)
    kept = await messages(db, acme, iccid)  # the device may have answered meanwhile
    (arrived,) = [one for one in kept if one.direction == "mt"]
    assert arrived.status == "delivered"
    assert arrived.final_at is not None
    seq = await db.redis.get(SEQUENCE)
    await ten_minutes_pass(db)
    await show_on_screen(db.redis, acme.id, [iccid], datetime.now(UTC))
    await acme.run(sync_sms)
    assert await messages(db, acme, iccid) == kept
    assert (
        int(await db.redis.get(SEQUENCE)) <= int(seq or 0) + 2
    )  # the run, begun and ended, and nothing of the message
