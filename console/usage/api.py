"""Usage for programs."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.errors import Invalid, SimNotFound
from console.http.fields import FieldNames, selected
from console.http.paging import span
from console.organizations.rules import Caller
from console.sims.api import plain_iccid
from console.store.direct_reads import DirectReads
from console.streamer import direct as streamer
from console.streamer.reads import UnknownSpan, unknown_usage
from console.usage import direct, reads
from console.usage.reads import UsageBucket

By = Annotated[Literal["hour", "day"], QueryParameter(description="The step of time.")]
LONGEST = {"minute": timedelta(days=2), "hour": timedelta(days=92), "day": timedelta(days=731)}


class Usage(Struct, frozen=True, kw_only=True):
    """Usage over a span of time, by step, the oldest first. Volumes in bytes; steps without usage are left out."""

    by: Annotated[str, Meta(description="The size of a bucket.", examples=["day"])]
    since: Annotated[datetime, Meta(description="From this moment on.", examples=["2026-11-20T00:00:00Z"])]
    until: Annotated[datetime, Meta(description="Up to this moment.", examples=["2026-11-20T10:00:00Z"])]
    data_bytes: Annotated[int, Meta(description="Data in both directions.", examples=[3_145_728])]
    derived_bytes: Annotated[
        int,
        Meta(
            description="The part of it that was derived from the fall of the quota, where no usage record has come.",
            examples=[0],
        ),
    ]
    sms: Annotated[int, Meta(description="Messages.", examples=[1])]
    items: Annotated[
        list[UsageBucket], Meta(description="The buckets, the oldest first; those without usage are left out.")
    ]
    unknown: Annotated[
        list[UnknownSpan],
        Meta(description="Times of which usage records are missing: a bucket that is left out there is not zero."),
    ]


def summed(
    by: str,
    since: datetime,
    until: datetime,
    items: list[UsageBucket],
    unknown: list[UnknownSpan],
    fields: str = "",
) -> Usage:
    """The steps, with the fields that were asked for, and their sums."""
    return Usage(
        by=by,
        since=since,
        until=until,
        data_bytes=sum(one.data_bytes for one in items),
        derived_bytes=sum(one.derived_bytes for one in items),
        sms=sum(one.sms for one in items),
        items=selected(UsageBucket, items, fields),
        unknown=unknown,
    )


def _checked(by: str, since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    start, end = span(since, until, now - timedelta(days=30 if by == "day" else 1), now)
    if end - start > LONGEST[by]:
        raise Invalid(f"At most {LONGEST[by].days} days by {by}")
    return start, end


@get("/sims/{iccid:str}/usage", operation_id="getSimUsage", summary="A SIM's usage by hour or day")
async def sim_usage(
    caller: NamedDependency[Caller],
    direct_reads: NamedDependency[DirectReads],
    iccid: FromPath[str],
    by: By = "day",
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
    fields: FieldNames = "",
) -> Usage:
    """The last 30 days by day, or the last day by hour, unless asked otherwise."""
    start, end = _checked(by, since, until)
    known, number = plain_iccid(iccid), caller.organization_id
    # What is missing first: records that come in between are then shown, though they may be said to be missing.
    unknown = await streamer.unknown_usage(direct_reads, number, start, end, datetime.now(UTC))
    items = await direct.of_sim(direct_reads, number, known, by=by, since=start, until=end)
    if items is None:
        raise SimNotFound(known)
    return summed(by, start, end, items, unknown, fields)


@get("/usage", operation_id="getUsage", summary="The fleet's usage by minute, hour or day")
async def fleet_usage(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    by: FromQuery[Literal["minute", "hour", "day"]] = "day",
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
    fields: FieldNames = "",
) -> Usage:
    """The last 30 days by day, or the last day by hour or minute, unless asked otherwise."""
    start, end = _checked(by, since, until)
    items = await reads.of_fleet(reading, caller.organization_id, by=by, since=start, until=end)
    unknown = await unknown_usage(reading, caller.organization_id, start, end, datetime.now(UTC))
    return summed(by, start, end, items, unknown, fields)


router = Router("/", route_handlers=[sim_usage, fleet_usage], tags=["Usage"])
