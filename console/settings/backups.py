"""How the settings of keys with ids are read, and those of backups."""

import re


def audit_key(text: str, faults: list[str]) -> tuple[str, ...]:
    """The keys that seal the audit trail."""
    return _keys_with_ids("AUDIT_KEY", text, faults)


def backup_key(text: str, faults: list[str]) -> tuple[str, ...]:
    """The keys that encrypt backups."""
    return _keys_with_ids("BACKUP_KEY", text, faults)


def _keys_with_ids(name: str, text: str, faults: list[str]) -> tuple[str, ...]:
    """`id:key` by comma, the one in use first. The ids are stored with what their keys sealed: they must not change."""
    pairs = [pair.strip() for pair in text.split(",")]
    names = [pair.partition(":")[0] for pair in pairs]
    for pair in pairs:
        identity, _, key = pair.partition(":")
        if not re.fullmatch(r"[a-z0-9-]{1,20}", identity) or len(key) < 32:
            faults.append(f"{name} must be like 2026:key with 32 characters or more in the key, several by comma")
    if len(set(names)) < len(names):
        faults.append(f"{name} holds two keys with the same id")
    return tuple(pairs)


def whole_number(name: str, of_what: str, most: int, text: str, faults: list[str]) -> int:
    """A number from 1 on, of days or of something else."""
    if not text.isdecimal() or not 1 <= int(text[:20]) <= most:
        faults.append(f"{name} must be a number {of_what}between 1 and {most}, not {text[:80]!r}")
        return 1
    return int(text)
