"""Folders that can't be used are refused with a sentence that helps."""

import errno
import os
from pathlib import Path

import pytest

from console.trial.faults import EmbeddedFault, explained, refused
from console.trial.folder import FolderLock, make_folder


def test_a_name_that_cannot_be_printed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedFault, match="can't be printed"):
        make_folder(tmp_path / "two\nlines")


def test_a_file_in_the_way_is_said(tmp_path: Path) -> None:
    tmp_path.joinpath("file").touch()
    with pytest.raises(EmbeddedFault, match="can't be used: Not a directory"):
        make_folder(tmp_path / "file" / "data")


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "is full: make room"),
        (errno.EACCES, "can't be written to by this user"),
        (errno.EROFS, "can't be written to by this user"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_what_the_system_refuses_becomes_a_sentence(number: int, sentence: str) -> None:
    assert sentence in str(refused(Path("/data"), OSError(number, os.strerror(number))))


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        ('FATAL: could not write to file "x": No space left on device', "the disk is full"),
        ("FATAL:  data directory has wrong ownership", "belongs to another user"),
        ("LOG: hello\nFATAL: something else\nLOG: database system is shut down", "FATAL: something else"),
        ("", "it wrote nothing"),
    ],
)
def test_what_a_server_wrote_becomes_a_sentence(log: str, sentence: str) -> None:
    assert sentence in str(explained("PostgreSQL", Path("/data"), log))


def test_a_lock_names_its_holder_and_ends_when_left(tmp_path: Path) -> None:
    one, other = FolderLock(tmp_path), FolderLock(tmp_path)
    one.acquire()
    with pytest.raises(EmbeddedFault, match=f"pid {os.getpid()}"):
        other.acquire()
    one.release()
    other.acquire()
    other.release()
