"""What the stream says of itself, and what a client may say to it. Facts are in `console.facts`."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Raw, Struct

HEARTBEAT_SECONDS = 15.0
LARGEST_FROM_CLIENT = 4096  # bytes
SIGNED_OUT, NOT_ALLOWED, TOO_SLOW, TOO_MANY, RESTARTING = 4401, 4403, 4408, 4429, 1012
REASONS = {
    SIGNED_OUT: "signed out",
    NOT_ALLOWED: "not allowed",
    TOO_SLOW: "too slow",
    TOO_MANY: "too many messages",
}


class StreamHello(Struct, frozen=True, kw_only=True, tag_field="type", tag="stream.hello"):
    """First, always: where the stream is, and how many facts follow from the past."""

    epoch: Annotated[str, Meta(description="The present epoch.", examples=["6f1c"])]
    seq: Annotated[
        int,
        Meta(
            description="The number of the last fact; a client that resumes has not received all up to it yet.",
            examples=[812],
        ),
    ]
    resumed: Annotated[int, Meta(description="How many facts follow from the past.", examples=[0])]
    time: Annotated[
        datetime, Meta(description="The server's time, to count ages from.", examples=["2026-11-20T10:00:00Z"])
    ]


class StreamReset(Struct, frozen=True, kw_only=True, tag_field="type", tag="stream.reset"):
    """The past is gone: fetch a snapshot, then go on from this number."""

    epoch: Annotated[str, Meta(description="The present epoch.", examples=["6f1c"])]
    seq: Annotated[int, Meta(description="The next fact has a higher number.", examples=[812])]
    reason: Annotated[
        str,
        Meta(
            description="`too_old`: more was missed than is kept; `restarted`: Redis has begun a new epoch; "
            "`unreadable`: a fact could not be read.",
            examples=["too_old"],
        ),
    ]


class StreamHeartbeat(Struct, frozen=True, kw_only=True, tag_field="type", tag="stream.heartbeat"):
    """Every 15 seconds: the connection is open, and all up to this number has been sent."""

    seq: Annotated[
        int, Meta(description="All up to this number has been sent: `since` may go on to it.", examples=[816])
    ]
    time: Annotated[datetime, Meta(description="The server's time.", examples=["2026-11-20T10:00:00Z"])]


class StreamMark(Struct, frozen=True, kw_only=True, tag_field="type", tag="stream.mark"):
    """To browsers only, after parts of the page: all up to this number is on the screen."""

    seq: int


class PageChanged(Struct, frozen=True, kw_only=True, tag_field="type", tag="page.changed"):
    """To browsers only: parts of the page as they are now, each a `console.live.pieces.Part`."""

    parts: list[Raw]


class StreamStale(Struct, frozen=True, kw_only=True, tag_field="type", tag="stream.stale"):
    """The server has lost its connection to Redis: nothing will come for a while."""

    reason: Annotated[str, Meta(description="Which connection is lost: `redis`.", examples=["redis"])]


class StreamLive(Struct, frozen=True, kw_only=True, tag_field="type", tag="stream.live"):
    """The server is connected to Redis again, and what was missed has been sent."""


class StreamError(Struct, frozen=True, kw_only=True, tag_field="type", tag="stream.error"):
    """What the client said could not be understood; nothing has changed."""

    message: Annotated[
        str,
        Meta(
            description="What could not be understood, for people.",
            examples=["There is no topic 'flet': choose from fleet, alerts, actions, sim:<ICCID>"],
        ),
    ]


class Subscribe(Struct, frozen=True, kw_only=True, tag_field="type", tag="subscribe"):
    """Listen to these topics as well; with `since` (`<epoch>:<seq>`), first comes what came on them after it."""

    topics: Annotated[list[str], Meta(description="The topics to add.", examples=[["sim:8988228066600000001"]])]
    since: Annotated[
        str | None,
        Meta(
            description="<epoch>:<seq>: send first what was published on the added topics after it.",
            examples=["6f1c:812"],
        ),
    ] = None


class Unsubscribe(Struct, frozen=True, kw_only=True, tag_field="type", tag="unsubscribe"):
    """Listen to these topics no more."""

    topics: Annotated[list[str], Meta(description="The topics to leave.", examples=[["fleet"]])]


FromClient = Subscribe | Unsubscribe
