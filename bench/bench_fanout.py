"""What a delivered frame costs the web server, beside the least that it can cost and what others make of it.

Everybody's sockets are open at the same time, and they are sent to in turns, in one run: what can be compared are the
ratios. The server's processes have a core of their own, all else has the others. Then the whole way: from just before
a commit to the frame at 500 sockets, with 200 changes a second, and to the row painted in a browser.
"""

import argparse
import asyncio
import os
import resource
import tempfile
import time
from functools import cache
from pathlib import Path

import uvloop
from fanout.costs import FRAME_BYTES, Case, in_turns, ratio, summary
from fanout.latency import QUIET_A_SECOND, beside_a_mute, latency_bench
from fanout.painted import painted
from fanout.peers import ALL, BenchSetup, Peer, peers
from filling import fill
from installation import Installation, new_installation
from measuring import Report, cpu_ns, place, run, say, target

from console.live.messages import HEARTBEAT_SECONDS

SIMS = 500
DELIVERIES = 10_000.0  # a second
SLOW = {"django_channels": 2_000.0}  # it has no more to give
QUICK = ["c_floor", "python_floor", "console", "send_text", "channels_plugin"]  # nothing to install
FIVE = FIVE_AT_ONCE, FIVE_A_FLUSH = "console_five_at_once", "console_five_a_flush"  # for a change


async def fanned_out(installation: Installation, folder: Path, sockets: int, chosen: argparse.Namespace) -> Report:
    """Costs and memory of everybody at so many sockets."""
    seconds, turns = (0.5, 2) if chosen.quick else (chosen.seconds, chosen.turns)
    ground = BenchSetup(installation=installation, folder=folder, cores=_cores()[0], sockets=sockets)
    async with peers(ground, chosen.peers) as found:
        cases = [Case(name=peer.name, peer=peer, deliveries=SLOW.get(peer.name, DELIVERIES)) for peer in found]
        ours = next(peer for peer in found if peer.name == "console")
        cases.append(Case(name=FIVE_AT_ONCE, peer=ours, deliveries=DELIVERIES, at_once=5))
        if sockets <= 500:  # as many changes a second as make five in each flush of 25 ms
            cases.append(Case(name=FIVE_A_FLUSH, peer=ours, deliveries=200.0 * sockets))
        costs = await in_turns(cases, seconds, turns)
        memory = {peer.name: round(peer.kb_per_socket, 1) for peer in found}
        idle = await _idle(ours, 5.0 if chosen.quick else 2 * HEARTBEAT_SECONDS)
    floor = costs["c_floor" if "c_floor" in costs else "python_floor"]
    return {
        "sockets": sockets,
        "cpu_us_per_frame": summary(costs) | {name: "absent" for name in chosen.peers if name not in costs},
        "kb_per_idle_socket": memory,
        "kernel_kb_per_idle_socket": round(ours.kernel_kb_per_socket, 1),
        "idle_cpu_us_per_socket_second": idle,
        "to_the_floor": {name: ratio(of, floor) for name, of in costs.items()},
        "console_to": {name: ratio(costs["console"], of) for name, of in costs.items()},
    }


async def _idle(peer: Peer, seconds: float) -> float:
    """Microseconds of processor for an idle socket in a second, with the heartbeats and all else the server does."""
    cpu, began = cpu_ns(peer.pid), time.monotonic()
    await asyncio.sleep(seconds)
    return round((cpu_ns(peer.pid) - cpu) / 1000 / peer.receiver.sockets / (time.monotonic() - began), 2)


@cache
def _cores() -> tuple[set[int], set[int]]:
    """The server's core, and those of all else."""
    mine = sorted(os.sched_getaffinity(0))
    return ({mine[0]}, set(mine[1:])) if len(mine) > 1 else (set(mine), set(mine))


async def _latency(installation: Installation, folder: Path, chosen: argparse.Namespace) -> Report:
    """With the web server on a core of its own; with all everywhere; beside a client that never reads."""
    sockets, seconds, mute_seconds = (100, 2.0, 2.0) if chosen.quick else (500, 10.0, 35.0)
    async with latency_bench(installation, folder, sockets, SIMS) as way:
        say(f"fanout: from commit to frame, {sockets} sockets")
        place(way.served.pid, _cores()[0])
        pinned = await way.changed(seconds)
        place(os.getpid(), _cores()[0] | _cores()[1])
        free = await way.changed(seconds)
        quiet = await way.changed(2 * seconds, a_second=QUIET_A_SECOND)
        return {"pinned": pinned, "free": free, "quiet": quiet, "beside_a_mute": await beside_a_mute(way, mute_seconds)}


def _targets(by_sockets: list[Report], latency: Report) -> Report:
    found: Report = {}
    for one in by_sockets:
        floored, at = one["to_the_floor"], f"at_{one['sockets']}"
        found[f"to_the_floor_{at}"] = target(floored["console"], 1.35)
        found |= {f"{name}_to_the_floor_{at}": target(floored[name], 0.5) for name in FIVE if name in floored}
        if "channels_plugin" in floored:
            found[f"to_channels_plugin_{at}"] = target(one["console_to"]["channels_plugin"], 0.5)
        found[f"kb_per_idle_socket_{at}"] = target(one["kb_per_idle_socket"]["console"], 20.0)
        found[f"idle_us_per_socket_second_{at}"] = target(one["idle_cpu_us_per_socket_second"], 3.0)
    for name, one in latency.items():
        found[f"{name}_p50_ms"] = target(one["p50_ms"], 8.0 if name == "quiet" else 50.0)
        found[f"{name}_p99_ms"] = target(one["p99_ms"], 40.0)
    return found


async def bench(chosen: argparse.Namespace) -> Report:
    """Costs first, while the installation is quiet; then the whole way."""
    chosen.peers = chosen.peers.split(",") if chosen.peers else QUICK if chosen.quick else list(ALL)
    rest = _cores()[1]  # asked for the first time here, before anything has its place
    with tempfile.TemporaryDirectory(prefix="bench-fanout-") as name:
        folder = Path(name)
        async with new_installation() as installation:
            await fill(installation, SIMS)
            place(os.getpid(), rest)
            sockets = [100] if chosen.quick else chosen.sockets
            by_sockets = [await fanned_out(installation, folder, number, chosen) for number in sockets]
            latency = await _latency(installation, folder, chosen)
            place(os.getpid(), _cores()[0] | _cores()[1])
            say("fanout: to the painted row")
            rows = await painted(installation, 5 if chosen.quick else 50)
    return {
        "frame_bytes": FRAME_BYTES,
        "deliveries_per_second": DELIVERIES,
        "of_django_channels": SLOW["django_channels"],
        "fan_out": by_sockets,
        "commit_to_frame": latency,
        "commit_to_painted_row": rows,
        "targets": _targets(by_sockets, latency),
    }


if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, nargs="+", default=[500, 2000], help="how many listen (%(default)s)")
    parser.add_argument("--turns", type=int, default=7, help="how often each is measured (%(default)s)")
    parser.add_argument("--seconds", type=float, default=1.2, help="how long each turn is (%(default)s)")
    parser.add_argument("--peers", help=f"who is compared ({','.join(ALL)})")
    run("fanout", bench, parser, minutes=8)
