"""A run of a job that somebody asks for: asked for once, bounded, refused with the reason, audited, carried out."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from console.api_keys.writes import put_key
from console.errors import TooMany
from console.organizations.rules import PERMISSIONS, Role
from console.runs.asking import ask_for_run
from console.runs.rules import BY_HAND_EVERY, BY_HAND_WITHIN, MOST_BY_HAND
from console.runs.schedule import JOBS
from console.runs.writes import begin
from console.store.database import Database
from jobs.sample_fleet import sample_fleet
from tests.cast import Cast
from tests.jobs.conftest import Acme
from tests.serving import Served

pytestmark = pytest.mark.one_edition
BY_HAND = [job.name for job in JOBS if job.not_by_hand is None]


async def waiting(db: Database) -> list[Any]:
    async with db.reading() as reading:
        query = sa.text("SELECT job, organization_id, arguments FROM job_requests ORDER BY id")
        return [tuple(row) for row in (await reading.execute(query)).all()]


def test_what_needs_arguments_or_belongs_to_no_organization_is_not_run_by_hand() -> None:
    refused = {job.name for job in JOBS} - set(BY_HAND)
    assert refused == set(
        "sync_sim act check_credentials send_reset_link mail_approval refresh_sums sweep_outbox seal_audit".split()
        + "verify_audit prune".split()
    )


async def test_it_is_asked_for_once_and_refused_with_the_reason(web: Served, cast: Cast, db: Database) -> None:
    now = datetime.now(UTC)
    async with db.transaction() as transaction:
        key = await put_key(transaction, cast.acme, "engineer", PERMISSIONS[Role.ENGINEER], now)
    async with web.program(key) as engineer, web.signed_in("ada") as ada, web.signed_in("vera") as vera:
        clicks = await asyncio.gather(*(engineer.post("/jobs/sync_orders/run") for _ in range(6)))
        assert {one.status_code for one in clicks} == {202}
        assert len({one.text for one in clicks}) == 1, "all are the same request"
        assert clicks[0].json()["requested_by"] == "engineer"
        assert await waiting(db) == [("sync_orders", cast.acme, {})]
        async with db.transaction() as transaction:
            await begin(transaction, cast.acme, "sync_quotas", now)
            await begin(transaction, cast.evil, "sync_sms", now)
        for job, status, reason in (
            ("sync_everything", 404, "no such job"),
            ("prune", 409, "for the whole installation"),
            ("act", 409, "works on what somebody asks for"),
            ("sync_quotas", 409, "is running"),
        ):
            refused = await engineer.post(f"/jobs/{job}/run")
            assert (refused.status_code, reason in refused.json()["error"]["message"]) == (status, True), refused.text
        assert (await engineer.post("/jobs/sync_sms/run")).status_code == 202, "Eve's run is not Acme's"
        page = (await ada.get("/jobs")).text
        assert 'aria-label="Run Orders and prices now"' in page
        assert 'aria-label="Run Quotas now"' not in page, "it is running"
        assert 'aria-label="Run Retention now"' not in page
        assert ('data-may-run="yes"' in page, 'data-may-run="no"' in (await vera.get("/jobs")).text) == (True, True)
        again = await ada.post("/jobs/sync_orders/run", headers={"HX-Request": "true"})
        assert ("by <bdi>engineer</bdi>, and not again" in again.text, len(await waiting(db))) == (True, 2)
        assert (await ada.post("/jobs/sync_status/run")).headers["location"] == "/jobs?job=sync_status"
        assert (await vera.post("/jobs/sync_status/run")).status_code == 403
        lines = (await ada.get("/audit?action=job.run")).text
    assert ("Run a job outside its schedule" in lines, "sync_orders" in lines) == (True, True)


async def test_an_organization_asks_for_few_jobs_a_minute_and_for_one_that_waits_once(cast: Cast, db: Database) -> None:
    now = datetime.now(UTC)

    async def ask(job: str, at: datetime) -> datetime:
        async with db.transaction() as transaction:
            return (await ask_for_run(transaction, cast.acme, job, "ada", at)).requested_at

    for job in BY_HAND[:MOST_BY_HAND]:
        assert await ask(job, now) == now
    with pytest.raises(TooMany) as refused:
        await ask(BY_HAND[MOST_BY_HAND], now + timedelta(seconds=40))
    assert refused.value.retry_after == 20
    assert await ask(BY_HAND[0], now + BY_HAND_EVERY * 9) == now, "no worker has begun it"
    assert len(await waiting(db)) == MOST_BY_HAND
    assert await ask(BY_HAND[MOST_BY_HAND], now + BY_HAND_WITHIN) == now + BY_HAND_WITHIN


async def test_a_worker_carries_it_out(acme: Acme) -> None:
    db, now = acme.worker.db, datetime.now(UTC)
    async with db.transaction() as transaction:
        await ask_for_run(transaction, acme.id, "sample_fleet", "ada", now)
    asked = await db.queue.dequeue(timeout=5)
    assert asked is not None
    await sample_fleet({"worker": acme.worker}, **(asked.kwargs or {}))
    assert await waiting(db) == []
    async with db.transaction() as transaction:
        later = now + BY_HAND_EVERY
        assert (await ask_for_run(transaction, acme.id, "sample_fleet", "ada", later)).requested_at == later
