"""What it costs to choose the next twenty SIMs to ask about, with a hundred thousand of them.

The floor: twenty bare rows by their key. The peer: the order by age without an index of its own,
as a join of the fleet with what 1NCE last answered.
"""

import argparse
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from filling import connected, fill, iccid
from installation import Installation, new_installation
from measuring import Report, run, say, spread, target

from console.polling.reads import fleet, priority_candidates, progress
from console.polling.rules import FLOORS, Kind, Priority
from console.polling.writes import claim_slots
from console.quotas.reconciliation import compared
from console.store.database import Transaction

SLOTS = 20
MOST_MS = 5.0
AGED = """
UPDATE {} SET status_at = now() - interval '1 hour' - right(iccid, 6)::int * 7919 % 40000 * interval '1 second'
"""
PEER = sa.text("""
SELECT s.iccid FROM sims s LEFT JOIN sim_checks c USING (organization_id, iccid)
WHERE s.organization_id = :organization_id AND s.missing_walks < 2
  AND (c.status_at IS NULL OR c.status_at < now() - interval '10 minutes')
ORDER BY c.status_at NULLS FIRST LIMIT 20
""")
BARE = sa.text("SELECT * FROM sims WHERE organization_id = :organization_id AND iccid = ANY (:iccids)")

Ask = Callable[[], Awaitable[Any]]


async def age(installation: Installation) -> None:
    """Give the SIMs slots and answers of many ages, and some of them a change within the hour."""
    connection = await connected(installation)
    try:
        for table in ("poll_slots", "sim_checks"):
            await connection.execute(AGED.format(table))
        await connection.execute("UPDATE sims SET changed_at = now() - interval '1 day'")
        await connection.execute("UPDATE sims SET changed_at = now() WHERE right(iccid, 6)::int % 20 = 0")
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


async def timed(ask: Ask, times: int) -> list[float]:
    """How long each asking takes, after one to warm up."""
    found = []
    await ask()
    for _ in range(times):
        began = time.perf_counter()
        await ask()
        found.append(time.perf_counter() - began)
    return found


async def choosing(installation: Installation, times: int) -> dict[str, Report]:
    """Each way to choose, with its commit where it changes anything."""
    db, organization_id, floors = installation.db, installation.organization_id, FLOORS[Kind.STATUS]
    screen = [iccid(number * 17 + 1) for number in range(500)]

    async def slots(priority: Priority, among: list[str] | None) -> None:
        async with db.transaction() as transaction:
            await _take(transaction, organization_id, floors[priority], among)

    async def asks(share: Callable[..., Awaitable[Any]], *rest: Any, **named: Any) -> None:
        async with db.reading() as connection:
            await share(connection, organization_id, *rest, **named)

    async def bare(query: Any, **named: Any) -> None:
        async with db.reading() as connection:
            (await connection.execute(query, {"organization_id": organization_id, **named})).all()

    now = datetime.now(UTC)
    few = max(3, times // 20)
    ways: dict[str, tuple[Ask, int]] = {
        "20 bare rows by their key": (lambda: bare(BARE, iccids=screen[:SLOTS]), times),
        "the longest unasked": (lambda: slots(Priority.REST, None), times),
        "among 500 on a screen": (lambda: slots(Priority.SCREEN, screen), times),
        "who moved, once in 15 s": (lambda: asks(priority_candidates, Kind.STATUS, floors, now, limit=300), few),
        "peer: the order by age, without an index": (lambda: bare(PEER), few),
        "page: fleet": (lambda: asks(fleet, now, on_screen=0), few),
        "page: progress": (lambda: asks(progress, now), few),
        "page: differences": (lambda: asks(compared, now), few),
    }
    found = {}
    for name, (ask, number) in ways.items():
        say(name)
        found[name] = spread(await timed(ask, number), 50, 95)
    return found


async def _take(transaction: Transaction, organization_id: int, floor: float, among: list[str] | None) -> None:
    now = datetime.now(UTC) + timedelta(hours=1) if among else datetime.now(UTC)  # all on the screen are due
    await claim_slots(transaction, organization_id, Kind.STATUS, now, floor=floor, limit=SLOTS, among=among)


async def bench(chosen: argparse.Namespace) -> Report:
    """Fill a installation, and choose."""
    sims, times = (5_000, 40) if chosen.quick else (chosen.sims, 1_000)
    async with new_installation() as installation:
        await fill(installation, sims)
        await age(installation)
        found = await choosing(installation, times)
        # As the queue is after thousands of slots, with the dead rows that they left at its front.
        later = await choosing(installation, max(3, times // 10))
    rest = found["the longest unasked"]
    return {
        "sims": sims,
        "choosing_20": found,
        "choosing_20_after_all_that": {"the longest unasked": later["the longest unasked"]},
        "ratio_to_floor": round(rest["p50_ms"] / found["20 bare rows by their key"]["p50_ms"], 2),
        "ratio_to_peer": round(rest["p50_ms"] / found["peer: the order by age, without an index"]["p50_ms"], 3),
        "targets": {"choosing_ms": target(rest["p50_ms"], MOST_MS)},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sims", type=int, default=100_000)
    run("slots", bench, parser)
