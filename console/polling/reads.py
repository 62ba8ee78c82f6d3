"""Queries about polling: its terms, the SIMs with a priority, and its progress."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.organizations.tables import organizations
from console.polling.rules import Fleet, Kind, Priority, Terms
from console.polling.tables import NEVER, slots
from console.runs.reads import last_done
from console.sims.tables import checks, is_watched, sims
from console.sms.reads import under_way
from console.streamer.reads import health
from console.streamer.rules import is_alive

MOVED_FOR = timedelta(hours=1)
LATELY = timedelta(minutes=10)
# The inventory's coarse quota state comes with each walk, long before all quotas of a large fleet have been polled.
LOW = sa.or_(sims.c.quota == "low", sims.c.data_class == "low")


async def terms(connection: AsyncConnection, organization_id: int, now: datetime) -> Terms:
    """What the division of this organization's calls depends on."""
    c = organizations.c
    rate = await connection.execute(sa.select(c.once_requests_per_second).where(c.id == organization_id))
    return Terms(
        rate=rate.scalar_one(),
        events_pushed=is_alive((await health(connection, organization_id)).get("event"), now),
        walked=await last_done(connection, organization_id, "sync_sims") is not None,
    )


async def priority_candidates(
    connection: AsyncConnection,
    organization_id: int,
    kind: Kind,
    floors: Mapping[Priority, float],
    now: datetime,
    *,
    limit: int,
) -> dict[Priority, list[str]]:
    """SIMs that moved, are low or have a message under way, for those of these priorities that `floors` names: the
    longest unpolled first.

    It scans the whole fleet: call it once for many slots.
    """
    slot = slots.c[f"{kind}_at"]
    found = {}
    conditions = {
        Priority.UNDER_WAY: sims.c.iccid.in_(under_way(organization_id)),
        Priority.LOW: LOW,
        Priority.MOVED: sims.c.changed_at > _moment(now - MOVED_FOR),
    }
    for priority, condition in conditions.items():
        if priority in floors:
            query = (
                sa.select(sims.c.iccid)
                .join(slots, _same(slots))
                .where(sims.c.organization_id == organization_id, condition, _polled())
                .where(slot < _moment(now - timedelta(seconds=floors[priority])))
                .order_by(slot)
                .limit(limit)
            )
            found[priority] = list((await connection.execute(query)).scalars())
    return found


class PollProgress(Struct, frozen=True, kw_only=True):
    """How far one kind of poll has come, in SIMs."""

    answered_last_hour: int
    answered_lately: int  # in the last ten minutes
    never: int  # not polled yet
    unanswered: int  # polled, and 1NCE has not answered
    oldest_at: datetime | None  # the oldest answer that is held; None without any


async def fleet(connection: AsyncConnection, organization_id: int, now: datetime, *, on_screen: int) -> Fleet:
    """How many SIMs there are, and how many have each priority now."""
    query = sa.select(
        sa.func.count(),
        sa.func.count().filter(sims.c.changed_at > _moment(now - MOVED_FOR)),
        sa.func.count().filter(LOW),
        sa.func.count().filter(sims.c.iccid.in_(under_way(organization_id))),
    ).where(sims.c.organization_id == organization_id, _polled())
    found = (await connection.execute(query)).one()
    return Fleet(sims=found[0], on_screen=min(on_screen, found[0]), moved=found[1], low=found[2], under_way=found[3])


async def progress(connection: AsyncConnection, organization_id: int, now: datetime) -> dict[Kind, PollProgress]:
    """The progress of each kind of poll of single SIMs; scans `sim_checks` once."""
    kinds = [kind for kind in Kind if kind is not Kind.INVENTORY]
    columns: list[sa.ColumnElement[Any]] = []
    for kind in kinds:
        at, silent = checks.c[f"{kind}_at"], checks.c[f"{kind}_at"].is_(None)
        begun = slots.c[f"{kind}_at"] > sa.text(f"timestamptz '{NEVER}'")
        columns += [
            sa.func.count().filter(at > _moment(now - timedelta(hours=1))),
            sa.func.count().filter(at > _moment(now - LATELY)),
            sa.func.count().filter(silent, sa.not_(begun)),
            sa.func.count().filter(silent, begun),
            sa.func.min(at),
        ]
    source = sims.join(slots, _same(slots)).outerjoin(checks, _same(checks))
    query = sa.select(*columns).select_from(source).where(sims.c.organization_id == organization_id, _polled())
    row = tuple((await connection.execute(query)).one())
    names = PollProgress.__struct_fields__
    return {kind: PollProgress(**dict(zip(names, row[len(names) * n :], strict=False))) for n, kind in enumerate(kinds)}


def _polled() -> "sa.ColumnElement[bool]":
    """Of SIMs: 1NCE lists it, and it is watched."""
    return sa.and_(sims.c.missing_walks < 2, is_watched(sims))


def _same(table: sa.Table) -> "sa.ColumnElement[bool]":
    return sa.and_(table.c.organization_id == sims.c.organization_id, table.c.iccid == sims.c.iccid)


def _moment(time: datetime) -> "sa.ColumnElement[datetime]":
    return sa.literal(time, sa.DateTime(timezone=True))
