"""Random changes of one organization's SIMs, in real transactions, beside what the simulated 1NCE does."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import DBAPIError

from console.connectivity.writes import record_statuses
from console.errors import Changed, Invalid, SimNotFound
from console.facts.sms import Sms
from console.quotas.writes import record_quotas
from console.sims.annotations_rules import AnnotationChanges
from console.sims.annotations_writes import annotate
from console.sims.watching_writes import unwatch, watch
from console.sims.writes import record_inventory
from console.sms.writes import record_messages
from console.store.database import Database, Transaction
from console.store.sqlstates import is_deadlock
from tests.cast import listed, placed
from tests.cutting.changing import LATE, Changer

WORDS = ("pump", "valve", "Zürich", "meter-7", "ÅRHUS")
TAGS = ("north", "south", "leased")
MB = 1_048_576


class Traffic(Changer):
    """Changes these SIMs until it is stopped, so many transactions a second."""

    def __init__(self, db: Database, organization_id: int, iccids: list[str], a_second: float) -> None:
        super().__init__(db, [organization_id])
        self.transactions = 0
        self._iccids = iccids
        self._a_second = a_second
        self._working = asyncio.Lock()

    async def run(self, a_second: float | None = None) -> None:
        """Change until cancelled."""
        while True:
            await asyncio.sleep(random.expovariate(a_second or self._a_second))
            if not self.paused:
                async with self._working:
                    try:
                        await self._transaction()
                    except DBAPIError as error:  # it and the worker waited for each other: nothing of it has happened
                        if not is_deadlock(error):
                            raise

    async def pause(self) -> None:
        """Return when nothing is under way."""
        self.paused = True
        async with self._working:
            await self._db.relay.publish_waiting()  # as the sweep does

    async def _transaction(self) -> None:
        kinds: tuple[Callable[[Transaction, int], Awaitable[None]], ...]
        kinds = (self._usage, self._places, self._labels, self._events, self._run)
        kinds += (self._quotas, self._messages, self._annotations, self._watching)
        (organization_id,) = self._organizations
        async with self._db.transaction() as transaction:
            for kind in [kind for kind in kinds if random.random() < 0.25] or [self._labels]:
                await kind(transaction, organization_id)
        self.transactions += 1

    def _some(self, organization_id: int) -> list[str]:
        return sorted(random.sample(self._iccids, random.choice((1, 1, 2, 3))))

    async def _labels(self, transaction: Transaction, organization_id: int) -> None:
        rows = [
            listed(
                one,
                label=f"{random.choice(WORDS)} {self._number() % 1000}",
                status=random.choice(("enabled",) * 4 + ("disabled",)),
            )
            for one in self._some(organization_id)
        ]
        await record_inventory(transaction, organization_id, rows, datetime.now(UTC))

    async def _places(self, transaction: Transaction, organization_id: int) -> None:
        now = datetime.now(UTC)
        rows = [
            placed(
                one,
                now,
                connection=random.choice(("online", "online", "attached", "offline", "blocked", None)),
                operator=random.choice(("Telekom", "Orange", "Cut")),
                country=random.choice(("DE", "FR")),
                rat=random.choice(("LTE", "2G", None)),
                last_seen_at=now - timedelta(seconds=random.randrange(90_000)),
                cell=f"1/{self._number()}",
            )
            for one in self._some(organization_id)
        ]
        await record_statuses(transaction, organization_id, rows, now, "poll")

    async def _quotas(self, transaction: Transaction, organization_id: int) -> None:
        now = datetime.now(UTC)
        rows = []
        for one in self._some(organization_id):
            left = random.choice((0, 20 * MB, 480 * MB))
            ends = now + timedelta(days=random.choice((20, 400, 3000)))
            row = {
                "iccid": one,
                "last_added": 500,
                "threshold_percent": 20,
                "expires_at": ends,
                "created_at": now - timedelta(days=30),
            }
            state = random.choice(("active", "active", "active", "expired"))
            rows.append(
                row | {"service": "data", "status": state, "left": left, "total": 500 * MB, "accumulated": 500 * MB}
            )
            rows.append(
                row
                | {
                    "service": "sms",
                    "status": "active",
                    "left": random.randrange(250),
                    "total": 250,
                    "accumulated": 250,
                }
            )
        await record_quotas(transaction, organization_id, rows, now, streamer_alive=True)

    async def _messages(self, transaction: Transaction, organization_id: int) -> None:
        now = datetime.now(UTC)
        found = [
            Sms(
                iccid=one,
                direction=random.choice(("mo", "mt")),
                id=str(self._number()),
                time=now - random.choice(LATE),
                status=random.choice(("pending", "delivered", "failed")),
                payload=f"reading {random.randrange(100)}",
                source=random.choice(("poll", "streamer", "forwarder")),
            )
            for one in self._some(organization_id)
        ]
        await record_messages(transaction, organization_id, found, now)

    async def _annotations(self, transaction: Transaction, organization_id: int) -> None:
        changes = AnnotationChanges(
            tags=random.sample(TAGS, random.randrange(3)), custom_fields={"site": random.choice(("Berlin", "Lyon"))}
        )
        one, now = self._some(organization_id)[0], datetime.now(UTC)
        with contextlib.suppress(SimNotFound, Invalid, Changed):
            await annotate(transaction, organization_id, one, changes, "ada", now)

    async def _watching(self, transaction: Transaction, organization_id: int) -> None:
        one, now = random.choice(self._iccids[-4:]), datetime.now(UTC)
        if random.random() < 0.5:
            await unwatch(transaction, organization_id, one, "ada", now)
        else:
            await watch(transaction, organization_id, one, "ada", now)
