"""How many SIMs of each RAT, and of each tag, there are and were a while ago."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.connectivity.tables import group_samples
from console.facts.sims import Connection
from console.sims.counts_reads import Kind
from console.sims.tables import annotations, is_watched, sims

GroupKind = Literal["rat", "tag"]


class Group(Struct, frozen=True, kw_only=True):
    """So many SIMs have this in common. None: 1NCE has not said."""

    name: str | None
    sims: int
    online: int


def by_rat(found: Iterable[Kind]) -> Sequence[Group]:
    """Of SIMs counted by kind."""
    numbers: dict[str | None, list[int]] = {}
    for one in found:
        group = numbers.setdefault(one.rat, [0, 0])
        group[0] += one.sims
        group[1] += one.sims if one.connection == Connection.ONLINE else 0
    return [Group(name=name, sims=every, online=online) for name, (every, online) in numbers.items()]


async def by_tag(connection: AsyncConnection, organization_id: int) -> Sequence[Group]:
    """Every tag; a SIM with several is counted in each. Looks at each SIM that has one."""
    a, s = annotations.c, sims.c
    same = sa.and_(s.organization_id == a.organization_id, s.iccid == a.iccid)
    tagged = (
        sa.select(sa.func.unnest(a.tags).label("name"), s.connection)
        .select_from(annotations.join(sims, same))
        .where(a.organization_id == organization_id, sa.func.cardinality(a.tags) > 0, is_watched(annotations))
        .subquery("tagged")
    )
    number = sa.func.count()
    query = sa.select(
        tagged.c.name,
        number.label("sims"),
        number.filter(tagged.c.connection == Connection.ONLINE.value).label("online"),
    ).group_by(tagged.c.name)
    return [Group(**row._mapping) for row in (await connection.execute(query)).all()]


async def groups_at(
    connection: AsyncConnection, organization_id: int, kind: GroupKind, since: datetime, until: datetime
) -> Sequence[Group] | None:
    """The latest sample of all groups of a kind between these moments; None if there is none."""
    c = group_samples.c
    mine = sa.and_(c.organization_id == organization_id, c.kind == kind)
    latest = sa.select(sa.func.max(c.time)).where(mine, c.time >= since, c.time <= until).scalar_subquery()
    rows = await connection.execute(sa.select(c.name, c.sims, c.online).where(mine, c.time == latest))
    return [Group(name=row.name or None, sims=row.sims, online=row.online) for row in rows] or None
