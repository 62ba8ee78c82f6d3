"""What judging a fleet costs: every SIM by the ready-made rules, a storm, changes of a tenth of it, and of all of it.

Judged in this process, with the worker's event loop and its collection of garbage; PostgreSQL's time is not counted as
ours, and printed apart as the time that all took.
"""

import argparse
import time
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
import uvloop
from filling import fill
from installation import Installation, new_installation
from measuring import Report, forget_peak, peak_bytes, run, target

from console.alerts.judging.applying import Judged
from console.alerts.judging.judge import judge
from console.runs.rules import RunState
from console.runs.writes import Tally, begin, finish
from jobs.garbage import collect_seldom

LEAVE = sa.text("""
    UPDATE sims SET connection = 'offline', changed_at = now(), revision = revision + 1
    WHERE (organization_id, iccid) IN (SELECT organization_id, iccid FROM sims
        WHERE organization_id = :id AND connection IN ('online', 'attached') AND operator = 'Operator 3'
        LIMIT :sims)""")
GROUPS = 10  # the operator's countries: one alert for each
TOUCH = sa.text("""
    UPDATE sims SET revision = revision + 1 WHERE (organization_id, iccid) IN
        (SELECT organization_id, iccid FROM sims WHERE organization_id = :id LIMIT :sims)""")
FIRING = sa.text("SELECT count(*) FROM alerts WHERE organization_id = :id AND state = 'firing'")


async def judged(installation: Installation, now: datetime) -> tuple[Judged, float, float]:
    """Judge until nothing waits: what was done in all, seconds of our processor, seconds."""
    total, began, cpu = Judged(more=True), time.perf_counter(), time.process_time()
    while total.more:
        async with installation.db.transaction() as transaction:
            one = await judge(transaction, installation.organization_id, now)
        total.sims, total.alerts, total.more = total.sims + one.sims, total.alerts + one.alerts, one.more
    return total, time.process_time() - cpu, time.perf_counter() - began


async def change(installation: Installation, statement: "sa.TextClause", sims: int) -> None:
    """Change so many SIMs."""
    async with installation.db.transaction() as transaction:
        values = {"id": installation.organization_id, "sims": sims}
        await transaction.connection.execute(statement, values)


async def poll(installation: Installation, now: datetime) -> None:
    """A poll has just succeeded: silence of a SIM proves nothing before."""
    async with installation.db.transaction() as transaction:
        run_id = await begin(transaction, installation.organization_id, "sync_status", now)
        await finish(transaction, run_id, RunState.DONE, Tally(), now)


async def bench(chosen: argparse.Namespace) -> Report:
    """A first judging, a storm, and changes of different size."""
    sims = 5_000 if chosen.quick else chosen.sims
    async with new_installation() as installation:
        await fill(installation, sims)
        collect_seldom(every=5_000)
        forget_peak()
        first_bytes, now = peak_bytes(), datetime.now(UTC)
        await poll(installation, now)
        first, first_cpu, first_took = await judged(installation, now)
        first_bytes = peak_bytes() - first_bytes
        await change(installation, LEAVE, 5_000)
        async with installation.db.reading() as reading:
            before = (await reading.execute(FIRING, {"id": installation.organization_id})).scalar_one()
        now += timedelta(seconds=3)
        storm, storm_cpu, storm_took = await judged(installation, now)
        async with installation.db.reading() as reading:
            after = (await reading.execute(FIRING, {"id": installation.organization_id})).scalar_one()
        each = {}
        for number in (sims // 10, sims):
            await change(installation, TOUCH, number)
            forget_peak()
            before_bytes = peak_bytes()
            again, again_cpu, again_took = await judged(installation, now)
            each[number] = (again_cpu / number * 1e6, peak_bytes() - before_bytes)
    return {
        "sims": sims,
        "judged_first": first.sims,
        "first_processor_seconds": target(round(first_cpu, 2), 2.0),
        "first_seconds": round(first_took, 2),
        "megabytes_more_in_first_judging": target(round(first_bytes / 1e6, 1), 100.0),
        "judged_again": again.sims,
        "again_processor_seconds": target(round(again_cpu, 2), 2.0),
        "again_seconds": round(again_took, 2),
        "storm_sims": storm.sims,
        "storm_alerts": target(after - before, GROUPS),
        "storm_processor_seconds": round(storm_cpu, 2),
        "storm_seconds": target(round(storm_took, 2), 5.0),
        "microseconds_per_changed_sim": {number: round(cost, 1) for number, (cost, _) in each.items()},
        "ratio_of_these": target(round(each[sims][0] / each[sims // 10][0], 2), 1.5),
        "megabytes_more_while_judging": target(round(each[sims][1] / 1e6, 1), 50.0),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sims", type=int, default=100_000)
    uvloop.install()
    run("alerts", bench, parser, minutes=10)
