"""Secrets that are made at the first start and kept, so that sessions and sealed data survive the next."""

import secrets
from pathlib import Path

from console.trial.faults import refused


def secret_of(path: Path) -> str:
    """The secret in this file, which only its owner can read; made if it isn't there. 64 characters."""
    try:
        if path.exists() and (known := path.read_text().strip()):
            return known
    except OSError as error:
        raise refused(path.parent, error) from error
    fresh = secrets.token_hex(32)
    write_private(path, fresh)
    return fresh


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read; a start that is interrupted here leaves the file as it was."""
    aside = path.with_name(f".{path.name}.new")
    try:
        aside.unlink(missing_ok=True)
        aside.touch(mode=0o600, exist_ok=False)
        aside.write_text(text)
        aside.replace(path)
    except OSError as error:
        raise refused(path.parent, error) from error
