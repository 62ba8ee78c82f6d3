"""What can go wrong with a server of our own, each in one sentence that says what to do about it."""

import errno
import re
from pathlib import Path

_KNOWN = (
    (r"No space left on device", "the disk is full: make room and start again"),
    (r"could not (map anonymous|resize|create) shared memory", "there is too little memory: close other programs"),
    (
        r"incompatible with (the )?server",
        "its data was written by another version: move the folder away, or use that one",
    ),
    (r"has wrong ownership", "its data belongs to another user: start as that user, or give the folder to this one"),
    (r"Address already in use", "its port was taken by another program: start again"),
    (r"Permission denied", "it may not use its own folder: look at the rights of the folder and of those above it"),
    (r"could not find suitable (text|timezone)", "its installation is incomplete: install the packages again"),
)


class EmbeddedFault(Exception):
    """A server of our own can't run; the text is one sentence for people."""


def explained(name: str, folder: Path, log: str) -> EmbeddedFault:
    """Why a server didn't start, from what it wrote. Falls back on its last line that sounds like a reason."""
    for pattern, sentence in _KNOWN:
        if re.search(pattern, log):
            return EmbeddedFault(f"{name} can't start in {folder}: {sentence}.")
    lines = [line for line in log.splitlines() if line.strip()]
    fatal = [line for line in lines if re.search(r"FATAL|PANIC|error", line, re.IGNORECASE)]
    last = (fatal or lines or ["it wrote nothing"])[-1]
    return EmbeddedFault(f"{name} can't start in {folder}: {last.strip()}")


def refused(folder: Path, error: OSError) -> EmbeddedFault:
    """Why a folder can't be used, from what the operating system said."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return EmbeddedFault(f"The disk that holds {folder} is full: make room and start again.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return EmbeddedFault(
            f"The folder {folder} can't be written to by this user: choose another, or change its rights."
        )
    return EmbeddedFault(f"The folder {folder} can't be used: {error.strerror or error}.")
