"""The database's disk is lost under load: its archived log brings back each table as of a moment before a DELETE."""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest
import sqlalchemy as sa
from msgspec import structs
from sqlalchemy.engine import make_url

from console.cli.recovered import take_over
from console.errors import Conflict
from console.settings import Settings
from console.store.database import Database, open_database
from console.trial import PostgresServer
from console.trial.cluster import clean_environment
from console.trial.folder import make_folder
from console.trial.logfile import LogFile
from console.trial.process import Process
from console.trial.programs import installed
from console.trial.run_as import run_as
from tests.actions.conftest import Operator, acme, iccid, otto
from tests.cast import Cast, add_sim
from tests.cli.test_backup import contents
from tests.store.replicas import ask, place_of, run_program, write_secret

__all__ = ["acme", "iccid", "otto"]
pytestmark = pytest.mark.one_edition
SCRIPTS = Path(__file__).parents[2] / "deploy" / "postgres"
AT_MOST_SECONDS = 60.0
OLDER = ("20200101T000000Z-full", "20200102T000000Z-incremental", "20200103T000000Z-full")  # from the last on 30 days
NO_MORE_NEEDED = "000000010000000000000000"


class Archived:
    """A server whose log is archived, and the scripts of deploy/ at work on it."""

    def __init__(self, folder: Path, password: str) -> None:
        self.folder = folder
        self.kept = folder / "kept"
        self.server = PostgresServer(folder / "server", durable=False)
        self._password = password

    async def copy(self, url: str) -> None:
        """Begin as a copy of the server of this address, and archive."""
        for made in (self.folder, self.server.folder, self.kept, self.kept / "wal"):
            make_folder(made)
            made.chmod(0o777)
        await asyncio.to_thread(shutil.copytree, SCRIPTS, self.folder / "scripts")
        log = LogFile(self.folder / "copy.log")
        options = ("-D", str(self.server.data), "-X", "stream", "-c", "fast", "--no-sync")
        await run_program("pg_basebackup", *options, *place_of(url), log=log, password=self._password)
        archiving = (SCRIPTS / "archiving.conf").read_text().replace("/opt/sim-console/deploy/postgres", "SCRIPTS")
        assert archiving.count("SCRIPTS") == archiving.count("/var/backups/postgres/wal") == 1
        archiving = archiving.replace("SCRIPTS", str(self.folder / "scripts"))
        with (self.server.data / "postgresql.auto.conf").open("a") as file:
            file.write(archiving.replace("/var/backups/postgres/wal", str(self.kept / "wal")))
        write_secret(self.server.folder / "password", self._password)
        await self.server.start()

    async def run(self, script: str, *arguments: str) -> str:
        """Run one of the scripts as PostgreSQL's user; what it said."""
        who, log = run_as(), LogFile(self.folder / f"{script}.log")
        environment = {
            **clean_environment(),
            "PATH": f"{installed().folder}:/usr/bin:/bin",
            "PGPASSWORD": self._password,
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.server.port),
            "PGUSER": "postgres",
        }
        process = Process(
            (*who.before, "bash", str(self.folder / "scripts" / script), *arguments),
            log,
            gently=signal.SIGKILL,
            user=who.user,
            environment=environment,
        )
        assert await process.ended(AT_MOST_SECONDS)
        assert process.code == 0, log.tail()
        return log.tail()

    async def back_up(self, kind: str) -> str:
        """A backup of this kind; its name."""
        return (await self.run("base-backup.sh", str(self.kept), kind)).strip().rpartition("/")[2]

    async def archive_all(self) -> None:
        """Return when all that was committed by now is archived."""
        until = await ask(self.server.url, "SELECT pg_walfile_name(pg_switch_wal())")
        done = f"SELECT last_archived_wal >= '{until}' FROM pg_stat_archiver"
        async with asyncio.timeout(AT_MOST_SECONDS):
            while not await ask(self.server.url, done):  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def lose(self) -> None:
        """The machine is gone, with its disk."""
        self.server.kill()
        await self.server.wait()
        await asyncio.to_thread(shutil.rmtree, self.server.data)

    async def recover(self, moment: datetime) -> None:
        """As of this moment."""
        text = f"{moment:%Y-%m-%d %H:%M:%S.%f}+00"
        await self.run("recover.sh", str(self.kept), str(self.server.data), text)
        await self.server.start()
        async with asyncio.timeout(AT_MOST_SECONDS):
            while await ask(self.server.url, "SELECT pg_is_in_recovery()"):  # noqa: ASYNC110 - it answers before
                await asyncio.sleep(0.05)


