"""What the suite's own process logs: no secret of the cast, nothing like an API key, no MSISDN, no IMSI.

Looked for in every line as it is written; the test during which one was written fails. What children of the suite log
is in logged_children.py.
"""

import logging
import re
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from tests.cast import PASSWORD, STREAMER

SECRET = "a-secret-key-for-tests-alone-0123456789"
FORBIDDEN = re.compile(
    "|".join(
        [
            *map(re.escape, (SECRET, PASSWORD, STREAMER[1], "demo-secret")),
            r"iot_key_\w{8}_\w{20}",  # more than the part of a key that may be shown
            r"(?<!\w)eyJ[\w-]{20}",  # a JSON Web Token
            r"\$argon2",
            r"(?<!\d)901405\d{9}(?!\d)",  # IMSI
            r"(?<!\d)88228\d{7,10}(?!\d)",  # MSISDN
            r"/(?:join|forwarder)/[\w.-]{20}",
        ]
    )
)
found: list[str] = []  # since the last test


def look(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor of structlog: notes a line that says what it must not."""
    look_at(str(event), "")
    return event


def look_at(text: str, whose: str) -> None:
    """Note a text that says what it must not."""
    if said := FORBIDDEN.search(text):
        found.append(f"{said[0]!r} is in the log {whose}: {text[:300]}")


class Looking(logging.Handler):
    """The same for libraries that log by themselves."""

    def emit(self, record: logging.LogRecord) -> None:
        """Note a line that says what it must not."""
        if record.levelno >= logging.INFO:
            look(None, "", {"message": record.getMessage(), "error": record.exc_text})


def in_file(path: Path) -> list[str]:
    """What this log file of a server says that it must not."""
    return [line[:300] for line in path.read_text(errors="replace").splitlines() if FORBIDDEN.search(line)]
