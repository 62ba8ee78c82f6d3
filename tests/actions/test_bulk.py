"""Bulk actions against the simulated 1NCE: whoever is ended between two steps, each SIM is asked for once."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from msgspec import structs

from console.actions.bulk import commands, reads, writes
from console.actions.bulk.asking import template
from console.actions.bulk.rules import MOST_WINDOW
from console.actions.bulk.selection import Selection
from console.errors import Conflict
from console.facts.bulk_actions import BulkAction
from console.members.writes import put_user
from console.organizations.rules import Role
from console.store.database import Database
from jobs.act import act
from jobs.run_bulk_actions import run_bulk_actions
from jobs.sync_sims import sync_sims
from tests.actions.conftest import Operator
from tests.cast import PASSWORD
from tests.simulation import Simulation

pytestmark = pytest.mark.one_edition
QUEUED = sa.text("SELECT id FROM actions WHERE state = 'queued' AND bulk_action_id = :id AND organization_id > 0")


class Bulks:
    """What Otto asks for many SIMs, and a worker's steps."""

    def __init__(self, otto: Operator) -> None:
        self.otto, self.db, self.random = otto, otto.db, Random(11)

    async def begin(self, kind: str, parameters: dict[str, Any], iccids: Sequence[str], key: str) -> BulkAction:
        now = datetime.now(UTC)
        asked = template(kind, parameters, "Ticket 4711", now)
        selection = Selection(iccids=iccids)
        async with self.db.transaction() as transaction:
            made, _ = await writes.plan(transaction, self.otto.caller, asked, selection, key, key, now, stop_percent=5)
            return await commands.begin(transaction, self.otto.caller, made.id, now, undo=timedelta(0))

    async def enabled(self, first: int, number: int) -> list[str]:
        """ICCIDs of SIMs that are enabled, that no other test uses."""
        query = sa.text("SELECT iccid FROM sims WHERE status = 'enabled' AND organization_id = :id ORDER BY iccid")
        async with self.db.reading() as reading:
            found = list((await reading.execute(query, {"id": self.otto.acme.id})).scalars())
        return found[first : first + number]

    async def read(self, bulk: BulkAction) -> BulkAction:
        async with self.db.reading() as reading:
            found = await reads.one(reading, self.otto.acme.id, bulk.id)
        assert found is not None
        return found

    async def step(self) -> None:
        await self.otto.acme.run(run_bulk_actions)

    async def send(self, bulk: BulkAction) -> int:
        """Workers carry out what waits to be sent; how many actions."""
        async with self.db.reading() as reading:
            ids = list((await reading.execute(QUEUED, {"id": bulk.id})).scalars())
        context = {"worker": self.otto.acme.worker}
        await asyncio.gather(
            *(act(context, organization_id=self.otto.acme.id, arguments={"action_id": one}) for one in ids)
        )
        return len(ids)

    async def finish(self, bulk: BulkAction) -> BulkAction:
        while (found := await self.read(bulk)).state == "running":
            await self.step()
            assert await self.send(bulk) <= MOST_WINDOW
        return found

    async def killed_step(self) -> None:
        """A worker that is ended anywhere in its step: between two statements, before or after the commit."""
        step = asyncio.create_task(self.step())
        await asyncio.sleep(self.random.random() * 0.03)
        step.cancel()
        await asyncio.gather(step, return_exceptions=True)


@pytest_asyncio.fixture
async def bulks(otto: Operator, db: Database) -> Bulks:
    await otto.acme.run(sync_sims)
    async with db.transaction() as transaction:
        user_id = await put_user(transaction, otto.acme.id, "otto", Role.OPERATOR, PASSWORD, datetime.now(UTC))
    return Bulks(structs.replace(otto, caller=structs.replace(otto.caller, user_id=user_id)))


