"""Looking at processes from outside: whether they live, and waiting for what they do."""

import asyncio
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path


def lives(pid: int) -> bool:
    """Whether a process runs; one that only waits to be counted by its parent has ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


async def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until something holds; fails when it takes too long."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:g} s")
        await asyncio.sleep(0.01)


def begun(command: Sequence[str]) -> subprocess.Popen[str]:
    """A process in a session of its own, whose output can be read."""
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def arguments(pid: int | None) -> str:
    """What a process was started with, as `ps` shows it to everybody."""
    assert pid is not None
    command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
