"""The chain of seals: each line's bytes, and a hash with a key that the database does not hold.

`hmac = HMAC-SHA256(key, the hmac before || canonical bytes)`, the first after 32 zero bytes. Whoever can write to the
database but has no key can't change, insert, remove or reorder lines without the first such place being found.
"""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

BEGINNING = b"\0" * 32
FIELDS = (
    *("organization_id", "at", "actor_kind", "actor_id", "actor", "on_behalf_of", "action", "subject", "before"),
    *("after", "outcome", "reason", "request_id", "address"),
)


class Head(Struct, frozen=True):
    """Where a chain has got to: the number of its last line, and that line's hmac."""

    number: int = 0
    hmac: bytes = BEGINNING


def canonical(line: Mapping[str, Any], number: int) -> bytes:
    """A line as JSON with sorted names, no blanks, times in UTC with microseconds. These bytes are kept for ever."""
    at: datetime = line["at"]
    values = {name: line[name] for name in FIELDS} | {"at": at.astimezone(UTC).isoformat(timespec="microseconds")}
    return msgspec.json.encode(values | {"line": line["id"], "number": number, "version": 1}, order="sorted")


def sealed(key: bytes, head: Head, content: bytes) -> Head:
    """The head of the chain after this line."""
    return Head(head.number + 1, hmac.digest(key, head.hmac + content, sha256))


def proof_of_pruning(key: bytes, organization_id: int, head: Head) -> bytes:
    """What only who has the key can say: that an organization's lines up to this head were deleted after their time."""
    return hmac.digest(key, f"pruned:{organization_id}:{head.number}:".encode() + head.hmac, sha256)


def is_proved(keys: Mapping[str, bytes], organization_id: int, pruned: Mapping[str, Any]) -> bool:
    """Whether a line of the trail that says how far it was pruned has been written by who has one of the keys."""
    try:
        head, said = Head(pruned["number"], bytes.fromhex(pruned["hmac"])), bytes.fromhex(pruned["proof"])
    except (KeyError, TypeError, ValueError):
        return False
    return any(hmac.compare_digest(proof_of_pruning(key, organization_id, head), said) for key in keys.values())


def fault_of(keys: Mapping[str, bytes], head: Head, seal: Mapping[str, Any], line: Mapping[str, Any] | None) -> str:
    """Why this seal does not follow this head, in words; empty if it does."""
    number: int = seal["number"]
    if number != head.number + 1:
        return f"line {head.number + 1} is missing"
    if (key := keys.get(seal["key_id"])) is None:
        return f"line {number} is sealed with the key {seal['key_id']!r}, which AUDIT_KEY does not have"
    if not hmac.compare_digest(sealed(key, head, seal["canonical"]).hmac, seal["hmac"]):
        return f"line {number} is not what was sealed, or does not stand in its place"
    if line is None:
        return f"line {number} is sealed, and is missing from the trail"
    if msgspec.json.decode(canonical(line, number)) != msgspec.json.decode(seal["canonical"]):
        return f"line {number} was changed after it was sealed"
    return ""
