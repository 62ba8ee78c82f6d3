"""How 1NCE's Data Streamer is, and the fact that this has changed."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct


class StreamerStatus(Struct, frozen=True, kw_only=True):
    """How 1NCE's Data Streamer is, for one kind of record."""

    kind: Annotated[str, Meta(description="Of which records: `event` or `usage`.", examples=["usage"])]
    state: Annotated[
        str,
        Meta(
            description="`flowing`; `quiet`: no posts come, and too few have come to judge; `overdue`: no posts come "
            "for several of the usual intervals; `missed`: polling finds records that no post brought; `unused`.",
            examples=["overdue"],
        ),
    ]
    since: Annotated[
        datetime,
        Meta(
            description="Since when: of a silence, the time of the last post before it.",
            examples=["2026-11-20T09:56:00Z"],
        ),
    ]
    usual_interval_seconds: Annotated[
        int | None,
        Meta(
            description="How far apart its posts usually are: 95 % of the time less. Null: too few have come to say.",
            examples=[10],
        ),
    ]
    judged: Annotated[
        bool,
        Meta(
            description="Whether a lack of posts is judged by that interval: not where they come too seldom.",
            examples=[True],
        ),
    ]
    last_post_at: Annotated[datetime, Meta(description="When 1NCE last posted any.", examples=["2026-11-20T09:56:00Z"])]
    missed_since: Annotated[
        datetime | None, Meta(description="The time of the first record that only polling has found.")
    ]
    found: Annotated[int, Meta(description="How many records only polling has found since then.", examples=[0])]


class StreamerChanged(Struct, frozen=True, tag_field="type", tag="streamer.changed"):
    """The Data Streamer has gone quiet, or has come back."""

    time: Annotated[datetime, Meta(description="When it happened.", examples=["2026-11-20T10:00:00Z"])]
    subject: Annotated[str, Meta(description="The kind of record: `event` or `usage`.", examples=["usage"])]
    data: Annotated[StreamerStatus, Meta(description="The new state of the thing, never an increment.")]


def topics(subject: str | None) -> tuple[str, ...]:
    """The topics of the pages that show it."""
    return ("carrier", "fleet", "jobs")
