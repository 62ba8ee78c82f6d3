"""Alerts reach a webhook and a mail server while workers, web, PostgreSQL and Redis die: judged by what has arrived.

Each delivery arrives at least once with its own id, and only one that was in doubt arrives again, marked as such.
"""

import asyncio
import contextlib
import random
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from msgspec import structs

from console.alert_rules import writes as rule_writes
from console.alert_rules.kinds import RuleKind, RuleParameters
from console.alert_rules.writes import NewAlertRule
from console.api_keys.writes import put_key
from console.facts.alerts import Severity
from console.notifications.bodies import ChannelSetting
from console.notifications.rules import ChannelKind
from console.notifications.writes import add_channel
from console.organizations.rules import PERMISSIONS, Role
from console.sims.writes import record_connections
from tests.alerts.conftest import iccids
from tests.cast import placed
from tests.notifications.receiving import Receiver, receiving
from tests.notifications.test_deliveries import REPEATS, mail_id
from tests.processes import until
from tests.worst_hour.failures import postgres_dies, redis_dies, web_dies, worker_dies
from tests.worst_hour.installation import Installation, installed

pytestmark = pytest.mark.one_edition
SECONDS = 90.0  # to each end, on a busy machine
ENDED = "SELECT count(*) FILTER (WHERE state = 'delivered') = count(*) FROM deliveries"
LOST = """
UPDATE deliveries SET claimed_until = now() - interval '1 second'
WHERE state = 'sending' AND sending_at < now() - interval '2 seconds'"""
DUE = "UPDATE deliveries SET due_at = now() WHERE state = 'waiting'"
Fail = Callable[[Installation, random.Random], Awaitable[None]]


async def both_workers_die(installation: Installation, chance: random.Random) -> None:
    for _ in installation.workers:
        await worker_dies(installation, chance)
        await asyncio.sleep(0)  # until it is being killed


# What fails, and whether the receivers hold their answers meanwhile: then what they have taken is in doubt.
FAILURES: tuple[tuple[Fail, bool], ...] = (
    (both_workers_die, True),
    (web_dies, False),
    (postgres_dies, False),
    (redis_dies, True),
    (worker_dies, False),
    (postgres_dies, True),
    (web_dies, True),
    (redis_dies, False),
)


async def rows(installation: Installation, query: str) -> list[Any]:
    async with installation.db.reading() as reading:
        return list((await reading.execute(sa.text(query))).all())


async def prepared(installation: Installation, receiver: Receiver) -> tuple[int, str]:
    """A webhook and a mail channel for critical alerts, and a rule; the webhook's id, and a key that may test it."""
    of, now = installation.cast.evil, datetime.now(UTC)
    settings = structs.replace(
        installation.settings,
        smtp_url=receiver.smtp_url,
        mail_from="console@evil.example",
        webhook_loopback=True,
    )
    setting = ChannelSetting(name="On-call", least_severity=Severity.CRITICAL)
    abroad = NewAlertRule(
        name="Abroad",
        kind=RuleKind.COUNTRY_NOT_ALLOWED,
        parameters=RuleParameters(countries=("DE",)),
        severity=Severity.CRITICAL,
    )
    async with installation.db.transaction() as transaction:
        for kind, target in ((ChannelKind.MAIL, "eve@evil.example"), (ChannelKind.WEBHOOK, receiver.webhook_url)):
            channel, _ = await add_channel(transaction, settings, of, kind, target, setting, "eve", now)
        await transaction.connection.execute(sa.text("UPDATE alert_rules SET enabled = false"))
        await rule_writes.add(transaction, installation.cast.eve, abroad, now)
        return channel, await put_key(transaction, of, "tests", PERMISSIONS[Role.ENGINEER], now)


async def leaves(installation: Installation, iccid: str) -> None:
    """A SIM is in a country where it may not be. Whoever reports it does so until it is taken."""
    while True:
        with contextlib.suppress(OSError, sa.exc.DBAPIError):
            now = datetime.now(UTC)
            async with asyncio.timeout(SECONDS), installation.db.transaction() as transaction:
                row = placed(iccid, now, connection="online", country="US", operator="A", last_seen_at=now)
                await record_connections(transaction, installation.cast.evil, [row], now)
            return
        await asyncio.sleep(0.2)


async def asks_for_test(address: str, key: str, channel: int) -> int | None:
    """The delivery that the web process has taken on; None: it has not answered."""
    with contextlib.suppress(httpx.HTTPError):
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=10) as client:
            path = f"/api/v1/notification-channels/{channel}/test"
            answer = await client.post(path, headers={"Authorization": f"Bearer {key}"}, json={})
            if answer.is_success:
                return int(answer.json()["delivery_id"])
    return None


