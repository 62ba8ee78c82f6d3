"""Backups as files: a folder each, with the encrypted database and a manifest that is signed with the backup key.

A folder has its name only when it is complete and on the disk: whatever interrupts a backup leaves nothing that could
be taken for one.
"""

import hashlib
import hmac
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from msgspec import Struct, structs

from console.cli.encryption import BackupBroken
from console.errors import Invalid, NotFound
from console.organizations.sealing import derived
from console.settings import Settings

DATABASE, MANIFEST = "database.encrypted", "manifest.json"
FORMAT = 1
NAME = re.compile(r"console-\d{8}T\d{6}Z-[0-9a-f]{4}")
UNFINISHED = ".unfinished-"
ABANDONED_AFTER = timedelta(days=2)  # no backup takes so long
READ_BYTES = 1 << 20


class Manifest(Struct, frozen=True, kw_only=True):
    """What a backup holds, and by what it is recognized as whole. No secrets: it is not encrypted."""

    format: int
    as_of: datetime  # every transaction that was committed by then, and none after it, is in the backup
    console: str  # the version that wrote it
    revision: str  # of the database's schema: the newest migration
    postgres: int  # major version of the server
    programs: int  # major version of the pg_dump that wrote it
    timescaledb: str | None
    tables: dict[str, int]  # rows of each
    bytes: int  # of the encrypted file
    sha256: str  # of the encrypted file
    key: str  # the id of the key in BACKUP_KEY
    salt: str
    signature: str = ""  # HMAC-SHA256 of all other fields

    @property
    def rows(self) -> int:
        """Rows of all tables together."""
        return sum(self.tables.values())


class Backup(Struct, frozen=True):
    """A backup that is whole by its manifest. Whether its file is, `verify` finds out."""

    folder: Path
    manifest: Manifest


def backup_keys(known: Settings) -> dict[str, str]:
    """The keys of BACKUP_KEY by id, the one that encrypts first. Raises Invalid without any."""
    if not known.backup_key:
        raise Invalid("BACKUP_KEY is missing: like 2026:key (`openssl rand -hex 32`); keep it apart from the backups")
    return {name: key for name, _, key in (pair.partition(":") for pair in known.backup_key)}


def file_key(key: str, salt: str) -> bytes:
    """The key that encrypts one backup."""
    return derived(key, b"sim-console backup " + salt.encode())


def signed(manifest: Manifest, key: str) -> Manifest:
    """The manifest with its signature."""
    return structs.replace(manifest, signature=_signature(manifest, key))


def _signature(manifest: Manifest, key: str) -> str:
    text = msgspec.json.encode(structs.replace(manifest, signature=""), order="sorted")
    return hmac.new(derived(key, b"sim-console backup manifest"), text, hashlib.sha256).hexdigest()


@contextmanager
def unfinished(target: Path, as_of: datetime) -> Iterator[tuple[Path, Path]]:
    """A folder to write a backup into, and what it is renamed to when the block ends; when that fails it is gone."""
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"console-{as_of:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
    folder = target / (UNFINISHED + name)
    folder.mkdir(mode=0o700)
    try:
        yield folder, target / name
        for path in (*folder.iterdir(), folder):
            _to_disk(path)
        folder.rename(target / name)
        _to_disk(target)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def backups_in(target: Path, keys: Mapping[str, str]) -> list[Backup]:
    """The backups in a folder that were written with these keys, the newest first."""
    found = []
    with suppress(FileNotFoundError):
        for folder in target.iterdir():
            if NAME.fullmatch(folder.name) and not folder.is_symlink():
                with suppress(BackupBroken, NotFound):
                    found.append(read_backup(folder, keys))
    return sorted(found, key=lambda one: one.manifest.as_of, reverse=True)


def read_backup(folder: Path, keys: Mapping[str, str]) -> Backup:
    """The backup in this folder. Raises NotFound where none is, BackupBroken where its manifest does not hold."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(f"There is no backup in {folder}") from error
    except msgspec.DecodeError as error:
        raise BackupBroken(f"The manifest in {folder} can't be read: {error}") from error
    if manifest.key not in keys:
        raise BackupBroken(f"The backup in {folder} was encrypted with key {manifest.key!r}, which BACKUP_KEY lacks")
    if not hmac.compare_digest(manifest.signature, _signature(manifest, keys[manifest.key])):
        raise BackupBroken(f"The manifest in {folder} was changed, or BACKUP_KEY has another key {manifest.key!r}")
    if manifest.format != FORMAT:
        raise BackupBroken(f"The backup in {folder} has format {manifest.format}, this version reads {FORMAT}")
    return Backup(folder, manifest)


def newest_backup(target: Path, keys: Mapping[str, str]) -> Backup:
    """The newest backup in a folder. Raises NotFound if there is none that these keys have written."""
    found = backups_in(target, keys)
    if not found:
        raise NotFound(f"There is no backup in {target} that was written with a key of BACKUP_KEY")
    return found[0]


def verify(backup: Backup) -> None:
    """Raises BackupBroken if the file is not byte by byte the one that was written."""
    hashing = hashlib.sha256()
    size = 0
    with (backup.folder / DATABASE).open("rb") as file:
        while data := file.read(READ_BYTES):
            hashing.update(data)
            size += len(data)
    if (size, hashing.hexdigest()) != (backup.manifest.bytes, backup.manifest.sha256):
        raise BackupBroken(f"{backup.folder / DATABASE} is not as it was written ({size:,} bytes): use another backup")


def delete_old(target: Path, keys: Mapping[str, str], now: datetime, days: int) -> list[Path]:
    """Delete backups that are older than so many days, never the newest; and what was left unfinished long ago.

    Only what a key of ours has signed is deleted, so that nothing goes that another has put there.
    """
    gone = [one.folder for one in backups_in(target, keys)[1:] if one.manifest.as_of < now - timedelta(days=days)]
    for folder in target.glob(f"{UNFINISHED}console-*"):
        since = (now - ABANDONED_AFTER).timestamp()
        ours = NAME.fullmatch(folder.name.removeprefix(UNFINISHED)) and not folder.is_symlink()
        if ours and folder.stat().st_mtime < since:
            gone.append(folder)
    for folder in gone:
        for name in (MANIFEST, DATABASE):  # the manifest first: what is left of an interrupted deletion is no backup
            (folder / name).unlink(missing_ok=True)
        with suppress(OSError):  # somebody has put something of their own there
            folder.rmdir()
    return gone
