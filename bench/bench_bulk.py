"""Whether one action for many SIMs keeps the rate that 1NCE allows, in flat memory.

A label takes three calls: the SIM is read, changed, and read again. The floor is the number of calls divided by the
rate; polls, which take half of the calls while both wait, have ended before it begins. The worker's memory while the
second half runs is compared with its memory after the first SIMs. Meanwhile the page of the bulk action is open in a
Chromium, and another browser opens it every five seconds.
"""

import argparse
import asyncio
import time
from asyncio.subprocess import Process
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from bulk_screen import watched
from installation import Installation, new_installation
from measuring import Report, run, say, target
from processes import printed_json, python_process
from servers import simulated_once, web_server

from console.actions.bulk import commands, reads, writes
from console.actions.bulk.asking import template
from console.actions.bulk.selection import Selection
from console.facts.bulk_actions import BulkAction
from console.members.reads import caller_of_member
from console.sims.rules import SimFilter

CALLS = 3  # of a label
MEGABYTE = 1024 * 1024
FIRST = 20  # SIMs, after which the worker's memory is looked at
POLLS_SECONDS = 600.0  # that the polls of SIMs that were just found may take
POLLING = sa.text("SELECT EXISTS (SELECT FROM job_requests) OR EXISTS (SELECT FROM job_runs WHERE state = 'running')")
USER = sa.text("SELECT user_id FROM members WHERE organization_id = :id AND role = 'admin' LIMIT 1")


async def begun(installation: Installation) -> BulkAction:
    """A label for every SIM."""
    now, organization_id = datetime.now(UTC), installation.organization_id
    asked = template("label", {"label": "bulk"}, "Ticket 4711", now)
    async with installation.db.transaction() as transaction:
        user_id = (await transaction.connection.execute(USER, {"id": organization_id})).scalar_one()
        caller = await caller_of_member(transaction.connection, organization_id, user_id)
        assert caller is not None
        made, _ = await writes.plan(
            transaction, caller, asked, Selection(wanted=SimFilter()), "bench", "bench", now, stop_percent=5
        )
        return await commands.begin(transaction, caller, made.id, now, undo=timedelta(0))


async def polled(installation: Installation) -> None:
    """Return when the polls that were asked for have ended."""
    async with asyncio.timeout(POLLS_SECONDS), installation.db.reading() as reading:
        while (await reading.execute(POLLING)).scalar():  # noqa: ASYNC110
            await asyncio.sleep(1.0)


async def state(installation: Installation, bulk: BulkAction) -> BulkAction:
    """As it is now."""
    async with installation.db.reading() as reading:
        found = await reads.one(reading, installation.organization_id, bulk.id)
    assert found is not None
    return found


async def peak(worker: Process) -> int:
    """The most memory that the worker has had since it was asked before; what it has logged since is passed over."""
    answer = await printed_json(worker, "memory")
    while "peak_bytes" not in answer:
        say(f"bulk: {answer}")
        answer = await printed_json(worker)
    return int(answer["peak_bytes"])


async def bench(chosen: argparse.Namespace) -> Report:
    """One bulk action over the whole fleet."""
    sims = 100 if chosen.quick else chosen.sims
    async with (
        simulated_once(sims=sims, rate=chosen.rate) as once,
        new_installation(once=once, rate=chosen.rate) as installation,
        python_process("bench/job_runner.py", environment=installation.environment) as walker,
        web_server(installation) as served,
    ):
        await printed_json(walker, "sync_sims")
        async with python_process("bench/bulk_worker.py", environment=installation.environment) as worker:
            await polled(installation)
            began, early = time.perf_counter(), 0
            bulk = await begun(installation)
            planned = time.perf_counter() - began
            floor = bulk.counts.sims * CALLS / chosen.rate
            say(f"bulk: {bulk.counts.sims} SIMs, {floor:.0f} s at the least")
            async with watched(served, f"/bulk-actions/{bulk.id}") as screen:
                while (found := await state(installation, bulk)).state == "running":
                    if not early and found.counts.results >= FIRST:
                        early = await peak(worker)
                    await asyncio.sleep(0.5)
                seconds = time.perf_counter() - began
                late = await peak(worker)
                seen = screen.report()
    assert found.counts.confirmed == bulk.counts.sims, found
    return {
        "sims": bulk.counts.sims,
        "allowed_per_second": chosen.rate,
        "plan_seconds": round(planned, 3),
        "floor_seconds": round(floor, 2),
        "seconds": round(seconds, 2),
        "ratio_to_floor": round(seconds / floor, 3),
        "worker_early_mb": round(early / MEGABYTE, 1),
        "worker_late_mb": round(late / MEGABYTE, 1),
        "screen": seen,
        "targets": {
            "ratio_to_floor": target(round(seconds / floor, 3), 1.05),
            "worker_growth_mb": target(round((late - early) / MEGABYTE, 1), 10),
            "page_p95_ms": target(seen["page"]["p95_ms"], 100),
            "two_frames_p95_ms": target(seen["two_frames"]["p95_ms"], 100),
            "open_page_follows": target(float(len(seen["stood_still_at"])), 0),
        },
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--sims", type=int, default=400, help="how many SIMs; 10,000 take 52 minutes at 10 calls a second (%(default)s)"
    )
    parser.add_argument("--rate", type=float, default=10.0, help="calls a second that 1NCE allows (%(default)s)")
    run("bulk", bench, parser, minutes=70)
