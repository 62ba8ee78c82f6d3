"""Warnings of the network, same ones counted together."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zlib import crc32

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.connectivity.tables import network_events
from console.sims.tables import is_watched

SPAN = timedelta(hours=1)
MOST_EVENTS = 1_000  # that are looked at
MOST_LINES = 10
ORDER = ("critical", "error", "warn")  # the worst first
NOTABLE = sa.text("severity <> 'info'")  # as the index network_events_notable_idx has it
SAME = ("severity", "name", "operator", "country", "cause")


class Warned(Struct, frozen=True, kw_only=True):
    """Network events that say the same of one or more SIMs."""

    severity: str
    name: str
    operator: str | None
    country: str | None
    cause: str | None
    number: int
    sims: int
    time: datetime  # of the latest
    iccid: str | None  # of the latest; None: about the account
    description: str  # of the latest

    @property
    def key(self) -> str:
        """The same for all that say the same."""
        return f"{crc32(repr([getattr(self, name) for name in SAME]).encode()):08x}"


class Warnings(Struct, frozen=True, kw_only=True):
    """The worst kinds first, of one severity the latest."""

    as_of: datetime
    since: datetime | None  # None: the whole SPAN; else there were more than MOST_EVENTS in it
    lines: Sequence[Warned]
    kinds: int  # lines, were all shown
    number: int  # events


async def warnings(connection: AsyncConnection, organization_id: int, now: datetime) -> Warnings:
    """Those of the last hour, but no more than the latest thousand."""
    c = network_events.c
    names = ("time", "id", "iccid", "description", *SAME)
    latest = (
        sa.select(*(c[name] for name in names))
        .where(c.organization_id == organization_id, NOTABLE, c.time > now - SPAN, is_watched(network_events))
        .order_by(c.time.desc(), c.id.desc())
        .limit(MOST_EVENTS)
        .subquery("latest")
    )
    last = sa.desc(latest.c.time), sa.desc(latest.c.id)
    query = sa.select(
        *(latest.c[name] for name in SAME),
        sa.func.count().label("number"),
        sa.func.count(latest.c.iccid.distinct()).label("sims"),
        sa.func.max(latest.c.time).label("time"),
        sa.func.min(latest.c.time).label("first"),
        sa.func.array_agg(sa.dialects.postgresql.aggregate_order_by(latest.c.iccid, *last))[1].label("iccid"),
        sa.func.array_agg(sa.dialects.postgresql.aggregate_order_by(latest.c.description, *last))[1].label(
            "description"
        ),
    ).group_by(*(latest.c[name] for name in SAME))
    rows = (await connection.execute(query)).all()
    found = [Warned(**{name: row._mapping[name] for name in Warned.__struct_fields__}) for row in rows]
    found.sort(key=lambda one: one.time, reverse=True)
    found.sort(key=lambda one: ORDER.index(one.severity) if one.severity in ORDER else len(ORDER))
    number = sum(one.number for one in found)
    return Warnings(
        as_of=now,
        since=min(row.first for row in rows) if number == MOST_EVENTS else None,
        lines=found[:MOST_LINES],
        kinds=len(found),
        number=number,
    )
