"""Changes SIMs at an even pace, each in a transaction of its own, as a worker does; says when each was committed.

Prints one line of JSON: `[iccid, revision, moment]` of each change. The moment, on the machine's monotonic clock, is
the last before the commit.
"""

import argparse
import asyncio
import os
import time
from datetime import UTC, datetime

import msgspec
import uvloop
from filling import iccid

from console.connectivity.writes import record_statuses
from console.database import open_database
from console.settings import Settings, from_environment
from console.sims.writes import CONNECTION


async def change(settings: Settings, organization_id: int, sims: int, a_second: float, seconds: float) -> None:
    """Move one SIM after the other from network to network."""
    db = open_database(settings.database_url, settings.redis_url)
    changes: list[tuple[str, int, float]] = []
    began = time.monotonic()
    for number in range(round(a_second * seconds)):
        await asyncio.sleep(max(0.0, began + number / a_second - time.monotonic()))
        name, times = iccid(1 + number % sims), number // sims
        now = datetime.now(UTC)
        place = {
            **dict.fromkeys(CONNECTION),
            "iccid": name,
            "connection": ("online", "attached")[times % 2],
            "operator": f"Bench {times}",
            "country": "DE",
            "rat": "LTE",
            "apn": "sensor.net",
            "cell": f"4711/{number}",
            "last_seen_at": now,
            "connection_at": now,
        }
        async with db.transaction() as transaction:
            await record_statuses(transaction, organization_id, [place], now, "poll")
            changes.append((name, times + 2, time.monotonic()))
    await db.close()
    print(msgspec.json.encode(changes).decode(), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--organization", type=int, required=True)
    parser.add_argument("--sims", type=int, required=True)
    parser.add_argument("--a-second", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    chosen = parser.parse_args()
    uvloop.run(change(from_environment(os.environ), chosen.organization, chosen.sims, chosen.a_second, chosen.seconds))
