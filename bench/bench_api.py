"""What a request of the JSON API costs the processor: the console, FastAPI and a bare floor, in turns in one run.

All read the same tables, check the same keys and the same limit, and count the list; each is one process of uvicorn.
"""

import argparse
import asyncio
import statistics
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from api_peers.asking import first, request_of, seconds_each
from api_peers.cases import CASES, Case
from api_peers.servers import beside, compared, prepared
from filling import connected, fill, iccid
from installation import USER, Installation, new_installation
from measuring import Report, cpu_ns, run, say, spread, target
from processes import printed_json, python_process
from servers import Served

KEYS = 40  # each may send 1,200 requests a minute
AT_ONCE = 4
CONSOLES = ("console", "other")
MOST = {"list": 0.3, "one SIM": 0.25}  # of FastAPI's processor time
MOST_OF_FLOOR = {"list": 1.6, "one SIM": 2.0}
EVENTS = """
INSERT INTO network_events (organization_id, id, time, iccid, type, name, severity, description, operator, country)
SELECT $1, n * 1000 + event, now() - event * interval '1 hour', '8988228066' || 600000000 + n, 3, 'Create PDP Context',
       'info', 'New PDP context was created', 'Operator 1', 'DE'
FROM generate_series(1, 200) n, generate_series(1, 60) event
"""
MOST_UNCHANGED = 0.1  # of FastAPI's list
USAGE = """
INSERT INTO usage_daily (organization_id, iccid, bucket, data_bytes, derived_bytes, sms)
SELECT $1, '8988228066' || 600000000 + n, date_trunc('day', now()) - day * interval '1 day', n * day, 0, 1
FROM generate_series(1, 200) n, generate_series(0, 29) day
"""


class Turns:
    """Gathers, for each case and server, the processor times a request of each turn and the waits of all requests."""

    def __init__(self, keys: list[str], cookie: str, postgres: int, valkey: int) -> None:
        self._keys, self._cookie, self._postgres, self._valkey = keys, cookie, postgres, valkey
        self._number = 0
        self.costs: dict[tuple[str, str], list[tuple[float, float, float]]] = defaultdict(list)
        self.waits: dict[tuple[str, str], list[float]] = defaultdict(list)
        self.rates: dict[tuple[str, str], list[float]] = defaultdict(list)

    async def take(self, name: str, case: Case, server: str, served: Served, number: int) -> None:
        """One turn of so many requests; skipped where a server has no such page, or knows no ETag."""
        if case.page and server not in CONSOLES:
            return
        port = int(served.address.rpartition(":")[2])
        path, headers = case.path.format(iccid(77)), {"Cookie": self._cookie} if case.cookie else {}
        if case.gzip:
            headers["Accept-Encoding"] = "gzip"
        if case.unchanged:
            etag = (await first(port, request_of(path, port, {"X-API-Key": self._keys[0]}))).headers.get("etag")
            if etag is None:
                return
            headers["If-None-Match"] = etag
        requests = []
        for one in range(number):
            if not case.page:
                headers["X-API-Key"] = self._keys[one % len(self._keys)]
            if case.anew:
                self._number += 1
                headers["Accept"] = f"application/json, text/x-{self._number}"
            if not case.unchanged:
                path = case.path.format(iccid(1 + one % 200))
            requests.append(request_of(path, port, headers))
        status = 304 if case.unchanged else 200
        await seconds_each(port, requests[:8], status, AT_ONCE)
        pids = (served.pid, self._postgres, self._valkey)
        before = [cpu_ns(pid) for pid in pids]
        began = time.perf_counter()
        self.waits[name, server] += await seconds_each(port, requests, status, AT_ONCE)
        self.rates[name, server].append(number / (time.perf_counter() - began))
        used = [(cpu_ns(pid) - old) / 1e6 / number for pid, old in zip(pids, before, strict=True)]
        self.costs[name, server].append((used[0], used[1], used[2]))

    def ratio(self, name: str, server: str, to: str, other: str | None = None, part: int = 0) -> Report | None:
        """The median of the ratios of each turn, with their spread; None where one of the two has none."""
        pairs = zip(self.costs[name, server], self.costs[other or name, to], strict=False)
        ratios = [one[part] / two[part] for one, two in pairs]
        if not ratios:
            return None
        return {name: round(of(ratios), 3) for name, of in (("is", statistics.median), ("least", min), ("most", max))}


