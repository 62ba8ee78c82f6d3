"""The whole way: from just before a worker's commit to the frame, at the real web server with many sockets."""

import asyncio
import re
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path

from installation import Installation
from measuring import Report, cpu_ns, held_bytes
from processes import printed_json, python_process
from servers import Served, web_server

from fanout.mute import SilentClient, silent_client
from fanout.peers import OF_ONE_KEY
from fanout.receiving import Receiver, receiving

A_SECOND = 200.0  # changes
QUIET_A_SECOND = 4.0  # all in one transaction: what comes finds a server that has nothing to do
TOO_SLOW = re.compile(r'^console_live_sockets_cut_total\{.*reason="too slow".*\} (\S+)$', re.MULTILINE)
PATH = "/api/v1/stream?topics=fleet"


class LatencyBench:
    """A web server with its sockets, and a worker that changes SIMs."""

    def __init__(self, served: Served, receiver: Receiver, changer: Process, key: str) -> None:
        """The key is for one more socket."""
        self.served = served
        self.receiver = receiver
        self._changer = changer
        self._key = key

    async def changed(self, seconds: float, *, more: bool = False, a_second: float = A_SECOND) -> Report:
        """Change so many SIMs a second: how old the frames are when they arrive, and what one costs the web server.

        An error if a socket misses a frame. `more`: others publish too.
        """
        changes = round(a_second * seconds)
        await self.receiver.mark()
        cpu, began = cpu_ns(self.served.pid), time.monotonic()
        answer = await printed_json(self._changer, f"{changes} {a_second}")
        took = time.monotonic() - began
        arrived = await self.receiver.received(changes, more=more)
        used = (cpu_ns(self.served.pid) - cpu) / arrived.facts / 1000
        return {
            "changes": changes,
            "changes_per_second": round(changes / took, 1),
            "latest_change_ms": answer["latest_ms"],
            "of_it_commit_and_telling": answer["committed"],
            **arrived.spread(),
            "cpu_us_per_frame": round(used, 2),
        }

    async def cut_off(self) -> int:
        """How many clients the web server has given up because they were too slow."""
        async with self.served.client() as client:
            text = (await client.get("/metrics")).text
        found = TOO_SLOW.findall(text)
        return sum(round(float(number)) for number in found)

    def silent_client(self) -> AbstractContextManager[SilentClient]:
        """One more client, which never reads."""
        return silent_client(int(self.served.address.rpartition(":")[2]), PATH, f"X-API-Key: {self._key}")


@asynccontextmanager
async def latency_bench(
    installation: Installation,
    folder: Path,
    sockets: int,
    sims: int,
    *,
    more: Mapping[str, str] | None = None,
    log: Path | None = None,
) -> AsyncIterator[LatencyBench]:
    """Everything running until the block ends. `more` and `log`: of the web server."""
    keys, headers = await installation.keys(1 + -(-sockets // OF_ONE_KEY)), folder / "keys"
    headers.write_text("".join(f"X-API-Key: {key}\n" for key in keys[1:]), encoding="utf-8")
    options = ("--organization", str(installation.organization_id), "--sims", str(sims), "--a-second", str(A_SECOND))
    async with (
        web_server(installation, more=more, log=log) as served,
        python_process("bench/changer.py", *options, environment=installation.environment) as changer,
        receiving(int(served.address.rpartition(":")[2]), PATH, sockets, folder, headers) as receiver,
    ):
        await printed_json(changer, "100")  # what is done once is done now
        await asyncio.sleep(0.5)
        yield LatencyBench(served, receiver, changer, keys[0])


async def beside_a_mute(way: LatencyBench, seconds: float) -> Report:
    """The same with one more client, which never reads: it should make no difference, and be cut off."""
    held, before, began, ended = held_bytes(way.served.pid), await way.cut_off(), time.monotonic(), None
    with way.silent_client():
        measured = asyncio.create_task(way.changed(seconds))
        while not measured.done():
            await asyncio.sleep(0.5)
            if ended is None and await way.cut_off() > before:
                ended = round(time.monotonic() - began, 1)
        report = await measured
    grown = (held_bytes(way.served.pid) - held) / 1024**2
    return report | {"mute_cut_off_after_s": ended, "grown_mb": round(grown, 1)}
