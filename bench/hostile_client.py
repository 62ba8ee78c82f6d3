"""A process that sends one kind of hostile requests until its input ends; the target comes as a line of JSON."""

import asyncio
import os
import sys
from contextlib import suppress

import msgspec
import uvloop
from hostile.kinds import KINDS
from hostile.target import Target


async def keep_on(name: str) -> None:
    """From the line that says where until the input ends."""
    kind = next(one for one in KINDS if one.__name__ == name)
    target = msgspec.json.decode(sys.stdin.buffer.readline(), type=Target)
    print("begun", flush=True)
    task = asyncio.ensure_future(kind(target))
    await asyncio.to_thread(sys.stdin.buffer.read)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


if __name__ == "__main__":
    os.nice(10)  # its own work is not measured: it gives way to all else here
    uvloop.run(keep_on(sys.argv[1]))
