"""Usage records are dropped after two years: before that each month of them goes into a file beside the backups.

A month is archived once it has been over for 690 days, as CSV (gzip), encrypted and signed as a backup is. Which months
are archived is what the place has: nothing else knows it. Archives are never deleted by the console.
"""

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg  # type: ignore[import-untyped]
from msgspec import Struct

from console.cli.backing_up import TIMESCALE, schema_revision
from console.cli.backup_files import Backup, backup_keys, file_key, read_backup, verify
from console.cli.backup_places import ARCHIVE, DATA, Place
from console.cli.backup_writing import BackupFile
from console.cli.encryption import decrypted
from console.cli.postgres_programs import connect
from console.errors import ConsoleError, Invalid, NotReady
from console.settings import Settings

AFTER = timedelta(days=690)  # since the end of a month; its first day is dropped after 730
TABLE = "usage_records"
RECORDS = f"""
SELECT * FROM {TABLE} WHERE time >= $1 AND time < $2 ORDER BY organization_id, iccid, time, source, record_id
"""
GZIP = 31  # zlib's word for its format


class Archived(Struct, frozen=True, kw_only=True):
    """A month of usage records in a file."""

    month: str  # UTC, like 2024-10
    rows: int
    bytes: int
    address: str


async def archive_usage(known: Settings, place: Place, now: datetime) -> list[Archived]:
    """Archive the months that are due and not in the place yet, the oldest first; those that were."""
    backup_keys(known)
    try:
        connection = await connect(known.owner_url)
    except (OSError, asyncpg.PostgresError) as error:
        raise NotReady(f"The database can't be used: {error}") from error
    try:
        oldest = await connection.fetchval(f"SELECT min(time) FROM {TABLE} WHERE time < $1", now - AFTER)
        there = set(place.names(ARCHIVE))
        due = [one for one in _months(oldest, now - AFTER) if _name(one) not in there]
        return [_said(await _archive(known, place, connection, month)) for month in due]
    except asyncpg.PostgresError as error:
        raise ConsoleError(f"Usage can't be archived: {error}") from error
    finally:
        await connection.close()


def archives_in(place: Place, keys: dict[str, str]) -> list[Archived]:
    """Every archived month, the oldest first. Raises BackupBroken for one that was changed or has another key."""
    return [_said(read_backup(place, name, keys)) for name in sorted(place.names(ARCHIVE))]


def archived_csv(place: Place, month: str, keys: dict[str, str]) -> Iterator[bytes]:
    """The records of a month as CSV, in pieces. Raises Invalid, NotFound, or BackupBroken before the first piece."""
    if not ARCHIVE.fullmatch(name := f"usage-{month}"):
        raise Invalid("Write the month as 2024-10", month=month)
    found = read_backup(place, name, keys)
    verify(found)
    unpacking = zlib.decompressobj(GZIP)
    with found.open() as file:
        for data in decrypted(file_key(keys[found.manifest.key], found.manifest.salt), file):
            yield unpacking.decompress(data)
    yield unpacking.flush()


async def _archive(known: Settings, place: Place, connection: Any, month: datetime) -> Backup:
    name, packing = _name(month), zlib.compressobj(6, zlib.DEFLATED, GZIP)
    with place.new(name) as create:
        with create(DATA) as file:
            writing = BackupFile(file, known)

            async def put(data: bytes) -> None:
                writing.write(packing.compress(data))

            said = await connection.copy_from_query(RECORDS, month, _next(month), output=put, format="csv", header=True)
            writing.write(packing.flush())
            writing.finish()
        manifest = writing.manifest(
            create,
            as_of=await connection.fetchval("SELECT now()"),
            revision=await schema_revision(connection),
            postgres=connection.get_server_version().major,
            programs=connection.get_server_version().major,
            timescaledb=await connection.fetchval(TIMESCALE),
            tables={TABLE: int(said.rpartition(" ")[2])},
        )
    return Backup(place, name, manifest)


def _said(archive: Backup) -> Archived:
    manifest = archive.manifest
    month = archive.name.removeprefix("usage-")
    return Archived(month=month, rows=manifest.tables[TABLE], bytes=manifest.bytes, address=archive.address)


def _months(oldest: datetime | None, until: datetime) -> Iterator[datetime]:
    """The months from that of the oldest record on that are over by then, by their first moments."""
    if oldest is None:
        return
    month = oldest.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while (following := _next(month)) <= until:
        yield month
        month = following


def _next(month: datetime) -> datetime:
    return (month + timedelta(days=31)).replace(day=1)


def _name(month: datetime) -> str:
    return f"usage-{month:%Y-%m}"
