"""The encrypted file of a backup or an archive, as it is written, and the manifest that then says what it is."""

import hashlib
import secrets
from datetime import datetime
from importlib.metadata import version
from typing import BinaryIO

import msgspec

from console.cli.backup_files import FORMAT, Manifest, backup_keys, file_key, signed
from console.cli.backup_places import MANIFEST, Create
from console.cli.encryption import Encryption
from console.settings import Settings


class BackupFile:
    """Encrypts what is written to it with the first key of BACKUP_KEY; counts and hashes what becomes of it."""

    def __init__(self, file: BinaryIO, known: Settings) -> None:
        self._key_id, self._key = next(iter(backup_keys(known).items()))
        self._salt = secrets.token_hex(16)
        self._hashed = _Hashed(file)
        self._encryption = Encryption(file_key(self._key, self._salt), self._hashed)  # type: ignore[arg-type]
        self.write = self._encryption.write
        self.finish = self._encryption.finish

    def manifest(
        self,
        create: Create,
        *,
        as_of: datetime,
        revision: str,
        postgres: int,
        programs: int,
        timescaledb: str | None,
        tables: dict[str, int],
    ) -> Manifest:
        """Write the manifest beside the file, once that is finished."""
        made = Manifest(
            format=FORMAT,
            as_of=as_of,
            console=version("sim-console"),
            revision=revision,
            postgres=postgres,
            programs=programs,
            timescaledb=timescaledb,
            tables=tables,
            bytes=self._hashed.bytes,
            sha256=self._hashed.digest.hexdigest(),
            key=self._key_id,
            salt=self._salt,
        )
        made = signed(made, self._key)
        with create(MANIFEST) as file:
            file.write(msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n")
        return made


class _Hashed:
    """A file whose bytes are counted and hashed as they are written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.bytes = 0

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        self.bytes += len(data)
        return self._file.write(data)
