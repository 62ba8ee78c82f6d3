"""PgBouncer out of the unpacked Debian system, with the configuration of deploy/, before the tests' PostgreSQL."""

import asyncio
import re
import secrets
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy.engine import URL, make_url

from console.trial.folder import make_folder
from console.trial.logfile import LogFile
from console.trial.ports import HOST, free_port
from console.trial.process import Process
from console.trial.run_as import run_as
from tests.timescale import TREE, need_tree

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "pgbouncer" / "pgbouncer.ini"


def configuration(target: URL, folder: str, port: int, **changes: str) -> str:
    """That of deploy/ for this database, these files and this port; each change replaces a setting that is there."""
    given = {"listen_port": str(port), "auth_file": f"{folder}/userlist.txt", **changes}
    text = CONFIGURATION.read_text()
    for name, value in given.items():
        text, found = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", text)
        assert found == 1, name
    text, found = re.subn(
        r"host=127\.0\.0\.1 port=5432 dbname=console ",
        f"host={HOST} port={target.port} dbname={target.database} ",
        text,
    )
    assert found == 2
    return text


@asynccontextmanager
async def pooled(url: str, **changes: str) -> AsyncIterator[dict[str, str]]:
    """The addresses of this database through PgBouncer, by the names of its configuration."""
    need_tree("usr/sbin/pgbouncer")
    target, port = make_url(url), free_port()
    folder = make_folder(TREE / "srv" / f"pool-{secrets.token_hex(4)}")
    seen = f"/{folder.relative_to(TREE)}"
    write(folder / "pgbouncer.ini", configuration(target, seen, port, **changes))
    write(folder / "userlist.txt", f'"{target.username}" "{target.password}"\n')
    process = Process(
        (*run_as(TREE).before, "/usr/sbin/pgbouncer", f"{seen}/pgbouncer.ini"),
        LogFile(folder / "pool.log"),
        gently=signal.SIGTERM,
    )
    names = ("console_web", "console_worker")
    found = {name: target.set(port=port, database=name).render_as_string(hide_password=False) for name in names}
    try:
        await _answers(found["console_web"])
        yield found
    finally:
        await process.stop(((signal.SIGTERM, 2.0),))
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _answers(url: str) -> None:
    async with asyncio.timeout(20):
        while True:
            with suppress(OSError, asyncpg.PostgresError):
                connection = await asyncpg.connect(url.replace("+asyncpg", ""), ssl=False)
                await connection.close()
                return
            await asyncio.sleep(0.05)


def write(path: Path, text: str) -> None:
    """A file with this text."""
    path.write_text(text)
