"""Redis' primary is killed under load: sentinels name another, nothing is lost or sent twice, screens return."""

import asyncio
import contextlib
import os
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import msgspec
import pytest
import websockets
from msgspec import structs

from console.connectivity.writes import record_statuses
from console.facts.alerts import Severity
from console.notifications import deliveries_reads as reads
from console.notifications.asking import notify
from console.notifications.bodies import ChannelSetting
from console.notifications.rules import ChannelKind, Notification
from console.notifications.writes import add_channel
from console.settings import Settings, SettingsError, from_environment
from console.store.database import Database, open_database
from console.store.redis_clients import Sentinels, sentinels_of
from tests.cast import ADAS_SIM, Cast, placed
from tests.notifications.receiving import Receiver, receiving
from tests.processes import until
from tests.serving import Served, serving
from tests.store.sentinels import failing_over

pytestmark = pytest.mark.one_edition
CHANGES, KILLED_AT, EVERY = 45, 10, 0.15  # one change each 150 ms, the primary is killed before the eleventh
AT_MOST_SECONDS = 60.0  # after the last change: what the lost primary had taken is asked for again after 30


def test_an_address_names_sentinels() -> None:
    assert sentinels_of("redis+sentinel://s1,s2:26380/main") == Sentinels(
        hosts=(("s1", 26379), ("s2", 26380)), name="main"
    )
    assert sentinels_of("redis+sentinel://app:p%40ss@s1:5000/main/3?sentinel_password=other") == Sentinels(
        hosts=(("s1", 5000),), name="main", db=3, username="app", password="p@ss", sentinel_password="other"
    )


def test_a_wrong_address_stops_the_start_and_a_right_one_is_shown_without_its_password() -> None:
    known = {"DATABASE_URL": "postgresql://a@b/c", "SECRET_KEY": "k" * 32}
    for wrong in ("s1", "s1/main/x", "s1,/main", "s1/main?password=x"):
        with pytest.raises(SettingsError, match="redis\\+sentinel"):
            from_environment({**known, "REDIS_URL": f"redis+sentinel://{wrong}"})
    found = from_environment({**known, "REDIS_URL": "redis+sentinel://:geheim@s1:1,s2:2/main"})
    assert "geheim" not in str(found.shown())


async def _change(db: Database, cast: Cast, number: int) -> None:
    """A SIM moves and a notification is asked for, in one transaction."""
    now = datetime.now(UTC)
    what = Notification(type="alert.firing", time=now, severity=Severity.CRITICAL, title=f"Change {number}")
    async with db.transaction() as transaction:
        moved = placed(ADAS_SIM, now, connection="online" if number % 2 else "offline", operator=f"operator {number}")
        await record_statuses(transaction, cast.acme, [moved], now, "poll")
        await notify(transaction, cast.acme, what, f"change:{number}", now)


async def test_a_killed_primary_costs_no_change_and_repeats_none(
    settings: Settings, db: Database, cast: Cast, tmp_path: Path
) -> None:
    async with failing_over(tmp_path) as failover, receiving() as receiver:
        known = structs.replace(settings, redis_url=failover.url, webhook_loopback=True)
        environment = {
            "DATABASE_URL": settings.database_url.replace("+asyncpg", ""),
            "REDIS_URL": failover.url,
            "SECRET_KEY": settings.secret_key,
            "WEBHOOK_LOOPBACK": "yes",
        }
        load = open_database(known.database_url, known.redis_url, connections=4)
        async with load.transaction() as transaction:
            setting, now = ChannelSetting(name="On-call"), datetime.now(UTC)
            url = receiver.webhook_url
            await add_channel(transaction, known, cast.acme, ChannelKind.WEBHOOK, url, setting, "ada", now)
        output = (tmp_path / "worker.log").open("wb")
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "jobs", env={**os.environ, **environment}, stdout=output
        )
        try:
            await until(lambda: b"worker ready" in (tmp_path / "worker.log").read_bytes(), AT_MOST_SECONDS)
            async with serving(known) as web:
                follower = asyncio.create_task(_follow(web, cast.acme_key))
                for number in range(CHANGES):
                    if number == KILLED_AT:
                        failover.kill_primary()
                    await _change(load, cast, number)
                    await asyncio.sleep(EVERY)
                ended = monotonic()
                await until(lambda: len(_titles(receiver)) >= CHANGES, AT_MOST_SECONDS)
                last = await asyncio.wait_for(follower, AT_MOST_SECONDS)
                took = monotonic() - ended
            assert last == f"operator {CHANGES - 1}"
            assert took < AT_MOST_SECONDS
            titles = Counter(_titles(receiver))
            assert titles == Counter(f"Change {number}" for number in range(CHANGES))
            async with load.reading() as reading:
                deliveries, _ = await reads.page(reading, cast.acme, limit=500)
            assert {(one.attempts, one.may_repeat) for one in deliveries if one.title in titles} == {(1, False)}
        finally:
            worker.terminate()
            try:
                await asyncio.wait_for(worker.wait(), 60)
            finally:
                if worker.returncode is None:
                    worker.kill()
            await load.close()


def _titles(receiver: Receiver) -> list[str]:
    """Of the notifications that have come; alerts of the worker's own come too."""
    found = (msgspec.json.decode(post.body)["data"]["title"] for post in receiver.posts)
    return [title for title in found if title.startswith("Change ")]


async def _follow(served: Served, key: str) -> str:
    """Receive the stream, reset or cut as it may be, until the SIM is as the last change left it; its operator."""
    wanted = f"operator {CHANGES - 1}"
    async with served.program(key) as program:
        while True:
            with contextlib.suppress(websockets.ConnectionClosed):
                async with served.stream(key) as stream:
                    await stream.recv()
                    # What came while nothing could be received is in the snapshot, as every client is to fetch it.
                    if (operator := (await program.get(f"/sims/{ADAS_SIM}")).json()["operator"]) == wanted:
                        return str(operator)
                    async for message in stream:
                        said = msgspec.json.decode(message)
                        if said["type"] == "stream.reset":
                            break
                        if said["type"] == "sim.changed" and said["data"]["operator"] == wanted:
                            return wanted
