"""Ten minutes at full load: does the memory of web server and worker stay flat, what do they log, what becomes of a
client that never reads?

Five hundred sockets of programs, 200 changes a second by a worker's own way, beside a real worker that polls a
simulated 1NCE; both log each request, are asked for their metrics every 15 seconds, and send their traces to a
collector. The first minutes fill what is kept on purpose (the latest 10,000 facts): growth is taken after them, and the
client that never reads comes after them.
"""

import argparse
import asyncio
import resource
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean, linear_regression

import uvloop
from fanout.latency import A_SECOND, latency_bench
from filling import fill
from installation import Installation, new_installation
from measuring import Report, run, say, target
from servers import simulated_once, worker
from soak_watch import Watch, logged

from console.organizations.writes import put

sys.path.append(str(Path(__file__).parents[1]))
from tests.telemetry.collecting import collecting

SIMS = 500
WARM = 1 / 6  # of the time, and two minutes at the least, is not in the growth
CALLS_A_SECOND = 10.0
BOUND = 4.5  # MB that may wait in the server for one client: console.live.subscriber
FLAT_PERCENT = 5.0


async def polled_apart(installation: Installation) -> None:
    """What is polled belongs to an organization of its own: the SIMs that carry moments are changed here alone."""
    now, settings = datetime.now(UTC), installation.settings
    async with installation.db.transaction() as transaction:
        await put(transaction, settings, "acme", "Acme", now, client_id=None, client_secret=None)
        await put(transaction, settings, "polled", "Polled", now, client_id="demo", client_secret="demo-secret")


def slope(seen: Sequence[tuple[float, float]], after: float) -> float | None:
    """Megabytes a minute, by the straight line nearest to what was seen after so many minutes."""
    later = [one for one in seen if one[0] >= after]
    return linear_regression(*zip(*later, strict=True)).slope if len(later) > 2 else None


def growth(seen: Sequence[tuple[float, float]], after: float) -> Report:
    """Megabytes in the first and the last tenth of the time after so many minutes, and how far the last is above."""
    later = [held for at, held in seen if at >= after]
    tenth = max(1, len(later) // 10)
    first, last, rising = fmean(later[:tenth]), fmean(later[-tenth:]), slope(seen, after)
    return {
        "start": round(seen[0][1], 1),
        "first": round(first, 1),
        "last": round(last, 1),
        "most": round(max(later), 1),
        "grown_percent": round((last / first - 1) * 100, 2),
        "slope_per_minute": None if rising is None else round(rising, 3),
    }


async def bench(chosen: argparse.Namespace) -> Report:
    """Minute by minute."""
    sockets, minutes, length = (100, 2, 5.0) if chosen.quick else (chosen.sockets, chosen.minutes, 60.0)
    by_minute: list[Report] = []
    with tempfile.TemporaryDirectory(prefix="bench-soak-") as written, collecting() as collector:
        folder = Path(written)
        logs = {name: folder / f"{name}.log" for name in ("web", "worker")}
        more = {"LOG_LEVEL": "INFO", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address}
        async with (
            simulated_once(sims=SIMS, rate=CALLS_A_SECOND) as once,
            new_installation(once=once, rate=CALLS_A_SECOND) as installation,
        ):
            await fill(installation, SIMS)
            await polled_apart(installation)
            async with (
                latency_bench(installation, folder, sockets, SIMS, more=more, log=logs["web"]) as way,
                worker(installation, more=more, log=logs["worker"]) as working,
            ):
                watch = Watch(way, working)
                watching = asyncio.create_task(watch.run())
                warm = min(max(2, round(minutes * WARM)), minutes // 2)
                with ExitStack() as stack:
                    for minute in range(minutes):
                        if minute == warm:
                            stack.enter_context(way.silent_client())
                            watch.mute_since = asyncio.get_running_loop().time()
                        one = await way.changed(length, more=True)
                        held = {"web_mb": round(watch.seen[-1][1], 1), "worker_mb": round(watch.seen[-1][2], 1)}
                        by_minute.append({**one, **held})
                        say(f"soak: minute {minute + 1}: {by_minute[-1]}")
                    assert not watching.done(), watching.exception()
                    watching.cancel()
            said = {name: logged(log) for name, log in logs.items()}
            collector_posts = len(collector.posts)
    web, of_worker = (growth([(one[0], one[at]) for one in watch.seen], warm * length / 60) for at in (1, 2))
    grown = max(watch.while_mute, default=0.0) - next(iter(watch.while_mute), 0.0)
    return {
        "sockets": sockets,
        "minutes": minutes,
        "changes_per_second": A_SECOND,
        "web_mb": web,
        "worker_mb": of_worker,
        "scrapes": watch.scrapes,
        "posts_of_traces": collector_posts,
        "failures_logged": {name: dict(grave) for name, (grave, _) in said.items()},
        "warnings_logged": {name: dict(warnings) for name, (_, warnings) in said.items()},
        "minute_by_minute": by_minute,
        "never_reading": {
            "cut_off_after_s": watch.cut_after and round(watch.cut_after, 1),
            "server_grew_by_mb_meanwhile": round(grown, 1),
            "bound_mb": BOUND,
        },
        "targets": {
            "web_grown_percent": target(web["grown_percent"], FLAT_PERCENT),
            "worker_grown_percent": target(of_worker["grown_percent"], FLAT_PERCENT),
            "failures_logged": target(sum(grave.total() for grave, _ in said.values()), 0),
            "scrapes_failed": target(watch.scrapes_failed, 0),
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
