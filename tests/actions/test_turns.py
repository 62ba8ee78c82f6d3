"""Whether another action changes settings of the same SIM is found by indexes, however many actions are open."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from console.actions import reads
from console.actions.turns_writes import others_at_work
from console.store.database import Database
from tests.cast import Cast

OPEN, SIMS = 10_000, 2_000
MANY = """
    INSERT INTO actions (organization_id, iccid, kind, state, parameters, caller, idempotency_key, requested_by,
                         requested_at, changed_at, expires_at, due_at, steps)
    SELECT $1, '89882280666' || lpad((number % $3)::text, 8, '0'), kind, state,
           jsonb_build_object('by', '89882280666' || lpad((number % $3 + $3)::text, 8, '0')),
           'user:1', 'many ' || number, 'otto', now(), now(), now() + interval '1 hour', now(),
           '[{"state": "queued", "at": "2026-11-20T10:00:00Z", "by": null, "message": null}]'
    FROM generate_series(1, $2) number,
         LATERAL (SELECT (ARRAY['status', 'sms', 'label', 'replace', 'reset'])[number % 5 + 1] AS kind,
                         (ARRAY['queued', 'accepted', 'sending', 'unknown'])[number % 4 + 1] AS state) AS one"""
ACCEPTED, SENDING = "8988228066600000005", "8988228066600000010"  # a status each, of which the second is being sent
TAKING, LABELLED = "8988228066600002018", "8988228066600002002"  # named by a replacement, and by a label


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


async def explained(db: Database, query: "sa.CompoundSelect[Any]") -> list[dict[str, Any]]:
    """The plan's nodes, with what each has read."""
    text = query.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})  # type: ignore[no-untyped-call]
    async with db.engine.connect() as connection:
        (found,) = (await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}")).one()
    plans = json.loads(found) if isinstance(found, str) else found
    return list(nodes(plans[0]["Plan"]))


@pytest.mark.one_edition
async def test_a_claim_of_a_setting_reads_the_actions_of_its_sims_alone(db: Database, cast: Cast) -> None:
    async with db.engine.begin() as connection:
        await connection.exec_driver_sql(MANY, (cast.acme, OPEN, SIMS))
    async with db.engine.connect() as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await autocommit.exec_driver_sql("ANALYZE actions")
    for query in (
        others_at_work(cast.acme, 1, [ACCEPTED]),  # none: all that could be one is read
        reads.concerning(cast.acme, [ACCEPTED, TAKING]),
    ):
        found = await explained(db, query)
        assert {one["Index Name"] for one in found if "Index Name" in one} == {
            "actions_sim_idx",
            "actions_replacing_idx",
        }
        read = sum(one["Actual Loops"] * (one["Actual Rows"] + one.get("Rows Removed by Filter", 0)) for one in found)
        assert read < 100, found


@pytest.mark.one_edition
@pytest.mark.parametrize(
    ("sims", "waits"),
    [([ACCEPTED], False), ([SENDING], True), ([TAKING], True), ([LABELLED], False), ([ACCEPTED, TAKING], True)],
)
async def test_another_action_is_found_by_its_sim_and_by_the_one_that_takes_its_place(
    db: Database, cast: Cast, sims: list[str], waits: bool
) -> None:
    async with db.engine.begin() as connection:
        await connection.exec_driver_sql(MANY, (cast.acme, 20, SIMS))
        found = (await connection.execute(others_at_work(cast.acme, -1, sims))).first()
    assert (found is not None) is waits
