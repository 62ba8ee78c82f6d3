"""What the stream says of itself, and what a client may say to it. Facts are in `console.facts`."""

import msgspec

HEARTBEAT_SECONDS = 15.0
LARGEST_FROM_CLIENT = 4096  # bytes
SIGNED_OUT, NOT_ALLOWED, TOO_SLOW, TOO_MANY, RESTARTING = 4401, 4403, 4408, 4429, 1012
REASONS = {SIGNED_OUT: "signed out", NOT_ALLOWED: "not allowed", TOO_SLOW: "too slow", TOO_MANY: "too many connections"}


class StreamHello(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="stream.hello"):
    """First, always: where the stream is, and how many facts follow from the past."""

    epoch: str
    seq: int
    resumed: int


class StreamReset(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="stream.reset"):
    """The past is gone: fetch a snapshot, then go on from this number."""

    epoch: str
    seq: int
    reason: str  # "too_old", "restarted", "unreadable"


class StreamHeartbeat(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="stream.heartbeat"):
    """Every 15 seconds: the line is alive, and all up to this number has been sent."""

    seq: int


class StreamMark(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="stream.mark"):
    """At the browser door, after each piece of page: all up to this number is on the screen."""

    seq: int


class StreamStale(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="stream.stale"):
    """The server has lost its own line to Redis: nothing will come for a while."""

    reason: str


class StreamLive(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="stream.live"):
    """The server's own line stands again, and what was missed has been sent."""


class StreamError(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="stream.error"):
    """What the client said could not be understood; nothing has changed."""

    message: str


class Subscribe(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="subscribe"):
    """Listen to these topics as well; with `since` (`<epoch>:<seq>`), hear first what was told of them after it."""

    topics: list[str]
    since: str | None = None


class Unsubscribe(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="unsubscribe"):
    """Listen to these topics no more."""

    topics: list[str]


FromClient = Subscribe | Unsubscribe
