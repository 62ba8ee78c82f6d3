"""How long another client waits while hostile ones send: each kind for some seconds, quiet before and after.

The client that is measured asks for a page of the list, the same by the API, and one SIM, in turns, so many times a
second whether it has been answered or not: what waits counts from when it should have been asked. It has a network and
a sign-in of its own. The hostile client is a process of its own that gives way to the web server.
"""

import argparse
import asyncio
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import msgspec
import uvloop
from filling import fill, iccid
from hostile.kinds import KINDS
from hostile.target import Target
from installation import STREAMER, USER, Installation, new_installation
from measuring import Report, peak_bytes, run, say, spread, target
from processes import printed_line, python_process
from servers import Served, web_server

from console.connectivity.writes import record_statuses
from console.members.writes import put_user
from console.organizations.rules import Role
from console.sims.writes import CONNECTION

SIMS = 5_000
FACTS = 4_000  # of the past, for clients that ask for them
HOSTILE = "mallory"
KEYS = 2  # of the hostile client
A_SECOND = 20
MOST_MS = 200.0
CLIENT = str(Path(__file__).parent / "hostile_client.py")
OURS = {"X-Forwarded-For": "192.0.2.1"}


async def change(installation: Installation) -> None:
    """So many facts of the past."""
    for turn in range(FACTS // 500):
        now = datetime.now(UTC)
        rows = [
            {"iccid": iccid(number), **dict.fromkeys(CONNECTION), "connection": "online", "connection_at": now}
            | {"cell": f"{turn}/{number}"}
            for number in range(1, 501)
        ]
        async with installation.db.transaction() as transaction:
            await record_statuses(transaction, installation.organization_id, rows, now, "poll")


class Other:
    """The client that is measured."""

    def __init__(self, client: httpx.AsyncClient, keys: list[str]) -> None:
        """It asks by each of the keys in turn, so that it is not refused for its own requests."""
        self._client, self._keys = client, keys
        self.refused: dict[str, int] = {}
        self.by_path: dict[str, list[float]] = {}

    async def asks(self, seconds: float) -> list[float]:
        """What each request took from when it should have been sent."""
        began, took = time.perf_counter(), list[float]()
        paths = ("/sims", "/api/v1/sims?page_size=50", f"/api/v1/sims/{iccid(7)}")

        async def ask(turn: int, due: float) -> None:
            path = paths[turn % len(paths)]
            try:
                answer = await self._client.get(path, headers={"X-API-Key": self._keys[turn % len(self._keys)]})
                said = str(answer.status_code)
            except httpx.HTTPError as error:
                said = type(error).__name__
            took.append(time.perf_counter() - due)
            self.by_path.setdefault(path, []).append(took[-1])
            if said != "200":
                self.refused[said] = self.refused.get(said, 0) + 1

        async with asyncio.TaskGroup() as group:
            for turn in range(round(seconds * A_SECOND)):
                due = began + turn / A_SECOND
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                group.create_task(ask(turn, due))
        return took


async def under(kind: str, aim: Target, other: Other, seconds: float) -> list[float]:
    """What the other client waits while this kind is sent."""
    async with python_process(CLIENT, kind) as process:
        await printed_line(process, msgspec.json.encode(aim).decode())
        await asyncio.sleep(0.5)
        took = await other.asks(seconds)
        assert process.returncode is None, f"{kind} has ended"
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
    return took


async def measured(installation: Installation, served: Served, seconds: float, only: str) -> Report:
    """Each kind after a quiet time."""
    async with installation.db.transaction() as transaction:
        await put_user(transaction, installation.organization_id, HOSTILE, Role.VIEWER, USER[1], datetime.now(UTC))
    async with served.client() as client, served.client() as theirs:
        client.headers.update(OURS)
        for browser, name in ((client, USER[0]), (theirs, HOSTILE)):
            entered = await browser.post("/sign-in", data={"name": name, "password": USER[1]})
            assert entered.status_code == 303, entered.text
        cookie = "; ".join(f"{name}={value}" for name, value in theirs.cookies.items())
        keys = await installation.keys(2 * KEYS)
        streamer = httpx.BasicAuth(*STREAMER)._auth_header
        aim = Target(served.address, keys[:KEYS], cookie, streamer, iccid(1))
        other, found = Other(client, keys[KEYS:]), dict[str, Report]()
        await other.asks(1)
        for kind in [kind.__name__ for kind in KINDS if only in kind.__name__]:
            say(f"hostile: {kind}")
            quiet = await other.asks(seconds / 2)
            other.refused, other.by_path = {}, {}
            took = await under(kind, aim, other, seconds)
            paths = {path: spread(took, 50, 99) for path, took in other.by_path.items()}
            seen = {"refused": other.refused, "quiet": spread(quiet, 50, 99), "paths": paths}
            found[kind] = {**spread(took, 50, 99, 100), **seen}
            await asyncio.sleep(1)
        return found


async def bench(chosen: argparse.Namespace) -> Report:
    """All kinds against one web server."""
    seconds = 2.0 if chosen.quick else chosen.seconds
    async with new_installation() as installation:
        await fill(installation, SIMS)
        async with web_server(installation) as served:
            await change(installation)
            found = await measured(installation, served, seconds, chosen.kind)
            memory = peak_bytes(served.pid)
    worst = max(found, key=lambda kind: found[kind]["p99_ms"])
    return {
        "sims": SIMS,
        "load": os.getloadavg()[0],
        "kinds": found,
        "worst": worst,
        "web_peak_mb": round(memory / 1024 / 1024),
        "targets": {
            "p99_ms": target(found[worst]["p99_ms"], MOST_MS),
            "refused": target(sum(sum(one["refused"].values()) for one in found.values()), 0),
        },
    }


if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", default="", help="only the kinds with this in their name")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each kind (%(default)s)")
    run("hostile", bench, parser)
