"""Queries of the Data Streamer's health, and of the times for which its records are missing."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from msgspec import Meta, Struct, structs
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.streamer import StreamerStatus
from console.streamer.posts_reads import NOTHING, Waiting, newest_waiting_at, of_newest_waiting, waiting
from console.streamer.rules import NOT_FLOWING, KindHealth, StreamerState, is_alive, streamer_state
from console.streamer.tables import streamer_health, streamer_silences

c, s = streamer_health.c, streamer_silences.c
WORST_FIRST = (
    StreamerState.MISSED,
    StreamerState.OVERDUE,
    StreamerState.FLOWING,
    StreamerState.QUIET,
    StreamerState.UNUSED,
)


class Streamer(Struct, frozen=True, kw_only=True):
    """How 1NCE's Data Streamer is, by kind of record, and what waits of its posts."""

    state: Annotated[
        str,
        Meta(
            description="Of the kind of record that is worst off; `unused` if nothing ever came.", examples=["overdue"]
        ),
    ]
    kinds: Annotated[list[StreamerStatus], Meta(description="Each kind of record that 1NCE has ever posted.")]
    waiting: Annotated[Waiting, Meta(description="Posts that came and are not taken in yet.")]

    @property
    def worst(self) -> StreamerStatus | None:
        """The kind that the state is about."""
        return next((one for one in self.kinds if one.state == self.state), None)


async def health(connection: AsyncConnection, organization_id: int) -> dict[str, KindHealth]:
    """What is stored, by kind of record."""
    query = sa.select(*(c[name] for name in KindHealth.__struct_fields__)).where(c.organization_id == organization_id)
    return {row.kind: KindHealth(**row._mapping) for row in await connection.execute(query.order_by(c.kind))}


def as_of(stored: KindHealth, now: datetime, waiting_at: datetime | None) -> KindHealth:
    """With its state at `now`; a silence began with the last post."""
    state = streamer_state(stored, now, waiting_at)
    if state == stored.state:
        return stored
    return structs.replace(
        stored, state=state, since=stored.last_post_at if state != StreamerState.FLOWING else stored.since
    )


def status_of(found: KindHealth) -> StreamerStatus:
    """As it is published and shown."""
    usual = found.usual_interval
    return StreamerStatus(
        kind=found.kind,
        state=found.state,
        since=found.since or found.last_post_at,
        usual_interval_seconds=None if usual is None else round(usual.total_seconds()),
        judged=found.overdue_after is not None,
        last_post_at=found.last_post_at,
        missed_since=found.missed_since,
        found=found.found,
    )


async def kinds(connection: AsyncConnection, organization_id: int, now: datetime) -> list[StreamerStatus]:
    """Each kind of record that was ever posted, as it is at `now`; as of one moment."""
    rows = await connection.execute(kinds_query(organization_id))
    return kinds_at([KindRow(**row._mapping) for row in rows], now)


class KindRow(KindHealth, frozen=True, kw_only=True):
    """A row of `kinds_query`."""

    waiting_at: datetime | None = None  # when the newest post came that is not taken in yet


def kinds_query(organization_id: "int | sa.BindParameter[int]") -> "sa.Select[Any]":
    """The SELECT of `kinds`."""
    columns = [c[name] for name in KindHealth.__struct_fields__]
    query = sa.select(*columns, of_newest_waiting(organization_id).scalar_subquery().label("waiting_at"))
    return query.where(c.organization_id == organization_id).order_by(c.kind)


def kinds_at(rows: Sequence[KindRow], now: datetime) -> list[StreamerStatus]:
    """As `kinds`, of rows that were read."""
    return [status_of(as_of(row, now, row.waiting_at)) for row in rows]


def worst_of(found: Iterable[StreamerStatus]) -> StreamerState:
    """The state of the kind that is worst off; `unused` without any."""
    states = {one.state for one in found}
    return next((state for state in WORST_FIRST if state in states), StreamerState.UNUSED)


async def streamer(connection: AsyncConnection, organization_id: int, now: datetime) -> Streamer:
    """The Data Streamer's state at `now`, by kind of record."""
    found = await kinds(connection, organization_id, now)
    return Streamer(
        state=worst_of(found),
        kinds=found,
        waiting=(await waiting(connection, organization_id)).get(organization_id, NOTHING),
    )


class UsageStreamer(Struct, frozen=True):
    """Whether usage records come now, and whether the organization takes them at all."""

    alive: bool
    used: bool


async def usage_streamer(connection: AsyncConnection, organization_id: int, now: datetime) -> UsageStreamer:
    """Whether the streamer posts usage records now, and is used at all: decides what derived usage means."""
    found = (await health(connection, organization_id)).get("usage")
    return UsageStreamer(is_alive(found, now), streamer_state(found, now) is not StreamerState.UNUSED)


class UnknownSpan(Struct, frozen=True, kw_only=True):
    """A time of which not all usage is known, because no usage records came."""

    since: Annotated[datetime, Meta(description="From this moment on.", examples=["2026-11-20T09:56:00Z"])]
    until: Annotated[datetime, Meta(description="Up to this moment.", examples=["2026-11-20T10:00:00Z"])]


async def unknown_usage(
    connection: AsyncConnection, organization_id: int, since: datetime, until: datetime, now: datetime
) -> list[UnknownSpan]:
    """The times between `since` and `until` of which usage records are missing, the oldest first, none overlapping.

    That is the time before the first record came, each silence, and the time since the last post unless posts flow.
    """
    stored = (await health(connection, organization_id)).get("usage")
    if stored is None:
        return missing(None, (), None, since, until, now)
    query = sa.select(s.since, s.until).where(
        s.organization_id == organization_id, s.kind == "usage", s.since < min(until, now)
    )
    silences = [(row[0], row[1]) for row in await connection.execute(query)]
    return missing(stored, silences, await newest_waiting_at(connection, organization_id), since, until, now)


def missing(
    stored: KindHealth | None,
    silences: Iterable[tuple[datetime, datetime | None]],
    waiting_at: datetime | None,
    since: datetime,
    until: datetime,
    now: datetime,
) -> list[UnknownSpan]:
    """As `unknown_usage`, of what is stored of usage records: their health, the silences, the newest waiting post."""
    until = min(until, now)
    if stored is None:
        return _joined([(since, until)])
    spans = [(first, last or now) for first, last in silences]
    spans.append((since, stored.first_post_at or stored.last_post_at))
    if streamer_state(stored, now, waiting_at) in NOT_FLOWING:
        spans.append((stored.last_post_at, until))
    return _joined((max(since, first), min(until, last)) for first, last in spans)


def _joined(spans: Iterable[tuple[datetime, datetime]]) -> list[UnknownSpan]:
    found: list[UnknownSpan] = []
    for since, until in sorted(span for span in spans if span[0] < span[1]):
        if found and since <= found[-1].until:
            found[-1] = structs.replace(found[-1], until=max(until, found[-1].until))
        else:
            found.append(UnknownSpan(since=since, until=until))
    return found


def is_known(spans: Sequence[UnknownSpan], since: datetime, until: datetime) -> bool:
    """Whether no part of this time is unknown."""
    return not any(span.since < until and span.until > since for span in spans)
