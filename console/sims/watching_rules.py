"""Decisions about watching SIMs and about asking 1NCE anew. No database, no clock."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

SYNC_CALLS = 4  # that a sync of one SIM makes at 1NCE: inventory, connection, data quota, SMS quota
SYNC_EVERY = timedelta(seconds=30)  # for one SIM: what is asked again before is the same request
SYNC_ALL_EVERY = timedelta(minutes=2)
SYNCS_PER_MINUTE = 30  # of an organization: 2 calls a second, of the 10 that 1NCE usually allows


class Watch(StrEnum):
    """How an organization stands to an ICCID."""

    WATCHED = "watched"
    REQUESTED = "requested"  # asked for, not yet confirmed by 1NCE
    REFUSED = "refused"  # asked for, and 1NCE has no such SIM
    UNWATCHED = "unwatched"


class WatchRequest(Struct, frozen=True, kw_only=True):
    """An ICCID that somebody asked to watch and that 1NCE has not confirmed."""

    iccid: Annotated[str, Meta(description="19 digits, without the check digit.", examples=["8988228066600000001"])]
    requested_at: Annotated[datetime, Meta(description="When it was asked for.", examples=["2026-11-20T10:00:00Z"])]
    requested_by: Annotated[str, Meta(description="The user or API key that asked for it.", examples=["ada"])]
    refused_at: Annotated[datetime | None, Meta(description="When 1NCE said that it has no such SIM.")] = None
    refusal: Annotated[str | None, Meta(description="What 1NCE said then.")] = None

    @property
    def state(self) -> Watch:
        """Requested or refused."""
        return Watch.REQUESTED if self.refused_at is None else Watch.REFUSED


class SyncRequest(Struct, frozen=True, kw_only=True):
    """1NCE is asked anew about a SIM, or about all."""

    subject: Annotated[str, Meta(description="The ICCID, or `fleet`.", examples=["8988228066600000001"])]
    requested_at: Annotated[
        datetime,
        Meta(
            description="When it was asked for: earlier than now if it had been asked for already.",
            examples=["2026-11-20T10:00:00Z"],
        ),
    ]
    job: Annotated[str, Meta(description="The job that does it, as the list of jobs names it.", examples=["sync_sim"])]
    calls: Annotated[int | None, Meta(description="How many calls to 1NCE it costs; null for all SIMs.", examples=[4])]
    retry_at: Annotated[
        datetime, Meta(description="From then on it can be asked for anew.", examples=["2026-11-20T10:00:30Z"])
    ]
