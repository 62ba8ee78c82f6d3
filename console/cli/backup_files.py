"""Backups and archives: a folder each, with an encrypted file and a manifest that is signed with the backup key."""

import hashlib
import hmac
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Struct, structs

from console.cli.backup_places import BACKUP, DATA, MANIFEST, Folder, Place
from console.cli.encryption import BackupBroken
from console.errors import Invalid, NotFound
from console.organizations.sealing import derived
from console.settings import Settings

FORMAT = 1
BUCKET = "s3://"
ABANDONED_AFTER = timedelta(days=2)  # no backup takes so long
READ_BYTES = MANIFEST_BYTES = 1 << 20


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

    place: Place
    name: str
    manifest: Manifest

    @property
    def address(self) -> str:
        """How people write it."""
        return self.place.path(self.name)

    def open(self) -> AbstractContextManager[BinaryIO]:
        """The encrypted file, to read."""
        return self.place.open(self.name, DATA)


def place_of(target: str) -> Place:
    """The folder or bucket of this address. Raises Invalid where it names no bucket, or the extra `s3` is missing."""
    if not target.startswith(BUCKET):
        return Folder(Path(target))
    from console.cli.backup_bucket import Bucket  # imports what reads S3, an optional extra

    return Bucket(target)


def split(address: str) -> tuple[Place, str]:
    """The place and the name of the backup with this address."""
    above, _, name = address.rstrip("/").rpartition("/")
    return (place_of(above), name) if address.startswith(BUCKET) else (Folder(Path(address).parent), Path(address).name)


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


def backups_in(place: Place, keys: Mapping[str, str]) -> list[Backup]:
    """The backups in a place that were written with these keys, the newest first."""
    found = []
    for name in place.names(BACKUP):
        with suppress(BackupBroken, NotFound):
            found.append(read_backup(place, name, keys))
    return sorted(found, key=lambda one: one.manifest.as_of, reverse=True)


def read_backup(place: Place, name: str, keys: Mapping[str, str]) -> Backup:
    """The backup of this name. Raises NotFound where none is, BackupBroken where its manifest does not hold."""
    address = place.path(name)
    try:
        with place.open(name, MANIFEST) as file:
            manifest = msgspec.json.decode(file.read(MANIFEST_BYTES), type=Manifest)
    except msgspec.DecodeError as error:
        raise BackupBroken(f"The manifest in {address} can't be read: {error}") from error
    if manifest.key not in keys:
        raise BackupBroken(f"The backup in {address} was encrypted with key {manifest.key!r}, which BACKUP_KEY lacks")
    if not hmac.compare_digest(manifest.signature, _signature(manifest, keys[manifest.key])):
        raise BackupBroken(f"The manifest in {address} was changed, or BACKUP_KEY has another key {manifest.key!r}")
    if manifest.format != FORMAT:
        raise BackupBroken(f"The backup in {address} has format {manifest.format}, this version reads {FORMAT}")
    return Backup(place, name, manifest)


def newest_backup(place: Place, keys: Mapping[str, str]) -> Backup:
    """The newest backup in a place. Raises NotFound if there is none that these keys have written."""
    found = backups_in(place, keys)
    if not found:
        raise NotFound(f"There is no backup in {place.path('')} that was written with a key of BACKUP_KEY")
    return found[0]


def verify(backup: Backup) -> None:
    """Raises BackupBroken if the file is not byte by byte the one that was written."""
    hashing = hashlib.sha256()
    size = 0
    with backup.open() as file:
        while data := file.read(READ_BYTES):
            hashing.update(data)
            size += len(data)
    if (size, hashing.hexdigest()) != (backup.manifest.bytes, backup.manifest.sha256):
        raise BackupBroken(f"{backup.address}/{DATA} is not as it was written ({size:,} bytes): use another backup")


def delete_old(place: Place, keys: Mapping[str, str], now: datetime, days: int) -> list[str]:
    """Delete backups that are older than so many days, never the newest; and what was left unfinished long ago.

    Only what a key of ours has signed is deleted, so that nothing goes that another has put there.
    """
    gone = [one.name for one in backups_in(place, keys)[1:] if one.manifest.as_of < now - timedelta(days=days)]
    gone += place.abandoned(now - ABANDONED_AFTER)
    for name in gone:
        place.remove(name)
    return gone
