"""Where a value came from: asked of 1NCE, sent by 1NCE, or worked out by the console."""

from enum import StrEnum


class Source(StrEnum):
    """How the console learned something."""

    POLL = "poll"  # an answer of the Management API
    STREAMER = "streamer"  # a record of the Data Streamer
    FORWARDER = "forwarder"  # a message or delivery report of the SMS Forwarder
    DERIVED = "derived"  # usage that a quota's fall shows and no record explains
