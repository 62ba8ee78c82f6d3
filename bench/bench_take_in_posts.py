"""How many records of the Data Streamer a worker takes in a second, and how long a post of 3,000 waits for its 200.

The floors, in the same run: COPY of the same records, already read, into unlogged tables with the same primary keys;
and for the answer an INSERT of the same post that is safe on disk.
"""

import argparse
import time
from itertools import islice

import httpx
import sqlalchemy as sa
from api_peers.servers import beside
from filling import connected
from installation import STREAMER, Installation, new_installation
from measuring import Report, at_least, cpu_seconds, family_cpu_seconds, run, say, spread, target
from processes import printed_json, python_process
from servers import web_server
from streamed import BATCH, RecordWriter, settle

from console.connectivity.tables import network_events
from console.once.streamer.records import read_batch
from console.store.bulk import Row
from console.usage.tables import usage_records
from jobs.intake.records import event_row, usage_row

SIMS = 10_000
RECORDS_A_SECOND = 25_000.0
RATIO = 6.0  # to the floor
ANSWER_MS = 50.0
TABLES = {"network_events": network_events, "usage_records": usage_records}


async def post(installation: Installation, bodies: list[bytes], posts: int) -> Report:
    """Post the batches to the web server one after the other, again from the first if there are more posts.

    Each batch is left waiting once.
    """
    times: list[float] = []
    async with web_server(installation) as served, served.client() as client:
        cpu = cpu_seconds(served.pid)
        for number in range(posts):
            began = time.perf_counter()
            answer = await client.post(
                "/streamer/acme",
                content=bodies[number % len(bodies)],
                auth=httpx.BasicAuth(*STREAMER),
                headers={"Content-Type": "application/json"},
            )
            times.append(time.perf_counter() - began)
            assert answer.status_code == 200, answer.text
        used = (cpu_seconds(served.pid) - cpu) / posts
    async with installation.db.transaction() as transaction:
        again = sa.text("DELETE FROM streamer_posts WHERE id > (SELECT min(id) + :n - 1 FROM streamer_posts)")
        await transaction.connection.execute(again, {"n": len(bodies)})
    return {**spread(times, 50, 99), "web_cpu_ms": round(used * 1000, 2)}


async def put_again(installation: Installation, bodies: list[bytes]) -> None:
    """Insert the posts once more, as after a post whose answer 1NCE did not receive."""
    async with installation.db.transaction() as transaction:
        for body in bodies:
            again = sa.text("INSERT INTO streamer_posts (organization_id, received_at, body) VALUES (:o, now(), :b)")
            await transaction.connection.execute(again, {"o": installation.organization_id, "b": body})


async def bare(installation: Installation, bodies: list[bytes]) -> float:
    """Seconds for COPY of the same rows into unlogged tables, batch by batch."""
    connection = await connected(installation)
    seconds = 0.0
    try:
        for name, table in TABLES.items():
            key = ", ".join(column.name for column in table.primary_key)
            await connection.execute(f"CREATE UNLOGGED TABLE bare_{name} (LIKE {name}, PRIMARY KEY ({key}))")
        for body in bodies:
            records = read_batch(body)
            found: dict[str, list[Row]] = {
                "network_events": [event_row(record) for record in records.events],
                "usage_records": [usage_row(record) for record in records.usage],
            }
            for name, rows in found.items():
                if rows:
                    columns = ["organization_id", *rows[0]]
                    tuples = [(installation.organization_id, *row.values()) for row in rows]
                    began = time.perf_counter()
                    await connection.copy_records_to_table(f"bare_{name}", records=tuples, columns=columns)
                    seconds += time.perf_counter() - began
    finally:
        await connection.close()
    return seconds


async def bare_posts(installation: Installation, bodies: list[bytes], posts: int) -> Report:
    """The times of an INSERT of each post into a table of its own."""
    connection = await connected(installation)
    times: list[float] = []
    try:
        await connection.execute("CREATE TABLE bare_posts (id bigserial PRIMARY KEY, body bytea NOT NULL)")
        await connection.execute("ALTER TABLE bare_posts ALTER body SET STORAGE EXTERNAL")
        for number in range(posts):
            began = time.perf_counter()
            await connection.execute("INSERT INTO bare_posts (body) VALUES ($1)", bodies[number % len(bodies)])
            times.append(time.perf_counter() - began)
        await connection.execute("DROP TABLE bare_posts")
    finally:
        await connection.close()
    return spread(times, 50, 99)


async def kept(installation: Installation) -> dict[str, int]:
    """Rows of each kind, and batches that still wait."""
    async with installation.db.reading() as connection:
        return {
            name: int((await connection.execute(sa.text(f"SELECT count(*) FROM {name}"))).scalar_one())
            for name in (*TABLES, "streamer_posts", "unknown_records")
        }


async def bench(chosen: argparse.Namespace) -> Report:
    """Post, take in, take in once more; then the floor."""
    batches, posts = (4, 20) if chosen.quick else (chosen.batches, 100)
    writer = RecordWriter(SIMS, hours_ago=2)
    bodies = list(islice(writer.batches(), batches))
    records = batches * BATCH
    async with (
        new_installation() as installation,
        python_process("bench/job_runner.py", environment=installation.environment) as worker,
    ):
        await settle(installation, writer)
        say(f"take_in_posts: {posts} posts")
        bare_answered = await bare_posts(installation, bodies, posts)
        answered = await post(installation, bodies, posts)
        say(f"take_in_posts: taking in {records} records")
        postgres, _ = await beside(installation)
        database = family_cpu_seconds(postgres)
        first = await printed_json(worker, "take_in_posts")
        database = family_cpu_seconds(postgres) - database
        found = await kept(installation)
        assert found["streamer_posts"] == 0, "batches were left"
        assert found["unknown_records"] == 0, "records were not understood"
        await put_again(installation, bodies)
        say("take_in_posts: the same once more")
        again = await printed_json(worker, "take_in_posts")
        assert await kept(installation) == found, "what came twice was kept twice"
        floor = await bare(installation, bodies)
    rate, floor_rate = records / first["seconds"], records / floor
    return {
        "records": records,
        "events": found["network_events"],
        "usage_records": found["usage_records"],
        "body_bytes": sum(map(len, bodies)) // batches,
        "records_per_second": round(rate),
        "records_per_second_when_known": round(records / again["seconds"]),
        "worker_cpu_us_per_record": round(first["cpu_seconds"] / records * 1e6, 1),
        "database_cpu_us_per_record": round(database / records * 1e6, 1),
        "worker_share_of_time": round(first["cpu_seconds"] / first["seconds"], 2),
        "floor_records_per_second": round(floor_rate),
        "ratio_to_floor": round(floor_rate / rate, 2),
        "answer": answered,
        "floor_answer": bare_answered,
        "answer_ratio_to_floor": round(answered["p50_ms"] / bare_answered["p50_ms"], 2),
        "targets": {
            "records_per_second": at_least(rate, RECORDS_A_SECOND),
            "ratio_to_floor": target(floor_rate / rate, RATIO),
            "answer_p99_ms": target(answered["p99_ms"], ANSWER_MS),
        },
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=30, help="batches of 3,000 records (%(default)s)")
    run("take_in_posts", bench, parser)
