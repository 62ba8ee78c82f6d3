"""A fact as it comes from Redis, with what has been drawn for it."""

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


def read_item(seq: int, item: bytes) -> ReceivedFact:
    """An item as the outbox writes it: organization, kind, subject, body."""
    organization, kind, subject, body = item.split(b"\t", 3)
    return ReceivedFact(seq, int(organization), kind.decode(), subject.decode() or None, body)
