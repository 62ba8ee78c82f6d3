"""Questions about silences and maintenance windows."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import sqlalchemy as sa
from msgspec import Meta, Struct, convert
from sqlalchemy.ext.asyncio import AsyncConnection

from console.errors import NotFound
from console.facts.silences import HidingKind
from console.silences.bodies import Matchers
from console.silences.recurrence import Recurrence
from console.silences.rules import Hiding, Matcher
from console.silences.tables import maintenance_windows, silences

s, w = silences.c, maintenance_windows.c
ENDED_SHOWN = timedelta(days=30)
NEXT_LOOK = timedelta(seconds=70)  # the schedule looks each minute; what comes before that is asked for on time


class Silence(Struct, frozen=True, kw_only=True):
    """Alerts that it matches are judged and listed, and sent to nobody, until it ends."""

    id: Annotated[int, Meta(description="Its number.", examples=[4])]
    matchers: Matchers
    reason: Annotated[str, Meta(description="Why.", examples=["DTAG announced works until noon"])]
    begins_at: Annotated[datetime, Meta(description="When it begins, or began.", examples=["2026-11-20T10:00:00Z"])]
    ends_at: Annotated[datetime, Meta(description="When it ends, or ended.", examples=["2026-11-20T12:00:00Z"])]
    created_by: Annotated[str, Meta(description="Who made it.", examples=["otto"])]
    created_at: Annotated[datetime, Meta(description="When.", examples=["2026-11-20T10:00:00Z"])]
    ended_by: Annotated[str | None, Meta(description="Who ended it early.", examples=["otto"])]


class MaintenanceWindow(Struct, frozen=True, kw_only=True):
    """Alerts that it matches are judged and listed, and sent to nobody, while it is open."""

    id: Annotated[int, Meta(description="Its number.", examples=[2])]
    name: Annotated[str, Meta(description="What it is called.", examples=["Sunday maintenance"])]
    matchers: Matchers
    time_zone: Annotated[str, Meta(description="An IANA time zone.", examples=["Europe/Berlin"])]
    first_begin: Annotated[
        str, Meta(description="Local time of the first, without seconds and zone.", examples=["2026-11-22T02:30"])
    ]
    rule: Annotated[
        str | None, Meta(description="As RFC 5545 writes it; null: once.", examples=["FREQ=WEEKLY;BYDAY=SU"])
    ]
    length_minutes: Annotated[int, Meta(description="How long it is open.", examples=[120])]
    next_begins_at: Annotated[
        datetime | None,
        Meta(
            description="When it opens next, or opened if it is open; null: no more.", examples=["2026-11-22T01:30:00Z"]
        ),
    ]
    next_ends_at: Annotated[datetime | None, Meta(description="When that ends.", examples=["2026-11-22T03:30:00Z"])]
    created_by: Annotated[str, Meta(description="Who made it.", examples=["ada"])]
    created_at: Annotated[datetime, Meta(description="When.", examples=["2026-11-20T10:00:00Z"])]

    @property
    def recurrence(self) -> Recurrence:
        """When it is open."""
        return Recurrence(
            time_zone=self.time_zone,
            first_begin=datetime.fromisoformat(self.first_begin),
            rule=self.rule,
            length=timedelta(minutes=self.length_minutes),
        )


SILENCE = tuple(s[name] for name in Silence.__struct_fields__)
WINDOW = tuple(w[name] for name in MaintenanceWindow.__struct_fields__)


def silence_of(row: Any) -> Silence:
    """The silence in a row of SILENCE."""
    return Silence(**{**row._mapping, "matchers": convert(row.matchers, list[Matcher])})


def window_of(row: Any) -> MaintenanceWindow:
    """The window in a row of WINDOW."""
    return MaintenanceWindow(**{**row._mapping, "matchers": convert(row.matchers, list[Matcher])})


async def silences_of(connection: AsyncConnection, organization_id: int, now: datetime) -> list[Silence]:
    """Silences that have not ended, and those that ended within 30 days; what ends last comes first."""
    query = sa.select(*SILENCE).where(s.organization_id == organization_id, s.ends_at > now - ENDED_SHOWN)
    rows = (await connection.execute(query.order_by(s.ends_at.desc(), s.id.desc()).limit(500))).all()
    return [silence_of(row) for row in rows]


async def silence(connection: AsyncConnection, organization_id: int, silence_id: int) -> Silence:
    """One silence. Raises NotFound."""
    query = sa.select(*SILENCE).where(s.organization_id == organization_id, s.id == silence_id)
    row = (await connection.execute(query)).first()
    if row is None:
        raise NotFound("There is no such silence", id=silence_id)
    return silence_of(row)


async def windows_of(connection: AsyncConnection, organization_id: int) -> list[MaintenanceWindow]:
    """The maintenance windows of an organization; removed ones are left out."""
    query = sa.select(*WINDOW).where(w.organization_id == organization_id, w.removed_at.is_(None))
    return [window_of(row) for row in (await connection.execute(query.order_by(w.id))).all()]


async def window(connection: AsyncConnection, organization_id: int, window_id: int) -> MaintenanceWindow:
    """One window. Raises NotFound."""
    query = sa.select(*WINDOW).where(w.organization_id == organization_id, w.id == window_id, w.removed_at.is_(None))
    row = (await connection.execute(query)).first()
    if row is None:
        raise NotFound("There is no such maintenance window", id=window_id)
    return window_of(row)


async def active(connection: AsyncConnection, organization_id: int, now: datetime) -> list[Hiding]:
    """What hides alerts now: silences, then windows, the oldest first."""
    found = []
    for kind, column, begins_at, ends_at in (
        (HidingKind.SILENCE, s, s.begins_at, s.ends_at),
        (HidingKind.WINDOW, w, w.next_begins_at, w.next_ends_at),
    ):
        query = sa.select(column.id, column.matchers).where(
            column.organization_id == organization_id, begins_at <= now, ends_at > now
        )
        query = query.where(w.removed_at.is_(None)) if kind is HidingKind.WINDOW else query
        found += [
            Hiding(name=f"{kind}:{row.id}", matchers=convert(row.matchers, list[Matcher]))
            for row in (await connection.execute(query.order_by(column.id))).all()
        ]
    return found


async def work_waits(connection: AsyncConnection, organization_id: int, now: datetime) -> bool:
    """Whether one has begun or ended and that is not published, or a window begins or ends before the next look."""
    silence_on = sa.and_(s.begins_at <= now, s.ends_at > now)
    window_on = sa.and_(w.next_begins_at <= now, w.next_ends_at > now)
    unpublished = sa.exists().where(s.organization_id == organization_id, s.active != silence_on)
    opened = sa.exists().where(
        w.organization_id == organization_id, w.active != sa.func.coalesce(window_on, sa.false())
    )
    soon = [sa.and_(at > now, at <= now + NEXT_LOOK) for at in (w.next_begins_at, w.next_ends_at)]
    stands = sa.and_(w.organization_id == organization_id, w.removed_at.is_(None))
    turns = sa.exists().where(stands, sa.or_(w.next_ends_at <= now, *soon))
    return bool((await connection.execute(sa.select(sa.or_(unpublished, opened, turns)))).scalar_one())
