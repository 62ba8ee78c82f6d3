"""Real Valkeys on this machine: a primary, a replica, and three sentinels that watch them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis

from console.trial.ports import HOST, free_port
from console.trial.programs import valkey

NAME, PASSWORD = "console", "sentinel-drill"
SENTINELS = 3
PLAIN = ("--bind", HOST, "--save", "", "--appendonly", "no", "--loglevel", "warning", "--daemonize", "no")


class Failover:
    """The servers, by port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.servers: dict[int, asyncio.subprocess.Process] = {}
        self.primary, self.replica = free_port(), free_port()
        self.sentinels = [free_port() for _ in range(SENTINELS)]

    @property
    def url(self) -> str:
        """The REDIS_URL that names the sentinels."""
        hosts = ",".join(f"{HOST}:{port}" for port in self.sentinels)
        return f"redis+sentinel://:{PASSWORD}@{hosts}/{NAME}/0"

    async def start(self) -> None:
        """Start all of them; returns once the sentinels know each other and the replica."""
        both = (*PLAIN, "--requirepass", PASSWORD, "--masterauth", PASSWORD)
        await self._run(self.primary, "--port", str(self.primary), *both)
        await self._run(self.replica, "--port", str(self.replica), *both, "--replicaof", f"{HOST} {self.primary}")
        for port in self.sentinels:
            file = self.folder / f"sentinel-{port}.conf"
            file.write_text(
                f"port {port}\nbind {HOST}\nsentinel monitor {NAME} {HOST} {self.primary} 2\n"
                f"sentinel auth-pass {NAME} {PASSWORD}\nsentinel down-after-milliseconds {NAME} 1000\n"
                f"sentinel failover-timeout {NAME} 5000\nloglevel warning\n"
            )
            await self._run(port, str(file), "--sentinel")
        for port in self.sentinels:
            await self._until(port, replicas=1, others=SENTINELS - 1)

    def kill_primary(self) -> None:
        """End it at once, as a machine that is gone."""
        self.servers[self.primary].kill()

    async def stop(self) -> None:
        """End all of them."""
        for server in self.servers.values():
            if server.returncode is None:
                server.kill()
            await server.wait()

    async def _run(self, port: int, *arguments: str) -> None:
        self.servers[port] = await asyncio.create_subprocess_exec(
            str(valkey()), *arguments, cwd=self.folder, stdout=asyncio.subprocess.DEVNULL
        )

    async def _until(self, port: int, *, replicas: int, others: int) -> None:
        async with asyncio.timeout(30), Redis(host=HOST, port=port, protocol=2) as sentinel:
            while True:
                try:
                    said = await sentinel.sentinel_master(NAME)  # type: ignore[no-untyped-call]
                except OSError:
                    said = {}
                except Exception as error:
                    if "refused" not in str(error):
                        raise
                    said = {}
                known = {_text(name): _text(value) for name, value in dict(said).items()}
                if known.get("num-slaves") == str(replicas) and known.get("num-other-sentinels") == str(others):
                    return
                await asyncio.sleep(0.1)


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@asynccontextmanager
async def failing_over(folder: Path) -> AsyncIterator[Failover]:
    """The servers for as long as the block lasts."""
    found = Failover(folder)
    try:
        await found.start()
        yield found
    finally:
        await found.stop()