def put_older_ones(kept: Path, full: str) -> None:
    """Backups of long ago, and a segment of the log that none of those to be kept needs."""
    for name in OLDER:
        (kept / "base" / name).mkdir()
        shutil.copy(kept / "base" / full / "backup_label", kept / "base" / name)
    (kept / "wal" / NO_MORE_NEEDED).touch()


def names_in(folder: Path) -> list[str]:
    """What is in it."""
    return sorted(path.name for path in folder.iterdir())


@asynccontextmanager
async def loaded(db: Database, cast: Cast) -> AsyncIterator[list[int]]:
    """Somebody changes a SIM without end; how often so far."""
    numbers, enough = list[int](), asyncio.Event()

    async def load() -> None:
        while not enough.is_set():
            async with db.transaction() as transaction:
                await add_sim(transaction, cast.acme, f"8988228000000{len(numbers):06d}", label=f"{len(numbers)}")
            numbers.append(len(numbers))
            await asyncio.sleep(0.01)

    task = asyncio.create_task(load())
    try:
        yield numbers
        assert not task.done()
    finally:
        enough.set()  # not cancelled: a commit could be under way yet
        await task


async def test_a_lost_disk_is_recovered_to_the_second_before_a_delete(
    db: Database, settings: Settings, cast: Cast, otto: Operator, iccid: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    waiting = await otto.top_up(iccid)
    folder = tmp_path_factory.mktemp("recovery")
    folder.chmod(0o755)
    parts = make_url(settings.database_url)
    archived = Archived(folder / "archived", str(parts.password))
    try:
        await archived.copy(settings.database_url)
        url = parts.set(port=archived.server.port).render_as_string(hide_password=False)
        known = structs.replace(settings, database_url=url)
        copy = open_database(url, settings.redis_url, connections=3)
        async with loaded(copy, cast) as numbers:
            full = await archived.back_up("full")
            between = len(numbers)
            put_older_ones(archived.kept, full)
            await asyncio.sleep(1.1)  # the names of backups say seconds
            incremental = await archived.back_up("incremental")
            await asyncio.sleep(0.2)
        assert len(numbers) > between > 0
        assert names_in(archived.kept / "base") == [OLDER[2], full, incremental]
        assert NO_MORE_NEEDED not in names_in(archived.kept / "wal")
        before, moment = await contents(copy), datetime.now(UTC)
        await asyncio.sleep(1.0)
        async with copy.engine.begin() as connection:
            deleted = (await connection.execute(sa.text("DELETE FROM sims"))).rowcount
        assert deleted >= len(numbers)
        await archived.archive_all()
        await copy.close()
        began = monotonic()
        await archived.lose()
        await archived.recover(moment)
        took = monotonic() - began
        assert await contents(copy) == before
        assert took < AT_MOST_SECONDS
        with pytest.raises(Conflict, match="in use"):
            await take_over(known, moment)
        await copy.close()
        found = await take_over(known, moment)
        assert (found.as_of, found.ended["actions"]) == (moment, 1)
        async with copy.reading() as reading:
            state = sa.text("SELECT state FROM actions WHERE id = :id")
            assert (await reading.execute(state, {"id": waiting.id})).scalar_one() == "unknown"
            line = sa.text("SELECT subject FROM audit_lines WHERE action = 'database.restore'")
            assert (await reading.execute(line)).scalar_one() == "recovered by PostgreSQL"
        await copy.close()
    finally:
        await archived.server.stop(2.0)
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
