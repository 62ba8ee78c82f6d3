"""Stop-watches and scales: what a process has cost so far, how a row of times is spread, and the report at the end."""

import argparse
import asyncio
import math
import os
import platform
import sys
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

Report = dict[str, Any]
TICK = 1 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid: int) -> float:
    """What a process and all its threads have used of the processors, to the hundredth of a second."""
    after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) * TICK


def family_cpu_seconds(pid: int) -> float:
    """The same of a process and all that it has started, those included that have ended, which are added to it."""
    after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return sum(map(int, after_name[11:15])) * TICK + sum(cpu_seconds(int(child)) for child in children)


def tree(pid: int) -> list[int]:
    """The threads of a process and of all that it has started; the first is its own number."""
    found, processes = [], [pid]
    for one in processes:
        with suppress(OSError):  # it has just ended
            for task in Path(f"/proc/{one}/task").iterdir():
                found.append(int(task.name))
                processes += [int(child) for child in task.joinpath("children").read_text(encoding="ascii").split()]
    return found


def cpu_ns(pid: int) -> int:
    """What a process and all that it has started have used of the processors, to the nanosecond, by the scheduler.

    Threads that have ended since are not in it, so it may fall; `cpu_seconds` is coarser and keeps them.
    """
    used = 0
    for one in tree(pid):
        with suppress(OSError):  # it has just ended
            used += int(_proc_text(f"{one}/schedstat").split()[0])
    return used


def held_bytes(pid: int) -> int:
    """The memory that a process holds now (RSS)."""
    return int(_proc_text(f"{pid}/statm").split()[1]) * PAGE


def kernel_bytes() -> int:
    """What the kernel holds for all processes in small objects: sockets, their buffers, files, timers."""
    return next(int(line.split()[1]) for line in _proc_text("meminfo").splitlines() if line.startswith("Slab:")) * 1024


def _proc_text(path: str) -> str:
    return Path("/proc", path).read_text(encoding="ascii")


def place(pid: int, cores: Collection[int]) -> None:
    """Let a process and all that it has started run on these cores alone."""
    for one in tree(pid):
        with suppress(ProcessLookupError):  # it has just ended
            os.sched_setaffinity(one, cores)


def peak_bytes(pid: int | str = "self") -> int:
    """The most memory that a process has had at once since it began or since `forget_peak`."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"process {pid} does not say how much memory it has used")


def resident_bytes(pid: int) -> int:
    """The memory that a process has now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def forget_peak() -> None:
    """From now on `peak_bytes` of this process begins anew."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def at_percent(times: Sequence[float], percent: float) -> float:
    """The time that so many percent of them do not exceed."""
    ordered = sorted(times)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def spread(seconds: Sequence[float], *percents: float) -> Report:
    """How times are spread, in milliseconds: `{"p50_ms": ..., "p95_ms": ..., "times": how many}`."""
    figures: Report = {f"p{percent:g}_ms": round(at_percent(seconds, percent) * 1000, 2) for percent in percents}
    return figures | {"times": len(seconds)}


def target(value: float, most: float) -> Report:
    """A number that should not be greater than this, and whether it is."""
    return {"is": round(value, 3), "most": most, "met": value <= most}


def at_least(value: float, least: float) -> Report:
    """A number that should not be smaller than this, and whether it is."""
    return {"is": round(value, 3), "least": least, "met": value >= least}


def say(text: str) -> None:
    """How far the benchmark is, for whoever waits."""
    print(text, file=sys.stderr, flush=True)


def run(
    name: str,
    bench: Callable[[argparse.Namespace], Awaitable[Report]],
    parser: argparse.ArgumentParser,
    *,
    minutes: float = 3,
) -> None:
    """Run a benchmark as its command line says, and print its report: one JSON object, the last line.

    It is stopped if it takes more than so many minutes (with `--quick`, two).
    """
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that it works")
    chosen = parser.parse_args()

    async def bounded() -> Report:
        async with asyncio.timeout(120 if chosen.quick else minutes * 60):
            return await bench(chosen)

    found = {
        "benchmark": name,
        "quick": chosen.quick,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **asyncio.run(bounded()),
    }
    print(msgspec.json.encode(found).decode(), flush=True)
