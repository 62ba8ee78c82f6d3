"""How fast a worker walks the inventory, against the fastest that 1NCE allows; and what a walk without news costs.

The floor is the number of pages divided by the rate that 1NCE allows. A second walk of the unchanged fleet must write
no row and publish no fact.
"""

import argparse
import asyncio

import sqlalchemy as sa
from installation import Installation, new_installation
from measuring import Report, run, say, target
from processes import printed_json, python_process
from servers import simulated_once

from console.store.outbox import SEQUENCE

SIMS_PER_PAGE = 100
WRITTEN = ("sims", "status_history", "quotas", "usage_records", "network_events", "outbox")
OF_RUN = 2  # facts of the run itself, as it begins and as it ends; each is put into the outbox and taken out
MEGABYTE = 1024 * 1024


OTHERS = sa.text("""
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'console' AND pid <> pg_backend_pid()""")
COUNTED = sa.text("""
    SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables WHERE relname = ANY (:tables)""")


async def written(installation: Installation) -> dict[str, int]:
    """Rows inserted, updated and deleted so far, by table. Waits until every other connection has handed in its own."""
    await installation.db.engine.dispose()
    async with installation.db.reading() as connection:
        for _ in range(200):
            if not (await connection.execute(OTHERS)).scalar_one():
                break
            await asyncio.sleep(0.05)
        return {row[0]: int(row[1]) for row in await connection.execute(COUNTED, {"tables": list(WRITTEN)})}


async def published_facts(installation: Installation) -> int:
    """How many facts have been published so far."""
    return int(await installation.db.redis.get(SEQUENCE) or 0)


async def bench(chosen: argparse.Namespace) -> Report:
    """Two walks by one worker."""
    sims = 4_000 if chosen.quick else chosen.sims
    floor = -(-sims // SIMS_PER_PAGE) / chosen.rate
    walks: list[Report] = []
    async with (
        simulated_once(sims=sims, rate=chosen.rate) as once,
        new_installation(once=once, rate=chosen.rate) as installation,
        python_process("bench/job_runner.py", environment=installation.environment) as worker,
    ):
        for which in ("first", "second"):
            say(f"sync_sims: the {which} walk of {sims} SIMs, {floor:.0f} s at the least")
            rows, facts = await written(installation), await published_facts(installation)
            cost = await printed_json(worker, "sync_sims")
            rows = {name: count - rows[name] for name, count in (await written(installation)).items()}
            walks.append(
                {
                    "seconds": round(cost["seconds"], 2),
                    "ratio_to_floor": round(cost["seconds"] / floor, 3),
                    "worker_cpu_seconds_per_1000_sims": round(cost["cpu_seconds"] / sims * 1000, 4),
                    "worker_peak_mb": round(cost["peak_bytes"] / MEGABYTE, 1),
                    "rows_written": {name: count for name, count in rows.items() if count},
                    "facts_published": await published_facts(installation) - facts,
                }
            )
        async with installation.db.reading() as connection:
            kept = int((await connection.execute(sa.text("SELECT count(*) FROM sims"))).scalar_one())
    first, second = walks
    assert kept == sims, f"{kept} SIMs of {sims} were kept"
    return {
        "sims": sims,
        "allowed_per_second": chosen.rate,
        "floor_seconds": round(floor, 2),
        "first_walk": first,
        "second_walk": second,
        "ratio_to_floor": first["ratio_to_floor"],
        "targets": {
            "first_walk_to_floor": target(first["ratio_to_floor"], 1.1),
            "second_walk_to_floor": target(second["ratio_to_floor"], 1.1),
            "worker_peak_mb": target(max(walk["worker_peak_mb"] for walk in walks), 200),
            "rows_written_by_second_walk": target(sum(second["rows_written"].values()) - 2 * OF_RUN, 0),
            "facts_published_by_second_walk": target(second["facts_published"] - OF_RUN, 0),
        },
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sims", type=int, default=100_000, help="how many SIMs (%(default)s)")
    parser.add_argument("--rate", type=float, default=40.0, help="calls a second that 1NCE allows (%(default)s)")
    run("sync_sims", bench, parser)
