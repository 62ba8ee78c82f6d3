"""Those who are compared: each started with its own sockets, and sent the same texts at the same rate."""

import asyncio
import shutil
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from importlib.metadata import version
from pathlib import Path

from installation import Installation
from measuring import held_bytes, kernel_bytes, place, say
from msgspec import Struct
from processes import free_port, program_process
from servers import web_server

from fanout.receiving import HERE, Receiver, compiled, receiving
from fanout.sending import Send, through_outbox, through_pipe, through_redis

OF_ONE_KEY = 50  # the hub lets one key have a hundred


class Peer(Struct, kw_only=True):
    """A server of one kind, with its sockets."""

    name: str
    pid: int
    send: Send  # some texts at once
    receiver: Receiver
    kb_per_socket: float  # while nothing happens
    kernel_kb_per_socket: float  # of the kernel's small objects, for one of the two ends


class BenchSetup(Struct, kw_only=True):
    """Where they run."""

    installation: Installation
    folder: Path
    cores: set[int]  # the server's
    sockets: int


async def _standing(
    ground: BenchSetup, stack: AsyncExitStack, name: str, process: Process, send: Send, port: int
) -> Peer:
    async with asyncio.timeout(20):
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            assert process.returncode is None, f"{name} did not start"
            await asyncio.sleep(0.05)
    return await _with_sockets(ground, stack, name, process.pid, send, port, "/")


async def _with_sockets(
    ground: BenchSetup,
    stack: AsyncExitStack,
    name: str,
    pid: int,
    send: Send,
    port: int,
    path: str,
    headers: Path | None = None,
) -> Peer:
    place(pid, ground.cores)
    async with receiving(port, path, 20, ground.folder, headers):  # what the first ones cost is not theirs alone
        pass
    await asyncio.sleep(0.5)
    before, kernel_before = held_bytes(pid), kernel_bytes()
    receiver = await stack.enter_async_context(receiving(port, path, ground.sockets, ground.folder, headers))
    await asyncio.sleep(1.0)
    grown = (held_bytes(pid) - before) / ground.sockets / 1024
    kernel = (kernel_bytes() - kernel_before) / ground.sockets / 2 / 1024
    return Peer(name=name, pid=pid, send=send, receiver=receiver, kb_per_socket=grown, kernel_kb_per_socket=kernel)


async def console(ground: BenchSetup, stack: AsyncExitStack) -> Peer:
    """The real web server, at the endpoint for programs."""
    keys, headers = await ground.installation.keys(-(-ground.sockets // OF_ONE_KEY)), ground.folder / "keys"
    headers.write_text("".join(f"X-API-Key: {key}\n" for key in keys), encoding="utf-8")
    served = await stack.enter_async_context(web_server(ground.installation))
    port, path = int(served.address.rpartition(":")[2]), "/api/v1/stream?topics=fleet"
    send = through_outbox(ground.installation)
    return await _with_sockets(ground, stack, "console", served.pid, send, port, path, headers)


async def c_floor(ground: BenchSetup, stack: AsyncExitStack) -> Peer | None:
    """An epoll loop in C."""
    if (program := compiled("floor", ground.folder)) is None:
        return None
    port = free_port()
    process = await stack.enter_async_context(program_process(*program, str(port)))
    return await _standing(ground, stack, "c_floor", process, through_pipe(process), port)


async def python_floor(ground: BenchSetup, stack: AsyncExitStack) -> Peer:
    """uvloop's `transport.write`."""
    port = free_port()
    process = await stack.enter_async_context(
        program_process(sys.executable, str(HERE / "uvloop_writes.py"), str(port))
    )
    return await _standing(ground, stack, "python_floor", process, through_pipe(process), port)


def _litestar(file: str, channel: str) -> Callable[[BenchSetup, AsyncExitStack], Awaitable[Peer]]:
    async def start(ground: BenchSetup, stack: AsyncExitStack) -> Peer:
        port = free_port()
        command = (sys.executable, str(HERE / f"{file}.py"), str(port), ground.installation.settings.redis_url)
        process = await stack.enter_async_context(program_process(*command))
        return await _standing(ground, stack, file, process, through_redis(ground.installation, channel), port)

    return start


async def node_ws(ground: BenchSetup, stack: AsyncExitStack) -> Peer | None:
    """Node with the package ws, installed into a passing folder."""
    folder = ground.folder / "node"
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return None
    folder.mkdir(exist_ok=True)
    install = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), "ws", "redis"]
    if not folder.joinpath("node_modules/ws").exists() and not await _installed(install):
        return None
    port = free_port()
    command = (node, str(HERE / "node_ws.js"), str(port), ground.installation.settings.redis_url)
    process = await stack.enter_async_context(program_process(*command, folder=folder))
    return await _standing(ground, stack, "node_ws", process, through_redis(ground.installation, "bench:node_ws"), port)


async def django_channels(ground: BenchSetup, stack: AsyncExitStack) -> Peer | None:
    """Django Channels with channels_redis, under the same uvicorn, in a passing environment."""
    folder = ground.folder / "django"
    python = str(folder / "bin/python")
    same = [f"{name}=={version(name)}" for name in ("uvicorn", "uvloop", "httptools", "websockets")]
    if not folder.exists():
        made = await _installed([sys.executable, "-m", "venv", str(folder)])
        pip = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input"]
        if not made or not await _installed([*pip, "channels", "channels_redis", *same]):
            return None
    port, script, redis = free_port(), str(HERE / "django_channels.py"), ground.installation.settings.redis_url
    serve = program_process(python, script, "serve", redis, "--port", str(port), loud=False)  # noisy at the end
    process = await stack.enter_async_context(serve)
    relay = await stack.enter_async_context(program_process(python, script, "send", redis))
    return await _standing(ground, stack, "django_channels", process, through_pipe(relay), port)


async def _installed(command: list[str]) -> bool:
    try:
        done = await asyncio.to_thread(subprocess.run, command, check=False, timeout=120, stdout=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


ALL: dict[str, Callable[[BenchSetup, AsyncExitStack], Awaitable[Peer | None]]] = {
    "c_floor": c_floor,
    "python_floor": python_floor,
    "console": console,
    "send_text": _litestar("send_text", "bench:send_text"),
    "channels_plugin": _litestar("channels_plugin", "fleet"),
    "node_ws": node_ws,
    "django_channels": django_channels,
}


@asynccontextmanager
async def peers(ground: BenchSetup, names: Sequence[str]) -> AsyncIterator[list[Peer]]:
    """All of these that can be had here, each with its sockets open."""
    async with AsyncExitStack() as stack:
        found = []
        for name in names:
            say(f"fanout: {name} with {ground.sockets} sockets")
            peer = await ALL[name](ground, stack)
            if peer is None:
                say(f"fanout: {name} is absent")
            else:
                found.append(peer)
        yield found
