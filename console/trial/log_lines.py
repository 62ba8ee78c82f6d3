"""Which lines of a program's log are shown to the person at the terminal, and how."""

import re

import msgspec

# Databases log much that is of no use while all is healthy.
_SHOWN = {
    "postgres": re.compile(r"(?<!terminating) (WARNING|ERROR|FATAL|PANIC|HINT|DETAIL): "),
    "valkey": re.compile(r"^\d+:\w .* # (?!WARNING Memory overcommit)"),
}
_USUAL = re.compile(r"terminating connection due to|the database system is (starting up|shutting down)|ready to exit")
# A line could otherwise move the cursor or change the colours of the whole terminal.
_CONTROLS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_PASSED_OVER = frozenset({"time", "level", "logger", "message"})


def worth_showing(name: str, line: str) -> bool:
    """Whether a line of this program's log is shown; it is in the log file in any case."""
    pattern = _SHOWN.get(name)
    if pattern is None:
        return bool(line.strip())
    return bool(pattern.search(line)) and not _USUAL.search(line)


def readable(line: str) -> str:
    """A line for people: JSON log lines become a sentence followed by what else is known."""
    try:
        record = msgspec.json.decode(line)
    except msgspec.DecodeError:
        record = None
    if not isinstance(record, dict) or "message" not in record:
        return plain(line)
    rest = [f"{name}={_short(value)}" for name, value in record.items() if name not in _PASSED_OVER]
    return plain(" ".join([f"{record.get('level', 'info')!s:7}", str(record["message"]), *rest]))


def plain(line: str) -> str:
    """A line without anything that a terminal would obey."""
    return _CONTROLS.sub("", line.expandtabs(4)).rstrip()


def _short(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode()
