"""Whether many people who sign in at once delay what others see: from just before a commit to the frame at each socket.

Quiet and busy in turns, in one run, with everything on all cores: busy is so many browsers that sign in again,
each from a network of its own, half of them with a wrong password. Passwords are hashed as in production.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import httpx
import uvloop
from fanout.latency import LatencyBench, latency_bench
from filling import fill
from installation import USER, Installation, new_installation
from measuring import Report, run, say, spread, target

from console.members.tables import members
from console.users.tables import users

SIMS = 500
PART = "p50_ms"
MOST_RATIO = 2.0


async def add_users(installation: Installation, number: int) -> list[str]:
    """So many viewers, each with the password of the first user: to hash it for each takes as long as the benchmark."""
    now, names = datetime.now(UTC), [f"user-{one}" for one in range(number)]
    async with installation.db.transaction() as transaction:
        connection = transaction.connection
        known = (await connection.execute(users.select().where(users.c.name == USER[0]))).one()
        for name in names:
            values = {"name": name, "password_hash": known.password_hash, "created_at": now}
            added = await connection.execute(users.insert().values(**values).returning(users.c.id))
            mine = {"organization_id": installation.organization_id, "user_id": added.scalar_one()}
            await connection.execute(members.insert().values(role="viewer", created_at=now, **mine))
    return names


class Crowd:
    """Browsers that sign in again and again, all at once."""

    def __init__(self, address: str, names: list[str]) -> None:
        self._address, self._names = address, names
        self.seconds: list[float] = []
        self.answers: Counter[int] = Counter()
        self._round = 0

    async def keep_on(self, until: asyncio.Event) -> None:
        """Until the event: each begins anew when it is answered."""
        self._round += 1
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=self._address, trust_env=False, timeout=60, limits=limits) as client:
            await asyncio.gather(*(self._one(client, number, until) for number in range(len(self._names))))

    async def _one(self, client: httpx.AsyncClient, number: int, until: asyncio.Event) -> None:
        turn = 0
        while not until.is_set():
            # A network for each try: what is measured is the hashing, not the throttle.
            network = f"10.{self._round}.{turn % 250}.{number + 1}"
            headers = {"Origin": self._address, "X-Forwarded-For": network}
            password = USER[1] if (number + turn) % 2 else "a wrong password"
            data = {"name": self._names[number], "password": password}
            began = time.monotonic()
            client.cookies.clear()
            answer = await client.post("/sign-in", data=data, headers=headers)
            self.seconds.append(time.monotonic() - began)
            self.answers[answer.status_code] += 1
            turn += 1


async def busy(way: LatencyBench, crowd: Crowd, seconds: float) -> Report:
    """The latency while the crowd signs in."""
    ended = asyncio.Event()
    signing_in = asyncio.create_task(crowd.keep_on(ended))
    await asyncio.sleep(0.5)
    try:
        return await way.changed(seconds)
    finally:
        ended.set()
        await signing_in


async def bench(chosen: argparse.Namespace) -> Report:
    """Quiet and busy in turns."""
    sockets, seconds, turns = (50, 2.0, 2) if chosen.quick else (chosen.sockets, chosen.seconds, chosen.turns)
    with tempfile.TemporaryDirectory(prefix="bench-sign-ins-") as name:
        async with new_installation() as installation:
            await fill(installation, SIMS)
            names = await add_users(installation, chosen.at_once)
            async with latency_bench(installation, Path(name), sockets, SIMS) as way:
                os.nice(10)  # what the crowd's own machines do is not measured: it gives way to all else here
                crowd, quiet, crowded = Crowd(way.served.address, names), [], []
                for turn in range(turns):
                    say(f"sign-ins: turn {turn + 1} of {turns}")
                    quiet.append(await way.changed(seconds))
                    crowded.append(await busy(way, crowd, seconds))
    ratios = {
        part: statistics.median(one[part] / two[part] for one, two in zip(crowded, quiet, strict=True))
        for part in (PART, "p99_ms")
    }
    return {
        "sockets": sockets,
        "at_once": chosen.at_once,
        "quiet": quiet,
        "busy": crowded,
        "sign_ins": {
            **spread(crowd.seconds, 50, 95),
            "a_second": round(len(crowd.seconds) / (seconds * turns), 1),
            "answers": {str(status): number for status, number in crowd.answers.items()},
        },
        "ratio": {part: round(value, 2) for part, value in ratios.items()},
        "targets": {
            f"busy_to_quiet_{part.removesuffix('_ms')}": target(value, MOST_RATIO) for part, value in ratios.items()
        },
    }


if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--at-once", type=int, default=50, help="how many sign in at once (%(default)s)")
    parser.add_argument("--sockets", type=int, default=200, help="how many listen (%(default)s)")
    parser.add_argument("--turns", type=int, default=4, help="of quiet and busy (%(default)s)")
    parser.add_argument("--seconds", type=float, default=6.0, help="of each (%(default)s)")
    run("sign_ins", bench, parser)
