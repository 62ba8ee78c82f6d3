"""Backups in a bucket of S3-compatible storage.

Who may use it, where it is and in which region is said by the usual variables (`AWS_ACCESS_KEY_ID`,
`AWS_ENDPOINT_URL`, `AWS_REGION` ...) or by the role of the machine or container.
"""

import io
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, BinaryIO, cast

from console.cli.backup_places import ARCHIVE, BACKUP, DATA, MANIFEST, Create
from console.errors import Invalid, NotFound, NotReady

try:
    import obstore
    from obstore.exceptions import BaseError
    from obstore.store import S3Store
except ImportError as error:
    raise Invalid("Backups in S3-compatible storage need the extra s3: pip install 'sim-console[s3]'") from error

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from obstore import ReadableFile

PART_BYTES = 16 << 20  # S3 takes 10,000 parts for a file: backups of up to 160 GB
AT_ONCE = 3  # parts under way


class Bucket:
    """A bucket, or what lies below a prefix in it."""

    def __init__(self, address: str) -> None:
        bucket, _, prefix = address.removeprefix("s3://").strip("/").partition("/")
        self._address = f"s3://{bucket}/{prefix}".rstrip("/")
        if not bucket:
            raise Invalid(f"{address} names no bucket: write it as s3://bucket/prefix")
        with self._usable():
            self._store = S3Store(bucket, prefix=prefix or None)

    def path(self, name: str) -> str:
        """As in Place."""
        return f"{self._address}/{name}"

    def names(self, form: re.Pattern[str]) -> list[str]:
        """As in Place."""
        with self._usable():
            found = obstore.list_with_delimiter(self._store)["common_prefixes"]
        return [name for name in (path.rpartition("/")[2] for path in found) if form.fullmatch(name)]

    @contextmanager
    def open(self, name: str, file: str) -> Iterator[BinaryIO]:
        """It is read by parts, as they are asked for."""
        with self._usable():
            try:
                reader = obstore.open_reader(self._store, f"{name}/{file}", buffer_size=PART_BYTES)
            except FileNotFoundError as error:
                raise NotFound(f"There is no backup in {self.path(name)}") from error
            yield io.BufferedReader(_Parts(reader), PART_BYTES)

    @contextmanager
    def new(self, name: str) -> Iterator[Create]:
        """A file is there once all of it is. What was written before something fails is deleted again."""
        try:
            with self._usable():
                yield lambda file: self._writer(f"{name}/{file}")
        except BaseException:
            with suppress(NotReady):
                self.remove(name)
            raise

    def remove(self, name: str) -> None:
        """As in Place."""
        with self._usable():
            for file in (MANIFEST, DATA):
                obstore.delete(self._store, f"{name}/{file}")

    def abandoned(self, since: datetime) -> list[str]:
        """Files without a manifest. Parts of a file that never was are for a rule of the bucket to delete."""
        with self._usable():
            files = {one["path"]: one["last_modified"] for chunk in obstore.list(self._store) for one in chunk}
        alone = [name for form in (BACKUP, ARCHIVE) for name in self.names(form) if f"{name}/{MANIFEST}" not in files]
        return [name for name in alone if f"{name}/{DATA}" in files and files[f"{name}/{DATA}"] < since]

    def _writer(self, path: str) -> AbstractContextManager[BinaryIO]:
        writer = obstore.open_writer(self._store, path, buffer_size=PART_BYTES, max_concurrency=AT_ONCE)
        return cast(AbstractContextManager[BinaryIO], writer)

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except (BaseError, PermissionError) as error:
            raise NotReady(
                f"{self._address} can't be used: {str(error).partition('Debug source')[0].strip()}"
            ) from error


class _Parts(io.RawIOBase):
    """What obstore reads, which is often less than was asked for."""

    def __init__(self, reader: "ReadableFile") -> None:
        self._reader = reader

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer)
        data = self._reader.read(len(view))
        view[: len(data)] = data
        return len(data)
