"""Ten minutes at full load: does the web server's memory stay flat, and what becomes of a client that never reads?

Five hundred sockets of programs, 200 changes a second by a worker's own way. The first two minutes fill
what is kept on purpose (the latest 10,000 facts): the slope is taken after them, and the client that never reads comes
after them.
"""

import argparse
import asyncio
import resource
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import linear_regression

import uvloop
from fanout.latency import A_SECOND, LatencyBench, latency_bench
from filling import fill
from installation import new_installation
from measuring import Report, held_bytes, run, say, target

SIMS = 500
EVERY = 2.0  # seconds from look to look
WARM = 2  # minutes that are not in the slope
BOUND = 4.5  # MB that may wait in the server for one client: console.live.subscriber


class Watch:
    """The web server's memory, and the client that never reads, looked at every two seconds."""

    def __init__(self, way: LatencyBench) -> None:
        self._way = way
        self.mute_since: float | None = None  # the loop's time at which it came
        self.seen: list[tuple[float, float]] = []  # minutes since the start, megabytes
        self.cut_after: float | None = None
        self.while_mute: list[float] = []  # megabytes

    async def run(self) -> None:
        """Look until cancelled."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            held = held_bytes(self._way.served.pid) / 1024**2
            self.seen.append(((loop.time() - began) / 60, held))
            if self.mute_since is not None and self.cut_after is None:
                self.while_mute.append(held)
                if await self._way.cut_off():
                    self.cut_after = loop.time() - self.mute_since
            await asyncio.sleep(EVERY)


def slope(seen: Sequence[tuple[float, float]], after: float) -> float | None:
    """Megabytes a minute, by the straight line nearest to what was seen after so many minutes."""
    later = [one for one in seen if one[0] >= after]
    return linear_regression(*zip(*later, strict=True)).slope if len(later) > 2 else None


async def bench(chosen: argparse.Namespace) -> Report:
    """Minute by minute."""
    sockets, minutes, length = (100, 2, 5.0) if chosen.quick else (chosen.sockets, chosen.minutes, 60.0)
    by_minute: list[Report] = []
    with tempfile.TemporaryDirectory(prefix="bench-soak-") as folder:
        async with new_installation() as installation:
            await fill(installation, SIMS)
            async with latency_bench(installation, Path(folder), sockets, SIMS) as way:
                watch = Watch(way)
                watching = asyncio.create_task(watch.run())
                with ExitStack() as stack:
                    for minute in range(minutes):
                        if minute == min(WARM, minutes // 2):
                            stack.enter_context(way.silent_client())
                            watch.mute_since = asyncio.get_running_loop().time()
                        one = await way.changed(length)
                        by_minute.append({**one, "rss_mb": round(watch.seen[-1][1], 1)})
                        say(f"soak: minute {minute + 1}: {by_minute[-1]}")
                    watching.cancel()
    warm = min(WARM, minutes / 2) * length / 60
    first = next(held for at, held in watch.seen if at >= warm)
    last, rising = watch.seen[-1][1], slope(watch.seen, warm)
    grown = max(watch.while_mute, default=0.0) - next(iter(watch.while_mute), 0.0)
    return {
        "sockets": sockets,
        "minutes": minutes,
        "changes_per_second": A_SECOND,
        "rss_mb": {
            "start": round(watch.seen[0][1], 1),
            "first": round(first, 1),
            "last": round(last, 1),
            "most": round(max(held for _, held in watch.seen), 1),
            "slope_per_minute": None if rising is None else round(rising, 3),
        },
        "minute_by_minute": by_minute,
        "never_reading": {
            "cut_off_after_s": watch.cut_after and round(watch.cut_after, 1),
            "server_grew_by_mb_meanwhile": round(grown, 1),
            "bound_mb": BOUND,
        },
        "targets": {
            "grown_mb": target(last - first, 5.0),
            "p50_ms": target(max(one["p50_ms"] for one in by_minute), 50.0),
            "p99_ms": target(max(one["p99_ms"] for one in by_minute), 150.0),
            **({"cut_off_after_s": target(watch.cut_after, 60.0)} if watch.cut_after else {}),
        },
    }


if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=10, help="how long (%(default)s)")
    parser.add_argument("--sockets", type=int, default=500, help="how many listen (%(default)s)")
    run("soak", bench, parser, minutes=24 * 60)  # it ends by itself
