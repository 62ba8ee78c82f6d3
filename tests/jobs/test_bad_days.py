"""1NCE on its bad days: down, slow, throttling, answering web pages, changing its words. The screen stays honest."""

from collections.abc import AsyncIterator, Awaitable
from typing import Any, cast

import pytest
import pytest_asyncio

from console.runs import reads as run_reads
from console.sims import reads
from console.store.database import Database
from jobs.refresh_token import refresh_token
from jobs.run import Job
from jobs.sync_connectivity import sync_connectivity
from jobs.sync_quotas import sync_quotas
from jobs.sync_sims import sync_sims
from jobs.sync_status import sync_status
from tests.jobs.conftest import Acme
from tests.simulation import FLEET, Simulation

pytestmark = pytest.mark.one_edition
POLLS: tuple[Job, ...] = (sync_sims, sync_status, sync_connectivity, sync_quotas)
EVERYTHING = "/management-api/"


@pytest_asyncio.fixture(autouse=True)
async def good_again(simulation: Simulation) -> AsyncIterator[None]:
    yield
    await simulation.ask("DELETE", "faults")


async def asked(simulation: Simulation) -> int:
    """Requests that 1NCE has seen, sign-ins included."""
    counts = await simulation.ask("GET", "requests")
    return sum(int(count) for answers in counts["totals"].values() for count in answers.values())


async def states(db: Database, acme: Acme, simulation: Simulation) -> dict[str, Any]:
    async with db.reading() as connection:
        return {sim.iccid: sim for sim in await reads.many(connection, acme.id, await simulation.iccids())}


async def last_runs(db: Database, acme: Acme, job: Job) -> list[Any]:
    async with db.reading() as connection:
        return await run_reads.runs(connection, acme.id, job=job.__name__, limit=5)


async def forget_wait(db: Database, acme: Acme) -> None:
    """Let the time pass for which the circuit is open."""
    if await db.redis.exists(f"once:{acme.id}:circuit"):
        await cast("Awaitable[int]", db.redis.hset(f"once:{acme.id}:circuit", "until", "0"))


@pytest.mark.parametrize(
    "trouble",
    [
        {"kind": "malformed", "status": 502},
        {"kind": "malformed"},
        {"kind": "drop_before"},
        {"kind": "status", "status": 500},
    ],
)
async def test_a_time_without_1nce_is_neither_a_crash_nor_a_flood_and_changes_nothing(
    db: Database, acme: Acme, simulation: Simulation, trouble: dict[str, Any]
) -> None:
    await acme.run(sync_sims)
    await acme.run(sync_status)
    before = await states(db, acme, simulation)
    await simulation.ask("POST", "faults", {"path": EVERYTHING, **trouble})
    count = await asked(simulation)
    for _ in range(12):
        for job in POLLS:
            await acme.run(job)
        await acme.run(refresh_token)
    assert await asked(simulation) - count < 20
    assert await states(db, acme, simulation) == before
    run = (await last_runs(db, acme, sync_sims))[0]
    assert run.state == "failed"
    assert "1NCE" in run.error


async def test_after_an_outage_one_call_tries_and_then_all_is_asked_for_again(
    db: Database, acme: Acme, simulation: Simulation
) -> None:
    await simulation.ask("POST", "faults", {"path": "/v2/", "kind": "malformed", "status": 503})
    await acme.run(sync_sims)
    await acme.run(sync_sims)
    count = await asked(simulation)
    await forget_wait(db, acme)
    await acme.run(sync_sims)
    assert await asked(simulation) - count == 1
    await simulation.ask("DELETE", "faults")
    await forget_wait(db, acme)
    await acme.run(sync_sims)
    assert len(await states(db, acme, simulation)) == FLEET
    assert (await last_runs(db, acme, sync_sims))[0].state == "done"


@pytest.mark.parametrize("retry_after", [None, 1])
async def test_a_1nce_that_throttles_is_waited_for_and_nothing_is_skipped(
    db: Database, acme: Acme, simulation: Simulation, retry_after: int | None
) -> None:
    fault = {"path": "/v2/sims", "kind": "status", "status": 429, "times": 2}
    await simulation.ask("POST", "faults", fault | ({"retry_after": retry_after} if retry_after else {}))
    await acme.run(sync_sims)
    assert len(await states(db, acme, simulation)) == FLEET
    assert not await db.redis.exists(f"once:{acme.id}:circuit")


async def test_a_slow_1nce_is_slow_and_no_more(db: Database, acme: Acme, simulation: Simulation) -> None:
    await simulation.ask("POST", "faults", {"path": "/v2/sims", "kind": "delay", "seconds": 1.5})
    await acme.run(sync_sims)
    assert len(await states(db, acme, simulation)) == FLEET


ODD_LABELS = {
    "a\x00b": "a\ufffdb",
    "".join(chr(0x4E00 + number * 7 % 20_000) for number in range(9_000)): None,  # more than an index can hold
    "\u0301\u0323" * 3_000: None,  # n² steps to normalise
    "\u202e<b>" * 80: "\u202e<b>" * 63 + "\u202e<…",
}


async def test_a_label_that_nobody_would_give_keeps_no_sim_from_being_known(
    db: Database, acme: Acme, simulation: Simulation
) -> None:
    odd = dict(zip(await simulation.iccids(), ODD_LABELS, strict=False))
    before = {iccid: (await simulation.ask("GET", f"sims/{iccid}"))["label"] for iccid in odd}
    try:
        for iccid, label in odd.items():
            await simulation.set(iccid, label=label)
        await acme.run(sync_sims)
    finally:
        for iccid, label in before.items():
            await simulation.set(iccid, label=label)
    known = await states(db, acme, simulation)
    assert set(known) == set(await simulation.iccids())
    for iccid, label in odd.items():
        stored = known[iccid].label
        assert len(stored) <= 255
        assert stored == (ODD_LABELS[label] or label[:254] + "…")


async def test_a_status_that_has_lost_its_word_fails_that_answer_and_leaves_the_old_one_on_the_screen(
    db: Database, acme: Acme, simulation: Simulation
) -> None:
    await acme.run(sync_sims)
    await acme.run(sync_status)
    before = await states(db, acme, simulation)
    await simulation.ask("POST", "faults", {"path": "/status", "kind": "renamed", "field": "status", "to": "state"})
    await db.redis.flushall()
    async with db.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE sim_checks SET status_at = NULL")
        await connection.exec_driver_sql("UPDATE poll_slots SET status_at = 'epoch'")
    await acme.run(sync_status)
    run = (await last_runs(db, acme, sync_status))[0]
    assert (run.state, run.failed) == ("failed", FLEET)
    assert "status" in run.error
    after = await states(db, acme, simulation)
    assert {iccid: sim.connection for iccid, sim in after.items()} == {
        iccid: sim.connection for iccid, sim in before.items()
    }


async def test_a_quota_without_its_volume_is_unknown_and_never_zero(
    db: Database, acme: Acme, simulation: Simulation
) -> None:
    await acme.run(sync_sims)
    await simulation.ask("POST", "faults", {"path": "/quota/data", "kind": "renamed", "field": "volume"})
    await acme.run(sync_quotas)
    found = await states(db, acme, simulation)
    assert {sim.data_left_bytes for sim in found.values()} == {None}
