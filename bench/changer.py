"""Changes SIMs at an even rate, four in a transaction: a worker's answers from 1NCE come in groups too.

Each line on stdin says how many changes to make, and, where that is another than usual, how many of them a second; when
they are made, one line of JSON says how late the latest began, and how long it took to commit and to publish.
The cell that a SIM is in is the moment, "@" and 19 digits, nanoseconds of the machine's monotonic clock: the last
before the facts are put down and the transaction commits.
"""

import argparse
import asyncio
import os
import sys
import time
from datetime import UTC, datetime

import msgspec
import uvloop
from filling import iccid
from measuring import spread

from console.connectivity.writes import record_statuses
from console.log import set_up
from console.settings import from_environment
from console.sims.writes import CONNECTION
from console.store.bulk import Row
from console.store.database import Database, open_database

AT_ONCE = 4  # transactions that may be under way
TOGETHER = 4  # changes in one transaction
NO_MOMENT = "@" + "0" * 19


class Changer:
    """Moves one SIM after the other from network to network."""

    def __init__(self, db: Database, organization_id: int, sims: int) -> None:
        self._db = db
        self._organization_id = organization_id
        self._sims = sims
        self._room = asyncio.Semaphore(AT_ONCE)
        self._number = 0
        self.committed: list[float] = []  # seconds, of each transaction

    async def run(self, changes: int, a_second: float) -> float:
        """So many; by how many seconds the latest began too late."""
        began, latest = time.monotonic(), 0.0
        async with asyncio.TaskGroup() as group:
            for number in range(0, changes, TOGETHER):
                due = began + number / a_second
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                await self._room.acquire()
                latest = max(latest, time.monotonic() - due)
                numbers = range(self._number, self._number + min(TOGETHER, changes - number))
                self._number = numbers.stop
                group.create_task(self._change(numbers))
        return latest

    async def _change(self, numbers: range) -> None:
        now = datetime.now(UTC)
        places = [self._place(number, now) for number in numbers]
        try:
            async with self._db.transaction() as transaction:
                await record_statuses(transaction, self._organization_id, places, now, "poll")
                began, moment = time.monotonic(), f"@{time.monotonic_ns():019}"
                transaction.items = [item.replace(NO_MOMENT, moment) for item in transaction.items]
            self.committed.append(time.monotonic() - began)
        finally:
            self._room.release()

    def _place(self, number: int, now: datetime) -> Row:
        times = number // self._sims
        return {
            **dict.fromkeys(CONNECTION),
            "iccid": iccid(1 + number % self._sims),
            "connection": ("online", "attached")[times % 2],
            "operator": f"Bench {times}",
            "country": "DE",
            "rat": "LTE",
            "apn": "sensor.net",
            "cell": NO_MOMENT,
            "last_seen_at": now,
            "connection_at": now,
        }


async def change(organization_id: int, sims: int, a_second: float) -> None:
    """Changes as asked, until standard input ends."""
    settings = from_environment(os.environ)
    set_up(settings.log_level, sys.stderr)  # on standard output are answers alone
    db = open_database(settings.database_url, settings.redis_url)
    changer = Changer(db, organization_id, sims)
    while asked := await asyncio.to_thread(sys.stdin.readline):
        changer.committed.clear()
        changes, *rate = asked.split()
        latest = await changer.run(int(changes), float(rate[0]) if rate else a_second)
        answer = {"latest_ms": round(latest * 1000), "committed": spread(changer.committed, 50, 99)}
        print(msgspec.json.encode(answer).decode(), flush=True)
    await db.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--organization", type=int, required=True)
    parser.add_argument("--sims", type=int, required=True)
    parser.add_argument("--a-second", type=float, required=True)
    chosen = parser.parse_args()
    uvloop.run(change(chosen.organization, chosen.sims, chosen.a_second))
