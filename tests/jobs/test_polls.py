"""Polling: what 1NCE says is what the database says, and nothing is written when nothing is new."""

from typing import Any

import pytest
import sqlalchemy as sa

from console.connectivity import reads as connectivity_reads
from console.once.queries import SIMS_PER_PAGE
from console.runs import reads as run_reads
from console.sims import counts_reads, reads
from console.sims.rules import SimFilter
from console.store.database import Database
from console.store.outbox import SEQUENCE
from jobs import sync_connectivity as connectivity_job
from jobs import sync_quotas, sync_status
from jobs.polling.poll import STOP_AFTER_FAILURES
from jobs.sync_connectivity import sync_connectivity
from jobs.sync_sims import sync_sims
from tests.jobs.conftest import Acme
from tests.simulation import FLEET, Simulation

RUNS = 3  # a run ends with its minute, done or not: on a busy machine the next goes on
WATCHED = ("sims", "quotas", "status_history", "network_events", "usage_records")


async def physical_rows(db: Database) -> dict[str, list[Any]]:
    """Where each row lies, and who last wrote or locked it."""
    async with db.reading() as connection:
        return {
            table: sorted(
                tuple(row)
                for row in await connection.execute(sa.text(f"SELECT ctid::text, xmin::text, xmax::text FROM {table}"))
            )
            for table in WATCHED
        }


async def make_all_due(db: Database) -> None:
    """As if all that was asked had been asked long ago."""
    async with db.engine.begin() as writing:
        for table in ("poll_slots", "sim_checks"):
            columns = ("status_at", "events_at", "data_quota_at", "sms_quota_at", "sms_at")
            earlier = ", ".join(f"{name} = {name} - interval '2 days'" for name in columns)
            await writing.execute(sa.text(f"UPDATE {table} SET {earlier}"))


async def test_a_walk_keeps_the_whole_inventory(db: Database, acme: Acme, simulation: Simulation) -> None:
    await acme.run(sync_sims)
    async with db.reading() as connection:
        found = await reads.page(connection, acme.id, SimFilter(), limit=500)
        run = await run_reads.last_done(connection, acme.id, "sync_sims")
    assert {sim.iccid for sim in found.items} == set(await simulation.iccids())
    assert run is not None
    assert (run.seen, run.changed, run.failed) == (FLEET, FLEET, 0)


async def test_a_second_walk_of_an_unchanged_fleet_writes_no_row_and_publishes_no_fact(
    db: Database, acme: Acme
) -> None:
    await acme.run(sync_sims)
    before, seq = await physical_rows(db), await db.redis.get(SEQUENCE)
    await acme.run(sync_sims)
    assert await physical_rows(db) == before
    assert int(await db.redis.get(SEQUENCE)) == int(seq or 0) + 2  # the run began, and ended


async def test_statuses_quotas_and_events_are_what_1nce_says(db: Database, acme: Acme, simulation: Simulation) -> None:
    await acme.run(sync_sims)
    for job in (sync_status.sync_status, sync_quotas.sync_quotas, sync_connectivity):
        for _ in range(RUNS):
            await acme.run(job)
    async with db.reading() as connection:
        found = await reads.page(connection, acme.id, SimFilter(), limit=500)
        events, _ = await connectivity_reads.events(connection, acme.id, limit=50)
    for sim in found.items:
        truth = await simulation.ask("GET", f"sims/{sim.iccid}")
        assert sim.connection == truth["connection"].lower()
        assert sim.data_left_bytes == round(truth["volume"] * 1_048_576)
        assert sim.source == "poll"
    assert events
    before = await physical_rows(db)
    for job in (sync_status.sync_status, sync_quotas.sync_quotas, sync_connectivity):
        await db.redis.flushall()
        await make_all_due(db)
        await acme.run(job)
    assert await physical_rows(db) == before


async def test_a_change_found_by_a_poll_is_published_once_with_its_history(
    db: Database, acme: Acme, simulation: Simulation
) -> None:
    await acme.run(sync_sims)
    await acme.run(sync_status.sync_status)
    online = [one["iccid"] for one in await simulation.ask("GET", "sims?connection=ONLINE&size=1000&page=1")]
    await simulation.set(online[0], connection="OFFLINE")
    try:
        await make_all_due(db)
        seq = int(await db.redis.get(SEQUENCE))
        await acme.run(sync_status.sync_status)
        async with db.reading() as connection:
            history, _ = await connectivity_reads.history(connection, acme.id, iccid=online[0])
        assert [moment.connection for moment in history] == ["offline", "online"]
        assert int(await db.redis.get(SEQUENCE)) == seq + 3  # the SIM, and the run that found it: begun and ended
    finally:
        await simulation.set(online[0], connection="ONLINE")


