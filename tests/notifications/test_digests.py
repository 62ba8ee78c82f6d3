"""What a channel has held in its quiet hours is sent as one, once, and nothing of it is lost or sent twice."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from msgspec import structs

from console.errors import Conflict
from console.facts.alerts import Severity
from console.notifications.asking import notify
from console.notifications.deliveries_writes import redeliver
from console.notifications.digests import MOST_LINES, Held, digest_of
from console.notifications.rules import Notification
from console.silences.writes import gather_held
from tests.notifications.conftest import Sending

pytestmark = pytest.mark.one_edition
NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


def said(number: int, kind: str = "firing", severity: Severity = Severity.WARNING) -> Notification:
    time = NOW - timedelta(hours=8) + timedelta(minutes=number)
    return Notification(type=f"alert.{kind}", time=time, severity=severity, title=f"Pump {number}", subject=str(number))


def test_each_is_a_line_and_what_has_resolved_stands_beside_its_beginning() -> None:
    notifications = [said(1), said(2, severity=Severity.CRITICAL), said(1, "resolved"), said(3, "resolved")]
    found = digest_of(Held(channel_id=1, ids=[1, 2, 3, 4], notifications=notifications), NOW)
    assert found.title == "4 notifications that waited since 2026-11-19 22:01 UTC"
    assert found.text.split("\n") == [
        "2026-11-19 22:01 warning: Pump 1, resolved 22:01",
        "2026-11-19 22:02 critical: Pump 2",
        "2026-11-19 22:03 warning: Pump 3",
    ]
    assert (found.severity, len(found.data["items"])) == (Severity.CRITICAL, 4)
    many = [said(number) for number in range(MOST_LINES + 5)]
    text = digest_of(Held(channel_id=1, ids=list(range(len(many))), notifications=many), NOW).text
    assert text.endswith("\nand 5 more")


async def ask(sending: Sending, *numbers: int) -> None:
    for number in numbers:
        now = datetime.now(UTC)
        async with sending.db.transaction() as transaction:
            what = structs.replace(said(number), time=now)
            await notify(transaction, sending.id, what, f"alert:{number}", now)


async def quiet(sending: Sending, channel_id: int) -> None:
    """Its hours begin a day after anything; with what it holds as one."""
    today = datetime.now(UTC) + timedelta(days=2)
    hours = {"time_zone": "UTC", "days": [f"{today:%A}".lower()], "begin": "08:00", "end": "09:00"}
    statement = sa.text("UPDATE notification_channels SET hours = :hours, digest = true WHERE id = :id")
    statement = statement.bindparams(sa.bindparam("hours", type_=sa.JSON))
    async with sending.db.engine.begin() as connection:
        await connection.execute(statement, {"hours": hours, "id": channel_id})


async def test_what_waited_is_one_mail_and_the_log_says_where_each_went(sending: Sending) -> None:
    await quiet(sending, sending.mail)
    await ask(sending, 1, 2, 3)
    await sending.send()
    assert (len(sending.receiver.posts), len(sending.receiver.mails)) == (3, 0), "the webhook has no quiet hours"
    await sending.passes("due_at = now()")
    await asyncio.gather(*(sending.send() for _ in range(3)))
    (mail,) = sending.receiver.mails
    assert mail["Subject"].startswith("[warning] 3 notifications that waited since")
    assert "Pump 2" in mail.get_payload()
    held = [one for one in await sending.deliveries() if one.channel_id == sending.mail]
    assert [(one.state, one.type) for one in held] == [("digested", "alert.firing")] * 3 + [("delivered", "digest")]
    assert {one.message for one in held[:3]} == {f"Part of the delivery {held[3].id}"}
    async with sending.db.transaction() as transaction:
        with pytest.raises(Conflict, match="part of another"):
            await redeliver(transaction, sending.id, held[0].id, datetime.now(UTC))
    await sending.send()
    assert len(sending.receiver.mails) == 1


async def test_one_alone_is_sent_as_it_is_and_a_lost_worker_loses_nothing(sending: Sending) -> None:
    await quiet(sending, sending.mail)
    await ask(sending, 1)
    await sending.passes("due_at = now()")
    await sending.send()
    assert [mail["Subject"] for mail in sending.receiver.mails] == ["[warning] Pump 1"]
    await ask(sending, 2, 3)
    await sending.passes("due_at = now()")
    with pytest.raises(ZeroDivisionError):
        async with sending.db.transaction() as transaction:
            assert await gather_held(transaction, sending.id, datetime.now(UTC)) == 2
            raise ZeroDivisionError
    sending.receiver.mail_answers.append("451 later")
    await sending.send()
    assert len(sending.receiver.mails) == 2, "it was refused for now"
    await sending.passes("due_at = now() WHERE state = 'waiting'")
    await sending.send()
    assert len({mail["Message-ID"] for mail in sending.receiver.mails[1:]}) == 1
    assert len(sending.receiver.mails) == 3
