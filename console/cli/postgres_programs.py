"""PostgreSQL's own programs for backups, found on this machine, and how they and asyncpg are led to a database."""

import asyncio
import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]
from msgspec import Struct
from sqlalchemy.engine import URL, make_url

from console.errors import NotReady
from console.trial.faults import EmbeddedFault
from console.trial.programs import installed

ENDLESS = {"statement_timeout": "0", "idle_in_transaction_session_timeout": "0", "lock_timeout": "30000"}


class BackupPrograms(Struct, frozen=True):
    """pg_dump and pg_restore of one version."""

    folder: Path
    version: int

    def command(self, program: str) -> str:
        """The program to run."""
        return str(self.folder / program)


async def backup_programs(least: int) -> BackupPrograms:
    """Those of this version at least: on the path, or that came as a Python package. Raises NotReady without any.

    An older pg_dump refuses a newer server, and an older pg_restore what a newer pg_dump has written.
    """
    folders = [Path(found).parent] if (found := shutil.which("pg_dump")) else []
    with suppress(EmbeddedFault):  # an installation for servers does not have it
        folders.append(installed().folder)
    versions = [(await _version(folder), folder) for folder in folders]
    for version, folder in versions:
        if version >= least:
            return BackupPrograms(folder, version)
    known = f"found {', '.join(str(version) for version, _ in versions)}" if versions else "none is on the path"
    raise NotReady(f"pg_dump and pg_restore of PostgreSQL {least} or later are needed ({known}): install its client")


async def _version(folder: Path) -> int:
    process = await asyncio.create_subprocess_exec(
        str(folder / "pg_restore"), "--version", stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    number = re.search(rb"(\d+)", said)
    return int(number[1]) if number else 0


def named(url: str, database: str) -> str:
    """The address of another database on the same server."""
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def environment(url: str, **settings: str) -> Mapping[str, str]:
    """The environment in which PostgreSQL's programs use this database: a password is in no argument."""
    parts = make_url(url)
    hosts, ports = _places(parts)
    given = {
        "PGHOST": ",".join(hosts),
        "PGPORT": ",".join(map(str, ports)),
        "PGTARGETSESSIONATTRS": _query(parts, "target_session_attrs"),
        "PGUSER": parts.username,
        "PGPASSWORD": parts.password,
        "PGDATABASE": parts.database,
        "PGSSLMODE": _query(parts, "sslmode") or _query(parts, "ssl"),
        "PGSSLROOTCERT": _query(parts, "sslrootcert"),
        "PGOPTIONS": " ".join(f"-c {name}={value}" for name, value in {**ENDLESS, **settings}.items()),
        "PGTZ": "UTC",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, **{name: value for name, value in given.items() if value}}


async def connect(url: str, **settings: str) -> Any:
    """A connection to this database, without limits of time. Raises OSError or asyncpg's error if there is none."""
    parts = make_url(url)
    hosts, ports = _places(parts)
    return await asyncpg.connect(
        host=hosts or None,
        port=ports or None,
        target_session_attrs=_query(parts, "target_session_attrs"),
        user=parts.username,
        password=parts.password,
        database=parts.database,
        ssl=_query(parts, "sslmode") or _query(parts, "ssl"),
        server_settings={"application_name": "console backup", "timezone": "UTC", **ENDLESS, **settings},
    )


def _places(parts: URL) -> tuple[list[str], list[int]]:
    """Hosts and ports, of an address that names several servers too (`?host=db1:5432&host=db2:5432`)."""
    named = parts.query.get("host", ())
    several = [parts.host] if parts.host else [named] if isinstance(named, str) else list(named)
    pairs = [(one, "", "") if one.startswith("/") else one.partition(":") for one in several]
    given = [port for _, _, port in pairs]
    usual = str(parts.port) if parts.port else "5432" if any(given) else ""
    ports = [int(port or usual) for port in given if port or usual]
    return [host for host, _, _ in pairs], ports


def _query(parts: URL, name: str) -> str | None:
    value = parts.query.get(name)
    return value if isinstance(value, str) else None
