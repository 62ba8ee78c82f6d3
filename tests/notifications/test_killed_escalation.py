"""Alerts go on to who follows while workers are killed: each person once in each round, and each page is delivered."""

import asyncio
import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from console.alert_rules.kinds import RuleKind, RuleParameters
from console.facts.alerts import Severity
from console.notifications.bodies import ChannelSetting
from console.notifications.on_call import OnCallPerson, Rota, ShiftLength
from console.notifications.on_call_writes import put_rota
from console.notifications.rules import ChannelKind
from console.notifications.writes import add_channel
from tests.alerts.conftest import Fleet, iccids
from tests.cast import Cast
from tests.notifications.conftest import Sending

pytestmark = pytest.mark.one_edition
NAMES = ("ada", "otto")
KILLS = 3
SENT = "SELECT cardinality(sent_to) FROM escalations"


def worker(sending: Sending) -> subprocess.Popen[bytes]:
    known = {"DATABASE_URL": sending.settings.database_url, "REDIS_URL": sending.settings.redis_url}
    known |= {"SECRET_KEY": sending.settings.secret_key, "WEBHOOK_LOOPBACK": "yes"}
    arguments = [sys.executable, "-m", "tests.notifications.escalating", str(sending.id)]
    return subprocess.Popen(arguments, env={**os.environ, **known})


async def fire(sending: Sending, cast: Cast) -> None:
    """A critical alert fires, and Ada, then Otto, are on call, each by a webhook of their own."""
    fleet = Fleet(sending.db, cast)
    fleet.now = datetime.now(UTC)
    people = []
    async with sending.db.transaction() as transaction:
        for name in NAMES:
            setting = ChannelSetting(name=name, by_route=False)
            channel_id, _ = await add_channel(
                transaction,
                sending.settings,
                sending.id,
                ChannelKind.WEBHOOK,
                sending.receiver.webhook_url,
                setting,
                "ada",
                fleet.now,
            )
            people.append(OnCallPerson(name=name, channel_id=channel_id))
        await put_rota(
            transaction,
            sending.id,
            Rota(
                time_zone="UTC",
                hand_over="08:00",
                shift=ShiftLength.WEEK,
                first_day=date(2020, 1, 6),
                people=people,
                rounds=2,
            ),
        )
    await fleet.polled()
    await fleet.rule(
        kind=RuleKind.COUNTRY_NOT_ALLOWED, parameters=RuleParameters(countries=("DE",)), severity=Severity.CRITICAL
    )
    await fleet.moves(iccids(1), "online", country="US")
    await fleet.judge()


async def rows(sending: Sending, query: str) -> list[object]:
    async with sending.db.reading() as reading:
        return list((await reading.execute(sa.text(query))).scalars())


async def change(sending: Sending, statement: str) -> None:
    async with sending.db.engine.begin() as connection:
        await connection.execute(sa.text(statement))


async def test_kill_9_of_workers_loses_no_page_and_sends_none_to_one_person_twice(sending: Sending, cast: Cast) -> None:
    await fire(sending, cast)
    received = sending.receiver
    (first,) = await rows(sending, "SELECT sent_to[1] FROM escalations")
    order = [first, *(name for name in NAMES if name != first)]
    for step in range(1, KILLS + 1):
        received.goes_on.clear()  # the receiver takes the bytes, and answers nobody
        posts = len(received.posts)
        await change(sending, "UPDATE escalations SET next_at = now() WHERE next_at IS NOT NULL")
        process = worker(sending)
        async with asyncio.timeout(60):
            while len(received.posts) == posts or await rows(sending, SENT) != [step + 1]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        process.kill()
        process.wait()
        received.goes_on.set()
        await change(sending, "UPDATE deliveries SET claimed_until = claimed_until - interval '2 minutes'")
    await sending.send(workers=2)
    assert await rows(sending, "SELECT sent_to FROM escalations") == [(order * 2)[: KILLS + 1]]
    said = await rows(sending, "SELECT text FROM alert_history WHERE change = 'paged' ORDER BY id")
    assert [str(text).partition(";")[0] for text in said] == (order * 2)[: KILLS + 1]
    pages = [one for one in await sending.deliveries() if one.type == "alert.page"]
    assert len(pages) == KILLS + 1
    assert {one.state for one in pages} == {"delivered"}
    ids = Counter(post.headers["webhook-id"] for post in received.posts)
    assert {one.message_id for one in pages} <= set(ids)
    repeated = [post for post in received.posts if post.headers.get("sim-console-may-repeat") == "yes"]
    again = sum(number - 1 for number in ids.values())
    assert again <= len(repeated), "what was sent twice is marked as such"
