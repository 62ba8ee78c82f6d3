"""A PostgreSQL of our own: durable for people, quick and forgetful for tests."""

import asyncio
import signal
from contextlib import suppress
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]

from console.trial.cluster import clean_environment, make_cluster
from console.trial.faults import EmbeddedFault, explained
from console.trial.orphans import reap
from console.trial.ports import HOST, free_port
from console.trial.process import Process
from console.trial.programs import Programs, installed
from console.trial.run_as import RunAs, run_as
from console.trial.server import Server

DATABASE = "console"
_RECOVERY_SECONDS = 300.0
_ATTEMPTS = 20
# Sized for a small machine with two cores that has other things to do as well.
_SETTINGS = {
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "1GB",
    "random_page_cost": "1.1",
    "max_parallel_workers_per_gather": "1",
    "jit": "off",  # compiling costs more than our short questions take
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
# Only for data that nobody will miss: after a crash of the machine nothing of it can be trusted.
_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "128MB"}


class PostgresServer(Server):
    """One PostgreSQL in one folder. It keeps its port over restarts, so that its clients find it again."""

    name, title = "postgres", "PostgreSQL"

    def __init__(
        self,
        folder: Path,
        *,
        durable: bool = True,
        port: int | None = None,
        programs: Programs | None = None,
        preload: tuple[str, ...] = (),
    ) -> None:
        """Without a port it chooses one; programs and libraries to preload may be given."""
        super().__init__(folder, port)
        self._durable = durable
        self._programs = programs
        self._preload = preload

    @property
    def data(self) -> Path:
        """Where PostgreSQL's own files are."""
        return self.folder / "data"

    @property
    def url(self) -> str:
        """The DATABASE_URL of this server, once it has been started."""
        return f"postgresql+asyncpg://postgres:{self._password}@{HOST}:{self.port}/{DATABASE}"

    async def _begin(self) -> None:
        """With the database `console`, which is made if it isn't there."""
        # After a crash only helpers of the dead server can be left, which have nothing to finish.
        await reap(self.data, "postgres", seconds=8.0 if self._process is None else 1.0)
        programs = self._programs or installed()
        who = run_as(programs.root)
        await make_cluster(self.data, programs, who, self.log, password=self._password, durable=self._durable)
        await self._launch(programs, who)
        await self._with_database()

    async def stop(self, seconds: float = 10.0) -> None:
        """Stop it: within so many seconds in good order, else at once, which costs a recovery at the next start."""
        if self._process is not None:
            await self._process.stop(((signal.SIGINT, seconds), (signal.SIGQUIT, 0.5)))
        self._process = None
        self._lock.release()

    async def _launch(self, programs: Programs, who: RunAs) -> None:
        fixed = self.port
        for _ in range(_ATTEMPTS):
            self.port = fixed or free_port()
            # Whoever holds the lock is alone with this folder, so this file names a process that is no more, or by now
            # another one which has been given its number: PostgreSQL would refuse to start because of it.
            self.data.joinpath("postmaster.pid").unlink(missing_ok=True)
            self._process = Process(
                (*who.before, programs.command("postgres"), *self._arguments(programs)),
                self.log,
                gently=signal.SIGINT,
                user=who.user,
                environment=clean_environment(),
            )
            if await self._ready(self._process):
                return
            said = self.log.tail()
            if "Address already in use" in said:
                await asyncio.sleep(0.3 if fixed else 0)
            elif "shared memory block" in said:  # helpers of a killed server have not gone yet
                await reap(self.data, "postgres")
            else:
                break
        raise explained(self.title, self.folder, self.log.tail())

    def _arguments(self, programs: Programs) -> list[str]:
        settings = {**_SETTINGS, **({} if self._durable else _FORGETFUL)}
        if self._preload:
            settings["shared_preload_libraries"] = ",".join(self._preload)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return ["-D", programs.seen(self.data), "-h", HOST, "-p", str(self.port), "-k", "", *options]

    async def _ready(self, process: Process) -> bool:
        """Whether it came up: it says so on the eighth line of its pid file, after any recovery."""
        file = self.data / "postmaster.pid"
        clock = asyncio.get_running_loop().time
        until = clock() + _RECOVERY_SECONDS
        while process.code is None:
            if _says_ready(file, process.pid):
                return True
            if clock() > until:
                raise EmbeddedFault(f"PostgreSQL in {self.folder} wasn't ready within {_RECOVERY_SECONDS:.0f} s.")
            await asyncio.sleep(0.02)
        return False

    async def _with_database(self) -> None:
        address = self.url.replace("+asyncpg", "").rpartition("/")[0]
        try:
            connection = await asyncpg.connect(f"{address}/postgres", ssl=False, timeout=30)
        except asyncpg.InvalidPasswordError as error:
            raise EmbeddedFault(
                f"The password in {self.folder / 'password'} is not that of the data beside it: put the old one back."
            ) from error
        try:
            with suppress(asyncpg.DuplicateDatabaseError):
                if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
                    await connection.execute(f'CREATE DATABASE "{DATABASE}"')
        finally:
            await connection.close()


def _says_ready(file: Path, pid: int) -> bool:
    try:
        lines = file.read_text(errors="replace").splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"
