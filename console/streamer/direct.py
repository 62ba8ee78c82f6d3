"""The times of which usage records are missing, as a prepared statement: one moment's health, silences and posts."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from console.store.direct_reads import DirectReads, Question
from console.streamer.posts_reads import of_newest_waiting
from console.streamer.reads import UnknownSpan, missing
from console.streamer.rules import KindHealth
from console.streamer.tables import streamer_health, streamer_silences

FIELDS = KindHealth.__struct_fields__


async def unknown_usage(
    direct: DirectReads, organization_id: int, since: datetime, until: datetime, now: datetime
) -> list[UnknownSpan]:
    """As `reads.unknown_usage`: the times between `since` and `until`, the oldest first, none overlapping."""
    row = await direct.row(OF_USAGE, organization_id=organization_id, until=min(until, now))
    if row is None:
        return missing(None, (), None, since, until, now)
    *stored, waiting_at, begun, ended = row
    silences = zip(begun or (), ended or (), strict=True)
    return missing(KindHealth(**dict(zip(FIELDS, stored, strict=True))), silences, waiting_at, since, until, now)


def _of_usage() -> "sa.Select[Any]":
    h, s = streamer_health.c, streamer_silences.c
    organization = sa.bindparam("organization_id", type_=sa.Integer)
    silent = (s.organization_id == organization, s.kind == "usage", s.since < sa.bindparam("until", type_=s.since.type))
    begun, ended = (
        sa.select(sa.func.array_agg(aggregate_order_by(column, s.since))).where(*silent).scalar_subquery()
        for column in (s.since, s.until)
    )
    waiting = of_newest_waiting(organization).scalar_subquery()
    query = sa.select(*(h[name] for name in FIELDS), waiting, begun, ended)
    return query.where(h.organization_id == organization, h.kind == "usage")


OF_USAGE = Question(_of_usage)
