"""What sending costs: the server's processor time for each frame that arrived, everybody in turn and again."""

import asyncio
import time
from collections.abc import Sequence
from statistics import median

from measuring import Report, cpu_ns, say
from msgspec import Struct

from fanout.peers import Peer

FRAME_BYTES = 400
EPOCH = "0123456789abcdef"


def texts(number: int, how_many: int = 1) -> list[str]:
    """Facts as the console words them, of this length, with the moment of their making."""
    found = []
    for seq in range(number, number + how_many):
        head = (
            f'{{"epoch":"{EPOCH}","seq":{seq:06},"type":"network.event","time":"2026-11-20T12:00:00Z","subject":null,'
        )
        head += f'"data":{{"iccid":null,"name":"Create PDP Context","description":"@{time.monotonic_ns():019} '
        found.append(head + "x" * (FRAME_BYTES - len(head) - 3) + '"}}')
    return found


class Case(Struct, frozen=True, kw_only=True):
    """A server that is sent texts at some rate."""

    name: str
    peer: Peer
    deliveries: float  # frames a second, over all sockets
    at_once: int = 1  # facts sent in one step


async def cost(case: Case, seconds: float) -> float:
    """Microseconds of processor for each frame that arrived. An error if one does not.

    Everything that the server does meanwhile counts: its heartbeats, its metrics, its pings.
    """
    peer, at_once = case.peer, case.at_once
    a_second = case.deliveries / peer.receiver.sockets / at_once
    times = max(2, round(a_second * seconds))
    await peer.receiver.mark()
    cpu, began = cpu_ns(peer.pid), time.monotonic()
    for number in range(times):
        await asyncio.sleep(max(0.0, began + number / a_second - time.monotonic()))
        await peer.send(texts(number * at_once, at_once))
    await asyncio.sleep(max(0.05, began + times / a_second - time.monotonic()))
    found = await peer.receiver.received(times * at_once)
    return (cpu_ns(peer.pid) - cpu) / found.facts / 1000


async def in_turns(cases: Sequence[Case], seconds: float, turns: int) -> dict[str, list[float]]:
    """Each one's costs, in turns, so that a noisy minute of the machine is everybody's."""
    costs: dict[str, list[float]] = {case.name: [] for case in cases}
    for case in cases:
        await cost(case, 0.3)  # what is done once is done now
    for turn in range(turns):
        for case in cases:
            costs[case.name].append(await cost(case, seconds))
        say(f"fanout: turn {turn + 1}: " + ", ".join(f"{name} {of[-1]:.1f}" for name, of in costs.items()))
    return costs


def summary(costs: dict[str, list[float]]) -> Report:
    """For the report: the median, and how far the turns lay apart, in microseconds."""
    return {
        name: {"us": round(median(of), 2), "least": round(min(of), 2), "most": round(max(of), 2)}
        for name, of in costs.items()
    }


def ratio(of: Sequence[float], to: Sequence[float]) -> float:
    """The median of the ratios, turn by turn."""
    return round(median(one / other for one, other in zip(of, to, strict=True)), 2)
