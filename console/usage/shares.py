"""Usage of the fleet divided: by where SIMs are now, and by SIM compared with what each usually uses."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.sims.tables import annotations, is_watched, sims
from console.usage.ranges import used_in
from console.usage.reads import SUMS, Step
from console.usage.tables import usage_daily

USUAL_DAYS = 28  # before the range, of which a SIM's usual is the mean
LEAST_USUAL_DAYS = 7  # since its first use in them, or nothing is usual yet
PLACES = ("operator", "country", "rat", "tag")


class Share(Struct, frozen=True, kw_only=True):
    """What the SIMs of one place or tag used in one step; empty where 1NCE has not said it, or there is no tag."""

    time: datetime
    place: str
    data_bytes: int


class Ranked(Struct, frozen=True, kw_only=True):
    """A SIM's use of the range, and its usual in as long a time; None where there are too few days."""

    iccid: str
    label: str | None
    data_bytes: int
    usual_bytes: int | None

    @property
    def times(self) -> float | None:
        """How many times its usual."""
        return self.data_bytes / self.usual_bytes if self.usual_bytes else None


async def shares(
    connection: AsyncConnection, organization_id: int, *, place: str, by: Step, since: datetime, until: datetime
) -> Sequence[Share]:
    """The use of watched SIMs by step and by where each SIM is now, or by its first tag. Empty steps are left out."""
    u, s = SUMS[by].c, sims.c
    tagged = place == "tag"
    name = sa.func.coalesce(annotations.c.tags[1] if tagged else s[place], "").label("place")  # tags are kept sorted
    joined = SUMS[by].join(sims, sa.and_(s.organization_id == u.organization_id, s.iccid == u.iccid))
    if tagged:
        same = sa.and_(annotations.c.organization_id == s.organization_id, annotations.c.iccid == s.iccid)
        joined = joined.outerjoin(annotations, same)
    query = (
        sa.select(u.bucket.label("time"), name, sa.cast(sa.func.sum(u.data_bytes), sa.BigInteger).label("data_bytes"))
        .select_from(joined)
        .where(u.organization_id == organization_id, u.bucket >= since, u.bucket < until, is_watched(sims))
        .group_by(u.bucket, name)
        .order_by(u.bucket, name)
    )
    return [Share(**row._mapping) for row in (await connection.execute(query)).all()]


async def ranking(
    connection: AsyncConnection, organization_id: int, *, since: datetime, until: datetime, now: datetime, most: int
) -> Sequence[Ranked]:
    """The watched SIMs that used most in this range of whole hours, the most first."""
    rows = used_in(organization_id, since, until, now)
    u, d, s = rows.c, usage_daily.c, sims.c
    used = sa.cast(sa.func.sum(u.data_bytes), sa.BigInteger)
    first = (
        sa.select(u.iccid, used.label("data_bytes"))
        .where(u.organization_id == organization_id, is_watched(rows))
        .group_by(u.iccid)
        .having(used > 0)
        .order_by(used.desc(), u.iccid)
        .limit(most)
        .subquery("most")
    )
    day = since.replace(hour=0, minute=0, second=0, microsecond=0)
    before = (
        sa.select(sa.func.sum(d.data_bytes).label("data_bytes"), sa.func.min(d.bucket).label("first"))
        .where(d.organization_id == organization_id, d.iccid == first.c.iccid)
        .where(d.bucket >= day - timedelta(days=USUAL_DAYS), d.bucket < day)
        .lateral("before")
    )
    query = (
        sa.select(first.c.iccid, s.label, first.c.data_bytes, before.c.data_bytes.label("before"), before.c.first)
        .select_from(first.join(before, sa.true()).join(sims, s.iccid == first.c.iccid))
        .where(s.organization_id == organization_id)
        .order_by(first.c.data_bytes.desc(), first.c.iccid)
    )
    found = []
    for row in (await connection.execute(query)).all():
        days = (day - row.first).days if row.first else 0
        usual = int(row.before) * ((until - since) / timedelta(days=days)) if days >= LEAST_USUAL_DAYS else None
        found.append(
            Ranked(
                iccid=row.iccid,
                label=row.label,
                data_bytes=row.data_bytes,
                usual_bytes=None if usual is None else round(usual),
            )
        )
    return found
