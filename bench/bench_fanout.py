"""How soon after its commit a change reaches two hundred listeners, and what each frame costs the web server.

The floor, in the same run: a bare ASGI application which sends texts of the same length to as many sockets in a loop.
"""

import argparse
import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import uvloop
from filling import fill
from house import House, a_house, a_process, a_web_server, an_answer, free_port
from listening import Listening, all_heard, listen
from measuring import Report, at_percent, cpu_seconds, run, say, spread

SIMS = 500
OF_ONE_KEY = 50  # the hub lets one key have a hundred
GATHER_MS = 25.0  # what the console waits on purpose, so that what comes together goes out together


async def measured(
    pid: int, sockets: list[Listening], facts: int, seconds: float, moments: Callable[[], Any]
) -> tuple[list[float], float]:
    """The latency of each frame, and the microseconds of processor that a frame cost. Hangs up."""
    cpu = cpu_seconds(pid)
    told: dict[int, float] = await moments()
    await all_heard(sockets, facts, seconds + 20)
    used = cpu_seconds(pid) - cpu
    in_order = sorted(told)
    for socket in sockets:
        assert [seq for seq, _ in socket.arrivals] == in_order, "a socket missed a fact or heard one twice"
        socket.close()
    warm = len(in_order) // 20  # the first facts pay for what is done once: connections, statements
    latencies = [at - told[seq] for socket in sockets for seq, at in socket.arrivals[warm:]]
    return latencies, used / (len(sockets) * facts) * 1e6


async def console(house: House, number: int, a_second: float, seconds: float) -> tuple[list[float], float, int]:
    """Latencies, microseconds a frame, and the length of a frame, at the JSON door of the real web server."""
    facts = round(a_second * seconds)
    keys = await house.keys(-(-number // OF_ONE_KEY))
    async with a_web_server(house) as served:
        port = int(served.address.rpartition(":")[2])
        headers: list[Mapping[str, str]] = [{"X-API-Key": keys[n // OF_ONE_KEY]} for n in range(number)]
        sockets = await listen(port, "/api/v1/stream?topics=fleet", headers)
        options = ("--organization", str(house.organization_id), "--sims", str(SIMS))
        pace = ("--a-second", str(a_second), "--seconds", str(seconds))
        async with a_process("bench/changer.py", *options, *pace, environment=house.environment) as changer:

            async def moments() -> dict[int, float]:
                committed = {(iccid, revision): at for iccid, revision, at in await an_answer(changer)}
                await all_heard(sockets[:1], facts, 20)
                frames = [msgspec.json.decode(frame) for frame in sockets[0].frames]
                return {frame["seq"]: committed[frame["subject"], frame["data"]["revision"]] for frame in frames}

            latencies, cpu_us = await measured(served.pid, sockets, facts, seconds, moments)
    return latencies, cpu_us, len(sockets[0].frames[0])


async def bare(number: int, a_second: float, seconds: float, frame_bytes: int) -> tuple[list[float], float]:
    """The same of the bare application."""
    facts, port = round(a_second * seconds), free_port()
    options = ("--port", str(port), "--sockets", str(number), "--frame-bytes", str(frame_bytes))
    pace = ("--a-second", str(a_second), "--seconds", str(seconds))
    async with a_process("bench/bare_sockets.py", *options, *pace) as process:
        await _is_up(port)
        sockets = await listen(port, "/", [{} for _ in range(number)])

        async def moments() -> dict[int, float]:
            await all_heard(sockets[:1], facts, seconds + 20)
            frames = [msgspec.json.decode(frame) for frame in sockets[0].frames]
            return {frame["seq"]: frame["at"] for frame in frames}

        return await measured(process.pid, sockets, facts, seconds, moments)


async def _is_up(port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise TimeoutError("the bare application did not start")


async def bench(chosen: argparse.Namespace) -> Report:
    """The console first, then the floor with frames of the same length."""
    sockets, a_second, seconds = (50, 50.0, 2.0) if chosen.quick else (chosen.sockets, chosen.a_second, 10.0)
    async with a_house() as house:
        await fill(house, SIMS)
        say(f"fanout: {a_second:.0f} changes a second to {sockets} sockets of the console")
        latencies, cpu_us, frame_bytes = await console(house, sockets, a_second, seconds)
    say("fanout: the same, bare")
    floor, floor_cpu_us = await bare(sockets, a_second, seconds, frame_bytes)
    p50, floor_p50 = (at_percent(times, 50) * 1000 for times in (latencies, floor))
    return {
        "sockets": sockets,
        "changes_per_second": a_second,
        "frames": round(sockets * a_second * seconds),
        "frame_bytes": frame_bytes,
        "gathered_for_ms": GATHER_MS,
        "commit_to_frame": spread(latencies, 50, 95, 99, 100),
        "web_cpu_us_per_frame": round(cpu_us, 1),
        "floor": {**spread(floor, 50, 95, 99, 100), "cpu_us_per_frame": round(floor_cpu_us, 1)},
        "ratio_to_floor": round(cpu_us / floor_cpu_us, 2),
        "latency_to_floor": round(p50 / floor_p50, 2),
    }


if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, default=200, help="how many listen (%(default)s)")
    parser.add_argument("--a-second", type=float, default=50.0, help="changes a second (%(default)s)")
    run("fanout", bench, parser)