async def test_each_sim_is_sent_one_message_whoever_is_ended_between_two_steps(
    bulks: Bulks, simulation: Simulation, db: Database
) -> None:
    iccids = [*await bulks.enabled(40, 30), "8988228066699999999"]
    bulk = await bulks.begin("sms", {"payload": "bulk one"}, iccids, "one")
    assert (bulk.counts.sims, bulk.counts.excluded, bulk.canary, bulk.state) == (30, 1, 2, "running")
    await bulks.step()
    assert (await bulks.read(bulk)).counts.under_way == bulk.canary  # the rest waits for these
    await bulks.step()
    assert (await bulks.read(bulk)).counts.not_started == 28
    await bulks.send(bulk)
    async with db.engine.begin() as connection:  # their effects are not waited for longer than that
        await connection.exec_driver_sql("UPDATE actions SET changed_at = changed_at - interval '3 minutes'")
    for _ in range(12):
        await asyncio.gather(bulks.killed_step(), bulks.send(bulk))
    found = await bulks.finish(bulk)
    assert (found.state, found.counts.accepted, found.counts.not_started) == ("finished", 30, 0)
    ledger = Counter(one["iccid"] for one in await simulation.ask("GET", "ledger") if one["kind"] == "sms")
    assert [ledger[iccid] for iccid in iccids] == [1] * 30 + [0]
    async with db.reading() as reading:
        results, _ = await reads.results(reading, bulks.otto.acme.id, bulk.id, limit=100)
    assert Counter(one.result for one in results) == {"accepted": 30, "excluded": 1}
    assert results[-1].excluded == "not_found"


async def test_a_bulk_action_stops_when_too_many_fail_and_only_what_was_not_done_is_tried_again(
    bulks: Bulks, simulation: Simulation, db: Database
) -> None:
    iccids = await bulks.enabled(70, 40)
    await bulks.otto.fault(path="/reset", kind="status_after", status=500, times=3)
    bulk = await bulks.begin("reset", {}, iccids, "two")
    stopped = await bulks.finish(bulk)
    assert (stopped.state, stopped.counts.unknown) == ("stopped", 2)
    assert "have failed or are unknown; it stops at 5 %" in stopped.explanation
    async with db.transaction() as transaction:
        again, replayed = await commands.retry(transaction, bulks.otto.caller, bulk.id, "again", datetime.now(UTC))
        same, twice = await commands.retry(transaction, bulks.otto.caller, bulk.id, "other", datetime.now(UTC))
    assert (again.counts.sims, again.retry_of, replayed, same.id, twice) == (38, bulk.id, False, again.id, True)
    async with db.reading() as reading:
        unknown, _ = await reads.results(reading, bulks.otto.acme.id, bulk.id, wanted=frozenset({"unknown"}), limit=9)
        listed, _ = await reads.results(reading, bulks.otto.acme.id, again.id, limit=100)
    assert not {one.iccid for one in unknown} & {one.iccid for one in listed}
    async with db.transaction() as transaction:
        await commands.stop(transaction, bulks.otto.caller, again.id, datetime.now(UTC))
        with pytest.raises(Conflict, match="that is not possible now"):
            await commands.pause(transaction, bulks.otto.caller, again.id, datetime.now(UTC))


async def test_the_first_are_as_different_as_possible(bulks: Bulks, simulation: Simulation, db: Database) -> None:
    bulk = await bulks.begin("label", {"label": "diverse"}, await simulation.iccids(), "three")
    kinds = sa.text(
        """SELECT i.place, s.operator, s.country, left(s.imei, 8) FROM bulk_items i
        JOIN sims s USING (organization_id, iccid) WHERE bulk_action_id = :id AND excluded IS NULL ORDER BY place"""
    )
    async with db.reading() as reading:
        rows = [tuple(row) for row in (await reading.execute(kinds, {"id": bulk.id})).all()]
    different = {row[1:] for row in rows}
    assert len({row[1:] for row in rows[: bulk.canary]}) == min(bulk.canary, len(different)) > 1
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
