"""The user that a server runs as. PostgreSQL refuses root, so root runs it as nobody."""

import os
import pwd
import shutil
import subprocess
from functools import cache
from pathlib import Path

from msgspec import Struct

from console.trial.faults import EmbeddedFault

NOBODY = 65534
_UNSHARE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
_BARE = ("env", "-i", "LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin")
# By which libfaketime moves the clock, in another tree too; what its processes share stays in this one.
_CLOCK = ("LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC", "FAKETIME_CACHE_DURATION")


class RunAs(Struct, frozen=True):
    """How to start PostgreSQL: what stands before its command, as which user, and who must own its data."""

    before: tuple[str, ...]
    user: int | None
    owner: int


def run_as(root: Path | None = None) -> RunAs:
    """The lightest way in which PostgreSQL agrees to run here, inside another tree of files if a root is given.

    An ordinary user needs nothing. Root, or a user without a name, becomes nobody in a user namespace of its own, where
    the files still belong to it. Where such namespaces are forbidden (most containers), root really changes its user.
    """
    me = os.geteuid()
    if root is None and me != 0 and _has_name(me):
        return RunAs((), None, me)
    if _namespaces():
        inside = () if root is None else (f"--root={root}", "--wd=/", *_bare())
        return RunAs((*_UNSHARE, *inside), None, me)
    if me != 0:
        raise EmbeddedFault(
            "PostgreSQL can't run as this user here: it has no name in /etc/passwd, and user namespaces are forbidden. "
            "Start as a named user, or set DATABASE_URL to a server of your own."
        )
    if root is not None:
        return RunAs(("chroot", f"--userspec={NOBODY}:{NOBODY}", str(root), *_bare()), None, NOBODY)
    return RunAs((), NOBODY, NOBODY)


def give_to(folder: Path, owner: int) -> None:
    """Give a folder and all in it to the user who must own it, which only root can; see that this user gets there."""
    if folder.stat().st_uid != owner:
        if os.geteuid() != 0:
            raise EmbeddedFault(f"The folder {folder} belongs to another user: start as that user, or choose another.")
        for path, _, files in os.walk(folder):
            os.chown(path, owner, owner, follow_symlinks=False)
            for name in files:
                os.chown(Path(path, name), owner, owner, follow_symlinks=False)
    check_reachable(folder, owner)


def check_reachable(folder: Path, owner: int) -> None:
    """See that this user, if it is another one, may pass through every folder on the way to this one."""
    if owner == os.geteuid():
        return
    for above in folder.resolve().parents:
        if not above.stat().st_mode & 0o001:
            raise EmbeddedFault(
                f"PostgreSQL can't run as root, and may not pass through {above} as nobody: choose a folder "
                "elsewhere, start as an ordinary user, or set DATABASE_URL to a server of your own."
            )


def _bare() -> tuple[str, ...]:
    return (*_BARE, *(f"{name}={os.environ[name]}" for name in _CLOCK if name in os.environ))


def _has_name(user: int) -> bool:
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True


@cache
def _namespaces() -> bool:
    if shutil.which("unshare") is None:
        return False
    tried = subprocess.run([*_UNSHARE, "true"], capture_output=True, check=False, timeout=10)  # noqa: S603
    return tried.returncode == 0
