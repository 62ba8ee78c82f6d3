"""Questions about polling: its terms, whom it is worth asking about, and how far it has come."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.organizations.tables import organizations
from console.polling.rules import Fleet, Group, Kind, Terms
from console.polling.tables import NEVER, turns
from console.runs.reads import last_done
from console.sims.tables import checks, sims
from console.sms.reads import under_way
from console.streamer.reads import health
from console.streamer.rules import is_alive

MOVED_FOR = timedelta(hours=1)
LATELY = timedelta(minutes=10)
# The inventory's own coarse word comes with each walk, long before a large fleet's quotas have been asked for.
LOW = sa.or_(sims.c.quota == "low", sims.c.data_class == "low")
LISTED = sims.c.missing_walks < 2


async def terms(connection: AsyncConnection, organization_id: int, now: datetime) -> Terms:
    """By what this organization's calls are divided."""
    c = organizations.c
    rate = await connection.execute(sa.select(c.once_requests_per_second).where(c.id == organization_id))
    return Terms(
        rate=rate.scalar_one(),
        events_pushed=is_alive((await health(connection, organization_id)).get("event"), now),
        walked=await last_done(connection, organization_id, "sync_sims") is not None,
    )


async def worth_asking(
    connection: AsyncConnection,
    organization_id: int,
    kind: Kind,
    floors: Mapping[Group, float],
    now: datetime,
    *,
    limit: int,
) -> dict[Group, list[str]]:
    """SIMs that moved, are low or have a message under way, as far as `floors` names these groups: the longest unasked
    first.

    It looks at the whole fleet, so once for many turns is enough.
    """
    turn = turns.c[f"{kind}_at"]
    found = {}
    conditions = {
        Group.UNDER_WAY: sims.c.iccid.in_(under_way(organization_id)),
        Group.LOW: LOW,
        Group.MOVED: sims.c.changed_at > _moment(now - MOVED_FOR),
    }
    for group, condition in conditions.items():
        if group in floors:
            query = (
                sa.select(sims.c.iccid)
                .join(turns, _same(turns))
                .where(sims.c.organization_id == organization_id, condition, LISTED)
                .where(turn < _moment(now - timedelta(seconds=floors[group])))
                .order_by(turn)
                .limit(limit)
            )
            found[group] = list((await connection.execute(query)).scalars())
    return found


class Asked(Struct, frozen=True, kw_only=True):
    """How far one kind of question has come, in SIMs."""

    answered_last_hour: int
    answered_lately: int  # in the last ten minutes
    never: int  # their first turn is still to come
    unanswered: int  # they had it, and 1NCE has not answered
    oldest_at: datetime | None  # the oldest answer that is held; None without any


async def fleet(connection: AsyncConnection, organization_id: int, now: datetime, *, on_screen: int) -> Fleet:
    """How many SIMs there are, and how many are of interest now."""
    query = sa.select(
        sa.func.count(),
        sa.func.count().filter(sims.c.changed_at > _moment(now - MOVED_FOR)),
        sa.func.count().filter(LOW),
        sa.func.count().filter(sims.c.iccid.in_(under_way(organization_id))),
    ).where(sims.c.organization_id == organization_id, LISTED)
    found = (await connection.execute(query)).one()
    return Fleet(sims=found[0], on_screen=min(on_screen, found[0]), moved=found[1], low=found[2], under_way=found[3])


async def asked(connection: AsyncConnection, organization_id: int, now: datetime) -> dict[Kind, Asked]:
    """How far each kind of question about single SIMs has come: one look at what 1NCE last answered for each."""
    kinds = [kind for kind in Kind if kind is not Kind.INVENTORY]
    columns: list[sa.ColumnElement[Any]] = []
    for kind in kinds:
        at, silent = checks.c[f"{kind}_at"], checks.c[f"{kind}_at"].is_(None)
        begun = turns.c[f"{kind}_at"] > sa.text(f"timestamptz '{NEVER}'")
        columns += [
            sa.func.count().filter(at > _moment(now - timedelta(hours=1))),
            sa.func.count().filter(at > _moment(now - LATELY)),
            sa.func.count().filter(silent, sa.not_(begun)),
            sa.func.count().filter(silent, begun),
            sa.func.min(at),
        ]
    source = sims.join(turns, _same(turns)).outerjoin(checks, _same(checks))
    query = sa.select(*columns).select_from(source).where(sims.c.organization_id == organization_id, LISTED)
    row = tuple((await connection.execute(query)).one())
    names = Asked.__struct_fields__
    return {kind: Asked(**dict(zip(names, row[len(names) * n :], strict=False))) for n, kind in enumerate(kinds)}


def _same(table: sa.Table) -> "sa.ColumnElement[bool]":
    return sa.and_(table.c.organization_id == sims.c.organization_id, table.c.iccid == sims.c.iccid)


def _moment(time: datetime) -> "sa.ColumnElement[datetime]":
    return sa.literal(time, sa.DateTime(timezone=True))
