"""Each notification is delivered at least once with the same id; only one in doubt repeats, and says so."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.message import Message

import pytest
import sqlalchemy as sa
from standardwebhooks.webhooks import Webhook

from console.facts.alerts import Severity
from console.notifications import deliveries_reads as reads
from console.notifications import deliveries_writes as writes
from console.notifications.asking import notify
from console.notifications.deliveries_rules import AttemptOutcome, DeliveryState, Ended
from console.notifications.rules import Notification
from console.notifications.writes import rotate_secret
from console.organizations.flags import Flag
from tests.notifications.conftest import NOW, Sending
from tests.organizations.test_flags import turn
from tests.processes import until

pytestmark = pytest.mark.one_edition
REPEATS = "sim-console-may-repeat"


def mail_id(mail: Message) -> str:
    return str(mail["Message-ID"]).removeprefix("<").partition("@")[0]


def dying(sending: Sending) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "DATABASE_URL": sending.settings.database_url,
        "REDIS_URL": sending.settings.redis_url,
        "SECRET_KEY": sending.settings.secret_key,
        "SMTP_URL": sending.receiver.smtp_url,
        "MAIL_FROM": sending.settings.mail_from or "",
        "WEBHOOK_LOOPBACK": "yes",
    }
    return subprocess.Popen([sys.executable, "-m", "tests.notifications.dying", str(sending.id)], env=environment)


async def test_two_workers_deliver_each_notification_once(sending: Sending) -> None:
    keys = [str(number) for number in range(12)]
    await sending.ask(*keys)
    await sending.ask(*keys)  # asked for again by the same key: it is the same
    await sending.ask("quiet", severity=Severity.INFO)  # nobody's route
    async with sending.db.transaction() as transaction:
        newest = await rotate_secret(transaction, sending.settings, sending.id, sending.webhook, datetime.now(UTC))
    await sending.send(workers=2)
    received, sent = sending.receiver, await sending.deliveries()
    assert {one.state for one in sent} == {DeliveryState.DELIVERED}
    by_webhook = {one.message_id for one in sent if one.channel_id == sending.webhook}
    by_mail = {one.message_id for one in sent if one.channel_id == sending.mail}
    assert len(by_webhook) == len(by_mail) == len(keys)
    assert Counter(post.headers["webhook-id"] for post in received.posts) == Counter(by_webhook)
    assert Counter(map(mail_id, received.mails)) == Counter(by_mail)
    for secret in (newest, sending.secret):  # both sign for a day after the rotation
        said = Webhook(secret).verify(received.posts[0].body, received.posts[0].headers)
        assert (said["type"], said["data"]["severity"]) == ("alert.firing", "critical")
    assert received.mails[0]["To"] == "ada@acme.example, otto@acme.example"
    assert received.mails[0]["Subject"].startswith("[critical] Pump ")
    assert not any(REPEATS in post.headers for post in received.posts)
    assert not any(mail[REPEATS] for mail in received.mails)


async def test_kill_9_between_claim_and_send_delivers_once_and_is_not_in_doubt(sending: Sending) -> None:
    await sending.ask("1")
    async with sending.db.engine.begin() as connection:
        await connection.execute(
            sa.text("LOCK TABLE delivery_attempts IN EXCLUSIVE MODE")
        )  # it comes so far, and waits
        process = dying(sending)
        async with asyncio.timeout(60):
            while await sending.rows("state") != ["sending", "sending"]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        process.kill()
        process.wait()
    await sending.send()
    assert sending.receiver.posts == [], "the claim still holds"
    await sending.passes("claimed_until = claimed_until - interval '2 minutes'")
    await sending.send()
    assert (len(sending.receiver.posts), len(sending.receiver.mails)) == (1, 1)
    assert {(one.state, one.may_repeat) for one in await sending.deliveries()} == {(DeliveryState.DELIVERED, False)}


async def test_kill_9_after_the_send_repeats_what_is_in_doubt_with_the_same_id(sending: Sending) -> None:
    received = sending.receiver
    await sending.ask("1")
    received.goes_on.clear()
    process = dying(sending)
    await until(lambda: received.posts and received.mails, seconds=60)
    process.kill()
    process.wait()
    received.goes_on.set()
    await sending.ask("2")
    await sending.passes("claimed_until = claimed_until - interval '2 minutes'")
    await sending.send(workers=2)
    one, other = (await sending.deliveries())[::2]
    posts = Counter(post.headers["webhook-id"] for post in received.posts)
    assert posts == {one.message_id: 2, other.message_id: 1}
    assert sorted(Counter(map(mail_id, received.mails)).values()) == [1, 2]
    repeated = [(post.headers["webhook-id"], post.headers.get(REPEATS)) for post in received.posts]
    assert sorted(repeated, key=str) == sorted(
        [(one.message_id, None), (one.message_id, "yes"), (other.message_id, None)], key=str
    )
    assert {post.body for post in received.posts if post.headers["webhook-id"] == one.message_id} == {
        received.posts[0].body
    }
    assert sorted(str(mail[REPEATS]) for mail in received.mails) == ["None", "None", "yes"]
    assert [(tried.outcome, tried.may_repeat) for tried in await sending.attempts(one)] == [
        (AttemptOutcome.IN_DOUBT, False),
        (AttemptOutcome.DELIVERED, True),
    ]


async def test_what_is_not_taken_is_sent_again_and_what_nobody_wants_no_more(sending: Sending) -> None:
    received = sending.receiver
    received.answers = [(503, "Retry-After: 600\r\n"), (302, "Location: http://127.0.0.1:1/\r\n")]
    received.mail_answers = ["451 later", "554 never"]
    await sending.ask("1")
    await sending.send()
    post, mail = await sending.deliveries()
    assert timedelta(minutes=9) < post.due_at - datetime.now(UTC) <= timedelta(minutes=10), "as the receiver asks"
    assert timedelta(0) < mail.due_at - datetime.now(UTC) <= timedelta(seconds=6)
    assert (post.attempts, post.state, post.may_repeat) == (1, DeliveryState.WAITING, False)
    await sending.send()
    assert len(received.posts) == 1, "it is not due"
    await sending.passes("due_at = requested_at")
    await sending.send()
    post, mail = await sending.deliveries()
    assert (mail.state, mail.message) == (DeliveryState.FAILED, "never")
    assert "redirects" in str(post.message)
    await sending.passes("due_at = requested_at")
    await sending.send()
    assert [tried.status for tried in await sending.attempts(post)] == [503, 302, 204]
    assert len({one.headers["webhook-id"] for one in received.posts}) == 1

    async with sending.db.transaction() as transaction:
        await writes.redeliver(transaction, sending.id, post.id, datetime.now(UTC))
    received.answers = [(410, "")]
    await sending.send()
    assert received.posts[-1].headers["webhook-id"] == post.message_id
    assert received.posts[-1].headers[REPEATS] == "yes", "it was delivered before"
    await sending.ask("2")
    await sending.send()
    states = [one.state for one in await sending.deliveries() if one.channel_id == sending.webhook]
    assert states == [DeliveryState.FAILED], "410 disables the channel"


async def test_a_channel_that_is_disabled_later_gets_nothing_that_waits_for_it(sending: Sending) -> None:
    await sending.ask("1")
    async with sending.db.engine.begin() as connection:
        await connection.execute(sa.text("UPDATE notification_channels SET enabled = false WHERE kind = 'webhook'"))
    await sending.send()
    assert [one.state for one in await sending.deliveries()] == [DeliveryState.WITHDRAWN, DeliveryState.DELIVERED]
    assert sending.receiver.posts == []


async def test_who_has_lost_a_claim_writes_nothing(sending: Sending) -> None:
    await sending.ask("1")
    now = datetime.now(UTC)
    async with sending.db.transaction() as transaction:
        first, *_ = await writes.claim(transaction, sending.id, now, most=9, busy=[sending.mail])
        assert await writes.claim(transaction, sending.id, now, most=9, busy=[sending.mail]) == []
        assert await writes.note_sending(transaction, sending.id, first, now)
    later = now + timedelta(minutes=2)
    async with sending.db.transaction() as transaction:
        second, *_ = await writes.claim(transaction, sending.id, later, most=9, busy=[sending.mail])
        taken = Ended(outcome=AttemptOutcome.DELIVERED)
        assert await writes.end(transaction, sending.id, first, taken, later) is None
        assert not await writes.note_sending(transaction, sending.id, first, later)
        assert await writes.note_sending(transaction, sending.id, second, later)
    assert second.may_repeat
    assert await sending.rows("state") == ["sending", "waiting"]


async def test_a_notification_is_committed_with_its_job_request_or_not_at_all(sending: Sending) -> None:
    what = Notification(type="alert.firing", time=NOW, severity=Severity.CRITICAL, title="x")
    for key, fails in (("lost", True), ("kept", False)):
        with contextlib.suppress(ZeroDivisionError):
            async with sending.db.transaction() as transaction:
                await notify(transaction, sending.id, what, key, datetime.now(UTC))
                _ = 1 // (not fails)
    assert await sending.rows("deduplication_key") == ["kept", "kept"]
    async with sending.db.reading() as reading:
        asked = await reading.execute(sa.text("SELECT organization_id FROM job_requests WHERE job = 'deliver'"))
        assert set(asked.scalars()) == {sending.id}


async def test_nothing_is_sent_outside_while_that_is_stopped(sending: Sending) -> None:
    await sending.ask("1")
    await turn(sending.db, sending.id, Flag.OUTSIDE_NOTIFICATIONS, on=False)
    await sending.send()
    assert (sending.receiver.posts, sending.receiver.mails) == ([], [])
    assert {one.state for one in await sending.deliveries()} == {DeliveryState.WITHDRAWN}
    await turn(sending.db, sending.id, Flag.OUTSIDE_NOTIFICATIONS, on=True)
    await sending.ask("2")
    await sending.send()
    assert len(sending.receiver.posts) == len(sending.receiver.mails) == 1
    async with sending.db.transaction() as transaction:
        withdrawn = (await sending.deliveries())[0]
        await writes.redeliver(transaction, sending.id, withdrawn.id, datetime.now(UTC))
    await sending.send()
    assert len(sending.receiver.posts) + len(sending.receiver.mails) == 3


async def test_a_receiver_that_was_down_receives_last_that_it_has_ended(sending: Sending) -> None:
    received, now = sending.receiver, datetime.now(UTC)
    await sending.ask("2")
    await sending.send()
    received.answers = [(503, "Retry-After: 3600\r\n")]
    received.mail_answers = ["451 later"]
    await sending.ask("1")
    await sending.send()
    assert sorted(one.state for one in await sending.deliveries()) == ["delivered"] * 2 + ["waiting"] * 2
    received.answers = [(503, "")] * 2  # for what fires still, and for the end of the other
    for key in ("1", "2"):
        ended = Notification(
            type="alert.resolved", time=NOW, severity=Severity.CRITICAL, title=f"Resolved: {key}", subject=key
        )
        async with sending.db.transaction() as transaction:
            await notify(transaction, sending.id, ended, f"{key}:resolved", now, after=key)
    await asyncio.gather(sending.send(), sending.send())
    types = [json.loads(post.body)["type"] for post in received.posts]
    assert types.count("alert.resolved") == 1, "of the one that was told that it fires"
    waiting = [one for one in await sending.deliveries() if one.state is DeliveryState.WAITING]
    found = sorted((one.type, one.subject) for one in waiting)
    ended_too = [("alert.resolved", "1"), ("alert.resolved", "2")]
    assert found == [("alert.firing", "1"), *ended_too], "tried at once, and not taken yet"
    async with sending.db.reading() as reading:
        assert not await reads.work_waits(reading, sending.id, datetime.now(UTC)), "the end is due, and waits"
    await sending.passes("due_at = now() WHERE state = 'waiting'")
    await sending.send()
    received_of: dict[str, list[str]] = {}
    for post in received.posts:
        body = json.loads(post.body)
        received_of.setdefault(body["data"]["subject"], []).append(body["type"])
    assert [sorted(types) for types in received_of.values()] == [*received_of.values()], "what fires, then its end"
    assert [[*dict.fromkeys(types)] for types in received_of.values()] == [["alert.firing", "alert.resolved"]] * 2
    assert {one.state for one in await sending.deliveries()} == {DeliveryState.DELIVERED}
    titles = [str(mail["Subject"]) for mail in received.mails]
    for key in ("1", "2"):
        theirs = [title for title in titles if f"Pump {key}" in title or f"Resolved: {key}" in title]
        assert "Resolved" in theirs[-1]
