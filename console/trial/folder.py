"""The folder in which a server of our own keeps its things, and the lock that says who is using it."""

import fcntl
import os
from pathlib import Path

from console.trial.faults import EmbeddedFault, refused

# Others may pass through, but not look around: when root has to lend PostgreSQL another user, that user must get by.
_MODE = 0o711


def make_folder(folder: Path) -> Path:
    """The folder as an absolute path, made if need be and known to be writable; else an EmbeddedFault."""
    folder = folder.absolute()
    if not all(character.isprintable() for character in str(folder)):
        raise EmbeddedFault(f"The folder {str(folder)!r} can't be used: its name has characters that can't be printed.")
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(_MODE)
        probe = folder / f".probe-{os.getpid()}"
        probe.write_bytes(b"can this be written?")
        probe.unlink()
    except OSError as error:
        raise refused(folder, error) from error
    return folder


class FolderLock:
    """The lock of the one process that uses a folder. The kernel releases it when that process ends."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lock"
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Hold the lock; an EmbeddedFault names the process that has it."""
        if self._descriptor is not None:
            return
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise refused(self._path.parent, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise EmbeddedFault(
                f"The folder {self._path.parent} is in use by another process (pid {holder}): stop that first."
            ) from error
        except OSError as error:
            os.close(descriptor)
            raise refused(self._path.parent, error) from error
        self._descriptor = descriptor

    def is_held(self) -> bool:
        """Whether a process uses the folder now."""
        try:
            with self._path.open() as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except FileNotFoundError:
            return False
        except OSError as error:
            raise refused(self._path.parent, error) from error
        return False

    def release(self) -> None:
        """Release the lock. The file stays: removing it would let two processes hold two different files."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
