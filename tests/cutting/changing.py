"""The worker of the installation that is cut: changes SIMs of two organizations without end, in real transactions.

    python -m tests.cutting.changing --organizations 1 2 --a-second 15

SIGTERM ends it in good order, SIGKILL anywhere. SIGHUP lets it pause, and go on. With SIGUSR1 it dies just before its
next commit, with SIGUSR2 just after it, before anything is published.
"""

import argparse
import asyncio
import contextlib
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import DBAPIError

from console.carrier.rules import CircuitState
from console.carrier.writes import record_circuit
from console.connectivity.writes import record_events, record_statuses
from console.runs import writes as runs
from console.runs.rules import RunState
from console.settings import from_environment
from console.store.database import Database, Transaction, open_database
from console.store.outbox import append_facts
from console.usage.writes import in_turn, record_usage
from tests.cast import add_sim, placed

SIMS = 6  # of each organization
LATE = (timedelta(0), timedelta(minutes=5), timedelta(hours=3), timedelta(days=2), timedelta(weeks=3))
AT_ONCE = 3  # transactions under way at a time, so that they commit in another order than they began


def iccid(organization_id: int, number: int) -> str:
    """The ICCID of a SIM of the installation, from 1."""
    return f"89882280666{organization_id:03d}{number:05d}"


class Changer:
    """Changes one thing after the other. Every fact that comes of it is like no other."""

    def __init__(self, db: Database, organizations: Sequence[int]) -> None:
        self._db = db
        self._organizations = organizations
        self._numbers = time.time_ns() // 1000
        self.stopping = self.paused = False
        self.dies = ""  # "before" or "after" the next commit

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers

    async def run(self, a_second: float) -> None:
        """Change until `stopping`, so many transactions a second."""
        while not self.stopping:
            await asyncio.sleep(random.expovariate(a_second / AT_ONCE))
            if self.paused:
                continue
            with contextlib.suppress(DBAPIError):  # two that wait for each other: nothing of the one has happened
                await self._transaction()

    async def _transaction(self) -> None:
        organization_id = random.choice(self._organizations)
        kinds: tuple[Callable[[Transaction, int], Awaitable[None]], ...]
        kinds = (self._usage, self._places, self._labels, self._events, self._run, self._circuit)
        chosen = [kind for kind in kinds if random.random() < 0.35] or [self._labels]
        if self.dies == "after":
            async with self._db.engine.begin() as connection:
                unpublished = Transaction(connection)
                for kind in chosen:
                    await kind(unpublished, organization_id)
                await append_facts(connection, unpublished.items)
            os.kill(os.getpid(), signal.SIGKILL)
        async with self._db.transaction() as transaction:
            for kind in chosen:
                await kind(transaction, organization_id)
            if self.dies == "before":
                os.kill(os.getpid(), signal.SIGKILL)

    def _some(self, organization_id: int) -> list[str]:
        numbers = random.sample(range(1, SIMS + 1), random.choice((1, 1, 2, 3)))
        return [iccid(organization_id, number) for number in sorted(numbers)]

    async def _labels(self, transaction: Transaction, organization_id: int) -> None:
        for one in self._some(organization_id):
            await add_sim(transaction, organization_id, one, label=f"pump {self._number()}")

    async def _places(self, transaction: Transaction, organization_id: int) -> None:
        now = datetime.now(UTC)
        rows = [
            placed(one, now, connection=random.choice(("online", "attached", "offline")), cell=f"1/{self._number()}")
            for one in self._some(organization_id)
        ]
        await record_statuses(transaction, organization_id, rows, now, "poll")

    async def _events(self, transaction: Transaction, organization_id: int) -> None:
        now = datetime.now(UTC)
        happened = now - random.choice(LATE)
        events = [
            {"id": self._number(), "iccid": one, "time": happened, "type": 3, "name": "Create PDP Context"}
            | {
                "severity": "info",
                "description": "A session has begun",
                "operator": "Cut",
                "country": "DE",
                "cause": None,
            }
            for one in (*self._some(organization_id), *random.choice(((), (None,))))
        ]
        await record_events(transaction, organization_id, events, now)

    async def _usage(self, transaction: Transaction, organization_id: int) -> None:
        now = datetime.now(UTC)
        await in_turn(transaction, organization_id)
        ended = now - random.choice(LATE)
        records = [
            {"iccid": one, "time": ended, "source": "streamer", "record_id": self._number(), "started_at": ended}
            | {"data_bytes": random.randint(1, 9999), "sent_bytes": 1, "received_bytes": 0, "sms": 1}
            | {"operator": "Cut", "country": "DE", "rat": "LTE"}
            for one in self._some(organization_id)
        ]
        await record_usage(transaction, organization_id, records, now)

    async def _circuit(self, transaction: Transaction, organization_id: int) -> None:
        """1NCE answers, or does not."""
        state = random.choice((CircuitState.OPEN, CircuitState.CLOSED))
        now = datetime.now(UTC)
        failures, retry_at = (
            (random.randint(3, 9), now + timedelta(minutes=1)) if state is CircuitState.OPEN else (0, None)
        )
        await record_circuit(
            transaction,
            organization_id,
            state,
            reason="HTTP 503" if failures else None,
            failures=failures,
            at=now,
            retry_at=retry_at,
        )

    async def _run(self, transaction: Transaction, organization_id: int) -> None:
        now = datetime.now(UTC)
        run_id = await runs.begin(transaction, organization_id, random.choice(("sync_sims", "poll_status")), now)
        state = random.choice((RunState.DONE, RunState.FAILED))
        await runs.finish(transaction, run_id, state, runs.Tally(seen=random.randint(1, 9), changed=1), now)


async def work(organizations: Sequence[int], a_second: float) -> None:
    """Change until SIGTERM."""
    settings = from_environment(os.environ)
    db = open_database(settings.database_url, settings.redis_url, connections=AT_ONCE + 1)
    changer = Changer(db, organizations)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, setattr, changer, "stopping", True)
    loop.add_signal_handler(signal.SIGHUP, lambda: setattr(changer, "paused", not changer.paused))
    loop.add_signal_handler(signal.SIGUSR1, setattr, changer, "dies", "before")
    loop.add_signal_handler(signal.SIGUSR2, setattr, changer, "dies", "after")
    await asyncio.gather(*(changer.run(a_second) for _ in range(AT_ONCE)))
    await db.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--organizations", type=int, nargs="+", required=True)
    parser.add_argument("--a-second", type=float, required=True)
    arguments = parser.parse_args()
    asyncio.run(work(arguments.organizations, arguments.a_second))
