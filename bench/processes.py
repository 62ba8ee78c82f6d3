"""Processes that a benchmark starts and asks through standard input and output."""

import asyncio
import contextlib
import os
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).parent.parent


def python_process(
    *command: str, environment: Mapping[str, str] | None = None
) -> contextlib.AbstractAsyncContextManager[Process]:
    """Run a Python program of the project until the block ends: `"-m", "simulator"` or a file."""
    return program_process(sys.executable, *command, environment=environment)


@asynccontextmanager
async def program_process(
    *command: str,
    environment: Mapping[str, str] | None = None,
    folder: Path = ROOT,
    loud: bool = True,
    log: Path | None = None,
) -> AsyncIterator[Process]:
    """Run any program in this folder until the block ends. What it complains about is shown if it may be loud.

    With `log`, all that it writes goes into that file.
    """
    with log.open("ab") if log else contextlib.nullcontext() as written:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
            stdin=PIPE,
            stdout=written or PIPE,
            stderr=written or (None if loud else DEVNULL),
            limit=64 * 1024 * 1024,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
                await process.wait()


async def printed_line(process: Process, ask: str | None = None) -> bytes:
    """The next line that a process prints, after it was sent something."""
    assert process.stdin is not None
    assert process.stdout is not None
    if ask is not None:
        process.stdin.write(ask.encode() + b"\n")
    line = await process.stdout.readline()
    if not line:
        raise RuntimeError(f"process {process.pid} has ended without an answer")
    return line


async def printed_json(process: Process, ask: str | None = None) -> Any:
    """The next line that a process prints, which is JSON."""
    return msgspec.json.decode(await printed_line(process, ask))


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
