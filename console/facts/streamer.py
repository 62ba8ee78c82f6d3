"""How 1NCE's Data Streamer is, and the fact that this has changed."""

from datetime import datetime

from msgspec import Struct


class StreamerStatus(Struct, frozen=True, kw_only=True):
    """How 1NCE's Data Streamer is, for one kind of record."""

    kind: str  # "event" or "usage"
    state: str  # "flowing"; "quiet"; "missed": polling finds what it does not bring; "unused"
    last_post_at: datetime
    missed_since: datetime | None  # the first thing since then that polling has found
    found: int  # how many things polling has found since then


class StreamerChanged(Struct, frozen=True, tag_field="type", tag="streamer.changed"):
    """The Data Streamer has gone quiet, or has come back."""

    time: datetime
    subject: str  # the kind of record
    data: StreamerStatus


def topics(subject: str | None) -> tuple[str, ...]:
    """The topics of the pages that show it."""
    return ("fleet", "jobs")
