"""A fact as it comes from Redis, with what has been drawn for it."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from msgspec import Struct, field


class ReceivedFact(Struct, frozen=True):
    """A fact on its way to those who may receive it. `body` is its JSON, without the number."""

    seq: int
    organization_id: int
    kind: str
    subject: str | None
    body: bytes
    drawn: dict[object, Any] = field(default_factory=dict)  # the pieces of this one fact, by who has drawn them


def read_message(message: bytes) -> tuple[str, float, list[ReceivedFact]]:
    """What was published in one step: the epoch, when (seconds since 1970), and the facts. Raises ValueError."""
    header, *items = message.split(b"\n")
    epoch, first, published_at = header.split(b"\t")
    facts = [read_item(int(first) + place, item) for place, item in enumerate(items)]
    return epoch.decode(), float(published_at), facts


def read_item(seq: int, item: bytes) -> ReceivedFact:
    """An item as the outbox writes it: organization, kind, subject, body."""
    organization, kind, subject, body = item.split(b"\t", 3)
    return ReceivedFact(seq, int(organization), kind.decode(), subject.decode() or None, body)


def read_entries(entries: Iterable[tuple[bytes, Mapping[bytes, bytes]]]) -> list[ReceivedFact] | None:
    """Entries of the stream of published facts; None if one can't be read."""
    with suppress(ValueError, KeyError):
        return [read_item(int(name.split(b"-")[0]), fields[b"f"]) for name, fields in entries]
    return None
