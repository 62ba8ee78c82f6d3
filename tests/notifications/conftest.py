"""An organization with a webhook and a mail channel, both of which lead to a receiver of this machine."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest_asyncio
import sqlalchemy as sa
from msgspec import structs

from console.facts.alerts import Severity
from console.notifications import deliveries_reads as reads
from console.notifications.asking import notify
from console.notifications.bodies import ChannelSetting
from console.notifications.deliveries_reads import Delivery, DeliveryAttempt
from console.notifications.rules import ChannelKind, Notification
from console.notifications.writes import add_channel
from console.settings import Settings
from console.store.database import Database
from jobs.deliver import deliver
from jobs.polling.clients import OnceClients
from jobs.run import WorkerContext
from tests.cast import Cast
from tests.notifications.receiving import Receiver, receiving

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


class Sending:
    """Workers that send Acme's notifications."""

    def __init__(self, db: Database, settings: Settings, organization_id: int, receiver: Receiver) -> None:
        self.db, self.settings, self.id, self.receiver = db, settings, organization_id, receiver
        self.webhook = self.mail = 0
        self.secret = ""

    async def make_channels(self) -> None:
        setting = ChannelSetting(name="On-call")
        async with self.db.transaction() as transaction:
            made = []
            for kind, target in (
                (ChannelKind.WEBHOOK, self.receiver.webhook_url),
                (ChannelKind.MAIL, "ada@acme.example, otto@acme.example"),
            ):
                made.append(await add_channel(transaction, self.settings, self.id, kind, target, setting, "ada", NOW))
        (self.webhook, secret), (self.mail, _) = made
        self.secret = secret or ""

    async def ask(self, *keys: str, severity: Severity = Severity.CRITICAL) -> None:
        """Ask for a notification for each key, as the change of an alert does."""
        now = datetime.now(UTC)
        for key in keys:
            what = Notification(
                type="alert.firing", time=NOW, severity=severity, title=f"Pump {key} is offline", subject=key
            )
            async with self.db.transaction() as transaction:
                await notify(transaction, self.id, what, key, now)

    async def send(self, workers: int = 1) -> None:
        """Let so many workers send what is due, at the same time."""
        contexts = [
            WorkerContext(settings=self.settings, db=self.db, once_clients=OnceClients(self.settings, self.db))
            for _ in range(workers)
        ]
        await asyncio.gather(*(deliver({"worker": one}, organization_id=self.id) for one in contexts))

    async def passes(self, change: str) -> None:
        """The time that has passed, for deliveries: a SET of one statement."""
        async with self.db.engine.begin() as connection:
            await connection.execute(sa.text(f"UPDATE deliveries SET {change}"))

    async def rows(self, column: str) -> list[Any]:
        async with self.db.reading() as reading:
            return list((await reading.execute(sa.text(f"SELECT {column} FROM deliveries ORDER BY id"))).scalars())

    async def deliveries(self) -> list[Delivery]:
        """All of them, the oldest first."""
        async with self.db.reading() as reading:
            return (await reads.page(reading, self.id, limit=500))[0][::-1]

    async def attempts(self, delivery: Delivery) -> list[DeliveryAttempt]:
        """The attempts at one, the first first."""
        async with self.db.reading() as reading:
            log = await reads.log_of(reading, self.id, delivery.id)
        assert log is not None
        return log.attempts[::-1]


@pytest_asyncio.fixture
async def sending(db: Database, settings: Settings, cast: Cast) -> AsyncIterator[Sending]:
    async with receiving() as receiver:
        known = structs.replace(
            settings,
            smtp_url=receiver.smtp_url,
            mail_from="SIM console <console@acme.example>",
            webhook_loopback=True,
        )
        found = Sending(db, known, cast.acme, receiver)
        await found.make_channels()
        yield found
