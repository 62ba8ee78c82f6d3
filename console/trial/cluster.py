"""The files of one PostgreSQL: made once, whole or not at all, and recognized at the next start."""

import os
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path

from console.trial.faults import EmbeddedFault, explained, refused
from console.trial.logfile import LogFile
from console.trial.orphans import reap
from console.trial.process import Process
from console.trial.programs import Programs
from console.trial.run_as import RunAs, check_reachable, give_to

_PATIENCE_SECONDS = 120.0


def clean_environment() -> Mapping[str, str]:
    """The environment without the settings that people keep for their own PostgreSQL (PGPORT, PGDATA, ...)."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


async def make_cluster(
    data: Path, programs: Programs, who: RunAs, log: LogFile, *, password: str, durable: bool
) -> None:
    """See that the data folder is there, belongs to the right user and fits these programs.

    It is made under another name and renamed when complete: whatever interrupts that leaves nothing half-made behind.
    """
    if programs.root is None:
        check_reachable(programs.folder, who.owner)
    version = await _version(programs, who, log)
    if (written := _data_version(data)) is not None:
        if written != version:
            raise EmbeddedFault(
                f"The data in {data} was written by PostgreSQL {written}, but PostgreSQL {version} is installed: "
                f"install that version to go on, or move the folder away to begin anew."
            )
        give_to(data, who.owner)
        return
    unfinished = data.with_name(f"{data.name}.new")
    await reap(unfinished, "postgres")
    _new_folder(unfinished, who.owner)
    secret = _secret_file(data.with_name("password.new"), password, who.owner)
    options = ["-U", "postgres", "-A", "scram-sha-256", "--pwfile", programs.seen(secret)]
    options += ["-E", "UTF8", "--locale=C.UTF-8"]
    if not durable:
        options.append("--no-sync")
    command = (*who.before, programs.command("initdb"), "-D", programs.seen(unfinished), *options)
    try:
        await _run(command, who, log, unfinished)
    finally:
        secret.unlink(missing_ok=True)
    _rename(unfinished, data)


def _data_version(data: Path) -> str | None:
    try:
        return data.joinpath("PG_VERSION").read_text().strip()
    except FileNotFoundError:
        if data.exists() and any(data.iterdir()):
            raise EmbeddedFault(f"The folder {data} has files that aren't PostgreSQL's: choose another.") from None
        return None
    except OSError as error:
        raise refused(data, error) from error


def _new_folder(folder: Path, owner: int) -> None:
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        give_to(folder, owner)
    except OSError as error:
        raise refused(folder, error) from error


def _secret_file(path: Path, secret: str, owner: int) -> Path:
    """The secret in a file that `initdb` reads, as whoever it runs: arguments could be seen by others."""
    try:
        path.unlink(missing_ok=True)
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(f"{secret}\n")
        os.chown(path, owner, owner if owner != os.geteuid() else -1)
    except OSError as error:
        raise refused(path.parent, error) from error
    return path


def _rename(unfinished: Path, data: Path) -> None:
    try:
        unfinished.replace(data)
        above = os.open(data.parent, os.O_RDONLY)
        os.fsync(above)
        os.close(above)
    except OSError as error:
        raise refused(data, error) from error


async def _version(programs: Programs, who: RunAs, log: LogFile) -> str:
    said = await _run((*who.before, programs.command("postgres"), "--version"), who, log, log.path.parent)
    return said.rpartition(" ")[2].partition(".")[0].strip()


async def _run(command: tuple[str, ...], who: RunAs, log: LogFile, folder: Path) -> str:
    process = Process(command, log, gently=signal.SIGKILL, user=who.user, environment=clean_environment())
    try:
        in_time = await process.ended(_PATIENCE_SECONDS)
    finally:
        await process.stop(())
    if not in_time or process.code != 0:
        raise explained("PostgreSQL", folder, log.tail())
    return log.tail()
