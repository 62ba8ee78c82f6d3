"""Whether the web server and the worker stay as large as they are while a million pushed records go through them.

Both run as they do for people; their memory is what the system counts as theirs (RSS), every tenth of the way.
"""

import argparse
import asyncio
import time

import httpx
import sqlalchemy as sa
from installation import STREAMER, Installation, new_installation
from measuring import Report, resident_bytes, run, say, target
from processes import python_process
from servers import web_server
from streamed import BATCH, RecordWriter, settle

SIMS = 10_000
WAITING = 8  # posts, at the most: who posts faster than they are taken in would measure the disk
WARM = 0.4  # of the way: by then the largest posts have come, and the heap has found its shape
GROWTH_MB = 12.0  # from then on, over 600,000 records


async def waiting(installation: Installation) -> int:
    """Posts that nobody has taken in yet."""
    async with installation.db.reading() as connection:
        return int((await connection.execute(sa.text("SELECT count(*) FROM streamer_posts"))).scalar_one())


async def caught_up(installation: Installation, most: int) -> None:
    """Come back when no more posts wait than this."""
    while await waiting(installation) > most:  # noqa: ASYNC110 - others fill and empty the table
        await asyncio.sleep(0.05)


async def bench(chosen: argparse.Namespace) -> Report:
    """Post a tenth, let it be taken in, look; ten times."""
    records = 60_000 if chosen.quick else chosen.records
    writer = RecordWriter(SIMS, hours_ago=records / 10_000)
    bodies = writer.batches()
    seen: list[dict[str, float]] = []
    async with new_installation() as installation, web_server(installation) as served, served.client() as client:
        await settle(installation, writer)
        async with python_process("-m", "console", "worker", environment=installation.environment) as worker:
            began, posted = time.perf_counter(), 0
            for tenth in range(1, 11):
                while posted < records * tenth // 10:
                    body = await asyncio.to_thread(next, bodies)
                    answer = await client.post("/streamer/acme", content=body, auth=httpx.BasicAuth(*STREAMER))
                    assert answer.status_code == 200, answer.text
                    posted += BATCH
                    await caught_up(installation, WAITING)
                await caught_up(installation, 0)
                megabytes = {"web": resident_bytes(served.pid) / 2**20, "worker": resident_bytes(worker.pid) / 2**20}
                seen.append(
                    {
                        "records": posted,
                        "seconds": round(time.perf_counter() - began, 1),
                        **{name: round(size, 1) for name, size in megabytes.items()},
                    }
                )
                say(f"memory: {seen[-1]}")
            seconds = time.perf_counter() - began
    warm = [one for one in seen if one["records"] >= records * WARM]
    growth = {name: warm[-1][name] - warm[0][name] for name in ("web", "worker")}
    return {
        "records": posted,
        "records_per_second": round(posted / seconds),
        "megabytes": seen,
        "growth_bytes_per_record": {
            name: round(size * 2**20 / (warm[-1]["records"] - warm[0]["records"]), 2) for name, size in growth.items()
        },
        "targets": {f"{name}_growth_mb": target(size, GROWTH_MB) for name, size in growth.items()},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000, help="in all (%(default)s)")
    run("memory", bench, parser, minutes=10)
