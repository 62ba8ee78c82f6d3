"""Questions about what is watched."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.sims.filters import texts
from console.sims.tables import fleet_counts, sims, unwatched, watch_requests
from console.sims.watching_rules import WatchRequest

MOST_SHOWN = 50
COLUMNS = tuple(watch_requests.c[name] for name in WatchRequest.__struct_fields__)


async def requests(connection: AsyncConnection, organization_id: int, *, limit: int = MOST_SHOWN) -> list[WatchRequest]:
    """The ICCIDs that were asked for and that 1NCE has not confirmed, the latest first."""
    query = requests_query(organization_id).limit(limit)
    return [WatchRequest(**row._mapping) for row in (await connection.execute(query)).all()]


def requests_query(organization_id: "int | sa.BindParameter[int]") -> "sa.Select[Any]":
    """The SELECT of `requests`, without its limit."""
    c = watch_requests.c
    query = sa.select(*COLUMNS).where(c.organization_id == organization_id)
    return query.order_by(c.requested_at.desc(), c.iccid)


async def request(connection: AsyncConnection, organization_id: int, iccid: str) -> WatchRequest | None:
    """The request to watch this ICCID, if 1NCE has not confirmed it."""
    c = watch_requests.c
    query = sa.select(*COLUMNS).where(c.organization_id == organization_id, c.iccid == iccid)
    row = (await connection.execute(query)).first()
    return WatchRequest(**row._mapping) if row else None


def known_sim(organization_id: int, iccid: str) -> "sa.Select[tuple[str]]":
    """The statement that finds the SIM's row, watched or not."""
    return sa.select(sims.c.iccid).where(sims.c.organization_id == organization_id, sims.c.iccid == iccid)


async def iccids_after(connection: AsyncConnection, organization_id: int, last: str, *, limit: int) -> list[str]:
    """The next SIMs by ICCID."""
    c = sims.c
    query = sa.select(c.iccid).where(c.organization_id == organization_id, c.iccid > last).order_by(c.iccid)
    return list((await connection.execute(query.limit(limit))).scalars())


async def number_of(connection: AsyncConnection, organization_id: int) -> int:
    """How many SIMs there are, watched or not, by the counts that the database keeps."""
    c = fleet_counts.c
    number = sa.select(sa.func.coalesce(sa.func.sum(c.sims), 0)).where(c.organization_id == organization_id)
    return int((await connection.execute(number)).scalar_one())


async def unwatched_among(connection: AsyncConnection, organization_id: int, iccids: Collection[str]) -> set[str]:
    """Those of these ICCIDs that are not watched: what happens to them is kept, and not published."""
    c = unwatched.c
    query = sa.select(c.iccid).where(c.organization_id == organization_id, c.iccid == sa.func.any(texts([*iccids])))
    return set((await connection.execute(query)).scalars()) if iccids else set()


async def inventory_keys(
    connection: AsyncConnection, organization_id: int, last: str, *, limit: int
) -> list[tuple[str, int]]:
    """The next ICCIDs with the number of complete walks that did not meet them."""
    c = sims.c
    query = sa.select(c.iccid, c.missing_walks).where(c.organization_id == organization_id, c.iccid > last)
    rows = await connection.execute(query.order_by(c.iccid).limit(limit))
    return [(row.iccid, row.missing_walks) for row in rows]
