"""Twenty thousand sockets over four web servers on a machine: what each holds, and whether each receives all once.

Programs follow the whole fleet, five thousand at each web server; a worker's own way changes SIMs. Two cores and twenty
thousand receivers on the same machine: the times say that it holds, not how fast it would be on four machines.
"""

import argparse
import asyncio
import resource
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import uvloop
from fanout.latency import PATH
from fanout.peers import OF_ONE_KEY
from fanout.receiving import Marked, Receiver, receiving
from filling import fill
from installation import new_installation
from measuring import Report, cpu_ns, held_bytes, run, say, target
from processes import printed_json, python_process
from servers import Served, web_server

SIMS = 200
A_SECOND = 4.0  # changes, all in one transaction: each second every socket receives four facts


class OneServer:
    """A web server with its sockets."""

    def __init__(self, served: Served, receiver: Receiver, empty: int, seconds: float) -> None:
        """`empty`: its memory before the first socket; `seconds`: how long it took to open them all."""
        self._served = served
        self.receiver = receiver
        self._empty = empty
        self._seconds = seconds
        self._used = 0

    async def mark(self) -> None:
        """What has come and what was used from here on counts."""
        await self.receiver.mark()
        self._used = cpu_ns(self._served.pid)

    def report(self, arrived: Marked) -> Report:
        """What it holds, and what it has used for each frame since the mark."""
        held = held_bytes(self._served.pid)
        return {
            "opened_in_s": round(self._seconds, 1),
            "kb_per_socket": round((held - self._empty) / 1024 / self.receiver.sockets, 1),
            "rss_mb": round(held / 1024**2, 1),
            "frames": arrived.facts,
            "cpu_us_per_frame": round((cpu_ns(self._served.pid) - self._used) / arrived.facts / 1000, 2),
            **arrived.spread(),
        }


async def bench(chosen: argparse.Namespace) -> Report:
    """Open them all, server by server; change SIMs; count what each has received."""
    servers, each, seconds = (2, 100, 3.0) if chosen.quick else (chosen.servers, chosen.sockets, chosen.seconds)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-sockets-")))
        installation = await stack.enter_async_context(new_installation())
        await fill(installation, SIMS)
        found: list[OneServer] = []
        for number in range(servers):
            served = await stack.enter_async_context(web_server(installation))
            headers = folder / f"keys-{number}"
            keys = await installation.keys(-(-each // OF_ONE_KEY))
            headers.write_text("".join(f"X-API-Key: {key}\n" for key in keys), encoding="utf-8")
            empty, began, port = held_bytes(served.pid), time.monotonic(), int(served.address.rpartition(":")[2])
            receiver = await stack.enter_async_context(receiving(port, PATH, each, folder, headers))
            found.append(OneServer(served, receiver, empty, time.monotonic() - began))
            say(f"sockets: {(number + 1) * each} open")
        options = (
            "--organization",
            str(installation.organization_id),
            "--sims",
            str(SIMS),
            "--a-second",
            str(A_SECOND),
        )
        changer = await stack.enter_async_context(
            python_process("bench/changer.py", *options, environment=installation.environment)
        )
        await printed_json(changer, "4")  # what is done once is done now
        await asyncio.sleep(3)
        for one in found:
            await one.mark()
        changes = round(A_SECOND * seconds)
        await printed_json(changer, str(changes))
        arrived = [await one.receiver.received(changes, 60.0) for one in found]
        reports = [one.report(of) for one, of in zip(found, arrived, strict=True)]
    return {
        "sockets": servers * each,
        "changes_per_second": A_SECOND,
        "servers": reports,
        "targets": {
            "kb_per_socket": target(max(one["kb_per_socket"] for one in reports), 30.0),
            "p99_ms": target(max(one["p99_ms"] for one in reports), 1000.0),
        },
    }


if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", type=int, default=4, help="how many web servers (%(default)s)")
    parser.add_argument("--sockets", type=int, default=5000, help="how many at each (%(default)s)")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long SIMs change (%(default)s)")
    run("sockets", bench, parser, minutes=15)  # a socket opens in 50 ms, twenty at a time
