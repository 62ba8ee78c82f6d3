"""What a soak looks at: memory of the web server and a worker, what they log, whether their metrics are answered."""

import asyncio
import json
from collections import Counter
from pathlib import Path

import httpx
from fanout.latency import LatencyBench
from measuring import held_bytes
from servers import Served

EVERY = 2.0  # seconds from look to look
SCRAPED_EVERY = 15.0
MEGABYTE = 1024**2
GRAVE = frozenset({"error", "critical", "exception"})


class Watch:
    """Looks every two seconds until cancelled; asks for the metrics as Prometheus does."""

    def __init__(self, way: LatencyBench, worker: Served) -> None:
        self._way, self._worker = way, worker
        self.mute_since: float | None = None  # the loop's time at which the client that never reads came
        self.seen: list[tuple[float, float, float]] = []  # minutes since the start, megabytes of web server and worker
        self.cut_after: float | None = None
        self.while_mute: list[float] = []  # megabytes
        self.scrapes, self.scrapes_failed = 0, 0

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look())
            group.create_task(self._scrape())

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            web, worker = (held_bytes(one.pid) / MEGABYTE for one in (self._way.served, self._worker))
            self.seen.append(((loop.time() - began) / 60, web, worker))
            if self.mute_since is not None and self.cut_after is None:
                self.while_mute.append(web)
                if await self._way.cut_off():
                    self.cut_after = loop.time() - self.mute_since
            await asyncio.sleep(EVERY)

    async def _scrape(self) -> None:
        async with self._way.served.client() as web, self._worker.client() as worker:
            while True:
                for client in (web, worker):
                    self.scrapes += 1
                    try:
                        (await client.get("/metrics")).raise_for_status()
                    except httpx.HTTPError:
                        self.scrapes_failed += 1
                await asyncio.sleep(SCRAPED_EVERY)


def logged(log: Path) -> tuple[Counter[str], Counter[str]]:
    """Of a program's log the lines that report a failure, and the warnings: how many of each text."""
    grave, warnings = Counter[str](), Counter[str]()
    for line in log.read_text(encoding="utf-8").splitlines():
        try:
            said = json.loads(line)
        except ValueError:
            grave[line[:200]] += 1  # a traceback that passed the log by
            continue
        if said.get("level") in GRAVE:
            grave[str(said.get("message"))] += 1
        elif said.get("level") == "warning":
            warnings[str(said.get("message"))] += 1
    return grave, warnings