def report(turns: Turns) -> Report:
    """The figures of all cases, and what was wanted."""
    figures: Report = {}
    for (name, server), costs in turns.costs.items():
        web, database, redis = (round(statistics.median(one), 3) for one in zip(*costs, strict=True))
        figures.setdefault(name, {})[server] = {
            "web_cpu_ms": web,
            "web_cpu_least_ms": round(min(one[0] for one in costs), 3),
            "database_cpu_ms": database,
            "redis_cpu_ms": redis,
            "requests_per_second": round(statistics.median(turns.rates[name, server])),
            **spread(turns.waits[name, server], 50, 95, 99),
        }
    ratios: dict[str, Any] = {}
    targets: Report = {}
    for name in CASES:
        for other, wanted in (("fastapi", MOST), ("floor", MOST_OF_FLOOR)):
            against = name.removesuffix(", unchanged")
            found = turns.ratio(name, "console", other, against)
            if found is not None:
                ratios[f"{name} to {other}"] = found
                most = MOST_UNCHANGED if "unchanged" in name and other == "fastapi" else wanted.get(name)
                if most is not None:
                    targets[f"{name} to {other}"] = target(found["is"], most)
            if other == "fastapi" and (database := turns.ratio(name, "console", other, against, part=1)) is not None:
                ratios[f"{name} to {other}, database"] = database
        if (found := turns.ratio(name, "console", "other")) is not None:
            ratios[f"{name} to the other revision"] = found
    return {"figures": figures, "ratios": ratios, "targets": targets}


async def signed_in(served: Served) -> str:
    """The cookie of a user who is signed in."""
    async with served.client() as client:
        answer = await client.post("/sign-in", data={"name": USER[0], "password": USER[1]})
        assert answer.status_code == 303, answer.text
        return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


async def _filled(installation: Installation, sims: int) -> None:
    await fill(installation, sims)
    connection = await connected(installation)
    try:
        for statement in (USAGE, EVENTS):
            await connection.execute(statement, installation.organization_id)
        await connection.execute("VACUUM ANALYZE usage_daily, network_events")
    finally:
        await connection.close()


@asynccontextmanager
async def _changing(installation: Installation, sims: int, a_second: float) -> AsyncIterator[None]:
    """SIMs change at this rate until the block ends, by a worker's own way; with 0 none does."""
    if not a_second:
        yield
        return
    options = ("--organization", str(installation.organization_id), "--sims", str(sims), "--a-second", str(a_second))
    async with python_process("bench/changer.py", *options, environment=installation.environment) as changer:
        await printed_json(changer, "4")
        changing = asyncio.create_task(printed_json(changer, str(round(a_second * 3600))))
        yield
        assert not changing.done(), "SIMs changed to the end"
        changing.cancel()
        await asyncio.wait({changing})


async def bench(chosen: argparse.Namespace) -> Report:
    """In each round each case is asked of each server, whose order turns."""
    sims, rounds, number = (5_000, 2, 40) if chosen.quick else (chosen.sims, chosen.rounds, chosen.requests)
    async with new_installation() as installation:
        say(f"api: filling the installation with {sims} SIMs")
        await _filled(installation, sims)
        keys = await installation.keys(KEYS)
        async with compared(installation, chosen.other) as servers, _changing(installation, sims, chosen.changes):
            turns = Turns(keys, await signed_in(servers["console"]), *await beside(installation))
            for round_number in range(rounds):
                say(f"api: round {round_number + 1} of {rounds}")
                names = list(servers)
                names = names[round_number % len(names) :] + names[: round_number % len(names)]
                for name, case in CASES.items():
                    for server in names:
                        await turns.take(name, case, server, servers[server], number)
    given = {"sims": sims, "rounds": rounds, "requests_a_turn": number, "changes_per_second": chosen.changes}
    return {**given, **report(turns)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sims", type=int, default=20_000, help="how many SIMs (%(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="how many rounds (%(default)s)")
    parser.add_argument("--requests", type=int, default=200, help="requests in a turn (%(default)s)")
    parser.add_argument("--changes", type=float, default=0, help="SIMs that change meanwhile, a second (%(default)s)")
    parser.add_argument("--other", type=Path, help="a checkout of another revision, to be compared in the same run")
    prepared()
    run("api", bench, parser, minutes=10)
