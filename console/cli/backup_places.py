"""Where backups are: a folder of this machine, or a bucket of S3-compatible storage by `s3://bucket/prefix`.

Each backup is a folder with two files. It counts only when its manifest is there: a folder on a disk has its name only
when it is complete, and in a bucket, which can't rename, the manifest is written last.
"""

import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from console.errors import NotFound

DATA, MANIFEST = "data.encrypted", "manifest.json"
BACKUP = re.compile(r"console-\d{8}T\d{6}Z-[0-9a-f]{4}")
ARCHIVE = re.compile(r"usage-\d{4}-\d{2}")  # of the usage records of a month
UNFINISHED = ".unfinished-"

Create = Callable[[str], AbstractContextManager[BinaryIO]]


class Place(Protocol):
    """A folder or a bucket with backups. Raises NotReady when it can't be used."""

    def path(self, name: str) -> str:
        """How people write the address of a backup in it."""

    def names(self, form: re.Pattern[str]) -> list[str]:
        """The backups or archives in it by the form of their names."""

    def open(self, name: str, file: str) -> AbstractContextManager[BinaryIO]:
        """A file of a backup, to read. Raises NotFound without it."""

    def new(self, name: str) -> AbstractContextManager[Create]:
        """Writes files of a new backup, which is there when the block ends; when that fails it is gone."""

    def remove(self, name: str) -> None:
        """The manifest first: what is left of an interrupted deletion is no backup."""

    def abandoned(self, since: datetime) -> list[str]:
        """What backups that were interrupted before this have left."""


def new_name(as_of: datetime) -> str:
    """A name for a backup of this moment, which no other has."""
    return f"console-{as_of:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


class Folder:
    """A folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> str:
        """As in Place."""
        return str(self._folder / name)

    def names(self, form: re.Pattern[str]) -> list[str]:
        """Without links, which may lead anywhere."""
        with suppress(FileNotFoundError):
            return [one.name for one in self._folder.iterdir() if form.fullmatch(one.name) and not one.is_symlink()]
        return []

    def open(self, name: str, file: str) -> AbstractContextManager[BinaryIO]:
        """As in Place."""
        try:
            return (self._folder / name / file).open("rb")
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NotFound(f"There is no backup in {self.path(name)}") from error

    @contextmanager
    def new(self, name: str) -> Iterator[Create]:
        """All of it is on the disk before it has its name."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = self._folder / (UNFINISHED + name)
        folder.mkdir(mode=0o700)
        try:
            yield lambda file: (folder / file).open("xb")
            for path in (*folder.iterdir(), folder):
                _to_disk(path)
            folder.rename(self._folder / name)
            _to_disk(self._folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def remove(self, name: str) -> None:
        """What somebody has put there of their own stays."""
        for file in (MANIFEST, DATA):
            (self._folder / name / file).unlink(missing_ok=True)
        with suppress(OSError):
            (self._folder / name).rmdir()

    def abandoned(self, since: datetime) -> list[str]:
        """As in Place."""
        found = [one for one in self._folder.glob(f"{UNFINISHED}*") if not one.is_symlink()]
        ours = [one for one in found if _ours(one.name.removeprefix(UNFINISHED))]
        return [one.name for one in ours if one.stat().st_mtime < since.timestamp()]


def _ours(name: str) -> bool:
    return bool(BACKUP.fullmatch(name) or ARCHIVE.fullmatch(name))


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