@pytest.mark.one_edition
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "malformed"},
        {"kind": "drop_before"},
        {"kind": "drop_after"},
        {"kind": "status", "status": 429, "retry_after": 1},
        {"kind": "expire_token", "times": 1},
    ],
)
async def test_a_1nce_that_stumbles_costs_no_sim(
    db: Database, acme: Acme, simulation: Simulation, fault: dict[str, Any]
) -> None:
    await simulation.ask("POST", "faults", {"path": "/v2/sims$", "times": 2, **fault})
    try:
        await acme.run(sync_sims)
    finally:
        await simulation.ask("DELETE", "faults")
    async with db.reading() as connection:
        assert await reads.count(connection, acme.id, SimFilter()) == FLEET


@pytest.mark.one_edition
async def test_a_1nce_that_answers_html_fails_the_run_with_a_sentence(
    db: Database, acme: Acme, simulation: Simulation
) -> None:
    await simulation.ask("POST", "faults", {"path": "/v2/sims$", "kind": "status", "status": 410})
    try:
        await acme.run(sync_sims)
    finally:
        await simulation.ask("DELETE", "faults")
    async with db.reading() as connection:
        run = (await run_reads.runs(connection, acme.id, job="sync_sims"))[0]
    assert run.state == "failed"
    assert run.error
    assert "Gone" in run.error


@pytest.mark.one_edition
async def test_a_run_that_was_cut_off_goes_on_where_it_stopped(
    db: Database, acme: Acme, simulation: Simulation
) -> None:
    async with db.engine.begin() as writing:
        await writing.execute(
            sa.text(
                "INSERT INTO job_runs (organization_id, job, state, started_at, heartbeat_at, progress) VALUES"
                " (:id, 'sync_sims', 'running', now() - interval '5 min', now() - interval '5 min', '{\"page\": 2}')"
            ),
            {"id": acme.id},
        )
    await acme.run(sync_sims)
    async with db.reading() as connection:
        runs = await run_reads.runs(connection, acme.id, job="sync_sims")
    assert [(run.state, run.seen) for run in runs] == [("done", FLEET - SIMS_PER_PAGE), ("interrupted", 0)]


@pytest.mark.one_edition
async def test_one_unknown_sim_does_not_stop_the_others(
    db: Database, acme: Acme, simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    await acme.run(sync_sims)
    gone = (await simulation.iccids())[5]
    await simulation.set(gone, listed=False)
    try:
        await acme.run(sync_status.sync_status)
    finally:
        await simulation.set(gone, listed=True)
    async with db.reading() as connection:
        run = (await run_reads.runs(connection, acme.id, job="sync_status"))[0]
        counts = await counts_reads.counts(connection, acme.id)
    assert (run.state, run.seen, run.failed) == ("done", FLEET, 1)
    assert counts.connection["unknown"] == 1
    assert STOP_AFTER_FAILURES > 1


async def test_events_beyond_the_first_page_are_asked_for_too(
    db: Database, acme: Acme, simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    await acme.run(sync_sims)
    client = await acme.worker.once_clients.client(acme.id)
    assert client is not None
    # How many events a SIM has depends on the hour and the day, but some of them have enough for a second page.
    for iccid in await simulation.iccids():
        said = {str(event.id) for event in (await client.events(iccid)).events}
        if (page := len(said) // connectivity_job.PAGES + 1) < len(said):
            break
    else:
        pytest.fail("no simulated SIM has enough events for a second page")
    monkeypatch.setattr(connectivity_job, "EVENTS", page)
    await acme.run(sync_connectivity)
    async with db.reading() as connection:
        known, _ = await connectivity_reads.events(connection, acme.id, iccid=iccid, limit=200)
    assert {event.id for event in known} >= said


async def test_an_account_without_sms_quotas_has_its_data_quotas_in_the_same_run(
    db: Database, acme: Acme, simulation: Simulation
) -> None:
    await acme.run(sync_sims)
    await simulation.ask("POST", "faults", {"path": "/quota/sms", "kind": "status", "status": 410})
    try:
        await acme.run(sync_quotas.sync_quotas)
    finally:
        await simulation.ask("DELETE", "faults")
    async with db.reading() as connection:
        found = await reads.page(connection, acme.id, SimFilter(), limit=500)
        run = (await run_reads.runs(connection, acme.id, job="sync_quotas"))[0]
    assert all(sim.data_left_bytes is not None for sim in found.items)
    assert run.seen == FLEET