async def time_passes(installation: Installation) -> None:
    """Claims of dead workers are lost, and what waits for its next attempt is due."""
    with contextlib.suppress(OSError, sa.exc.DBAPIError):
        async with installation.db.engine.begin() as connection:
            await connection.execute(sa.text(LOST))
            await connection.execute(sa.text(DUE))
        async with installation.db.transaction() as transaction:
            transaction.later("deliver", organization_id=installation.cast.evil)


def again(arrived: Iterable[tuple[str, bool]]) -> tuple[Mapping[str, int], set[str]]:
    """How often each id has arrived, and the ids that did once more without saying that they may repeat."""
    times: dict[str, list[bool]] = defaultdict(list)
    for message_id, marked in arrived:
        times[message_id].append(marked)
    return {one: len(marks) for one, marks in times.items()}, {
        one for one, marks in times.items() if not all(marks[1:])
    }


def more(receiver: Receiver, before: tuple[int, int]) -> bool:
    return (len(receiver.posts), len(receiver.mails)) > before


async def fails(installation: Installation, receiver: Receiver, fail: Fail, chance: random.Random) -> None:
    while True:  # until it does
        with contextlib.suppress(OSError, sa.exc.DBAPIError):
            await fail(installation, chance)
            break
    receiver.goes_on.set()


async def test_each_delivery_arrives_and_only_what_was_in_doubt_repeats(tmp_path: Path) -> None:
    chance, taken = random.Random(7), []
    async with receiving() as receiver:
        known = {"SMTP_URL": receiver.smtp_url, "MAIL_FROM": "console@evil.example", "WEBHOOK_LOOPBACK": "yes"}
        async with installed(tmp_path, sims=1, limit=0, webs=1, workers=2, durable=False, known=known) as installation:
            channel, key = await prepared(installation, receiver)
            for iccid, (fail, holds) in zip(iccids(len(FAILURES)), FAILURES, strict=True):
                if holds:
                    receiver.goes_on.clear()
                before = len(receiver.posts), len(receiver.mails)
                await leaves(installation, iccid)
                (address,) = installation.addresses
                asked = asyncio.create_task(asks_for_test(address, key, channel))
                if holds:
                    await until(partial(more, receiver, before), seconds=SECONDS)
                await fails(installation, receiver, fail, chance)
                taken.append(await asked)
                await time_passes(installation)
            while installation.mending:
                await asyncio.gather(*installation.mending)
            async with asyncio.timeout(2 * SECONDS):
                while not await all_have_ended(installation):
                    await time_passes(installation)
                    await asyncio.sleep(1)
            assert [one for one in taken if one], "the web process has taken on some"
            await judged_by_history(installation, receiver, [one for one in taken if one])


async def all_have_ended(installation: Installation) -> bool:
    """Every SIM has its alert, and nothing waits."""
    with contextlib.suppress(OSError, sa.exc.DBAPIError):
        ((alerts,),) = await rows(installation, "SELECT count(*) FROM alerts WHERE state = 'firing'")
        ((ended,),) = await rows(installation, ENDED)
        return bool(alerts == len(FAILURES) and ended)
    return False


async def judged_by_history(installation: Installation, receiver: Receiver, taken: list[int]) -> None:
    """What has arrived against what is written down."""
    found = await rows(installation, "SELECT id, message_id, channel_id, deduplication_key, subject FROM deliveries")
    in_doubt = {
        row.message_id for row in await rows(installation, "SELECT message_id FROM deliveries WHERE may_repeat")
    }
    posts, unmarked_posts = again((one.headers["webhook-id"], REPEATS in one.headers) for one in receiver.posts)
    mails, unmarked_mails = again((mail_id(one), one[REPEATS] is not None) for one in receiver.mails)
    assert {row.message_id for row in found} == {*posts, *mails}, "each has arrived, and nothing else"
    assert (unmarked_posts, unmarked_mails) == (set(), set()), "what repeats says so"
    repeated = {one for one, number in {**posts, **mails}.items() if number > 1}
    assert repeated <= in_doubt, "only what was in doubt repeats"
    assert repeated, "something was in doubt"
    once = Counter((row.channel_id, row.deduplication_key) for row in found)
    assert set(once.values()) == {1}
    assert set(taken) <= {row.id for row in found}, "what the web process has taken on is not forgotten"
    fired = Counter(row.subject for row in found if row.deduplication_key.startswith("alert:"))
    assert sorted(fired.values()) == [2] * len(FAILURES), "each alert went to both, once each"
