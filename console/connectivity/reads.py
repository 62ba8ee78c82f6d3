"""Questions about the network's view of SIMs."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.connectivity.rules import Place
from console.connectivity.tables import fleet_samples, network_events, status_history
from console.facts.network import NetworkEvent
from console.sims.tables import sims
from console.store.keyset import Cursor, after, mark

EVENT_COLUMNS = tuple(network_events.c[name] for name in NetworkEvent.__struct_fields__)
EVENT_ORDER = ((network_events.c.time, True), (network_events.c.id, True))


class StatusAt(Struct, frozen=True, kw_only=True):
    """Where a SIM was on the network from this moment on."""

    iccid: str
    time: datetime
    connection: str | None
    operator: str | None
    country: str | None
    rat: str | None
    apn: str | None
    cell: str | None
    source: str


PLACE_COLUMNS = tuple(sims.c[name] for name in Place.__struct_fields__)


async def places(connection: AsyncConnection, organization_id: int, iccids: Sequence[str]) -> dict[str, Place]:
    """Where each of these SIMs is now; unknown ones are left out."""
    wanted = sa.literal(list(iccids), sa.ARRAY(sa.Text))
    query = sa.select(sims.c.iccid, *PLACE_COLUMNS).where(
        sims.c.organization_id == organization_id, sims.c.iccid == sa.func.any(wanted)
    )
    names = Place.__struct_fields__
    return {row[0]: Place(**dict(zip(names, row[1:], strict=True))) for row in await connection.execute(query)}


class FleetSample(Struct, frozen=True, kw_only=True):
    """How many SIMs were where in one minute."""

    time: datetime
    online: int
    attached: int
    offline: int
    blocked: int
    unknown: int


async def events(
    connection: AsyncConnection,
    organization_id: int,
    *,
    iccid: str | None = None,
    severities: Sequence[str] = (),
    limit: int = 50,
    cursor: Cursor | None = None,
) -> tuple[list[NetworkEvent], str | None]:
    """Network events, the newest first, and the cursor of the next page."""
    query = sa.select(*EVENT_COLUMNS).where(network_events.c.organization_id == organization_id)
    if iccid is not None:
        query = query.where(network_events.c.iccid == iccid)
    if severities:
        query = query.where(network_events.c.severity.in_(severities))
    if cursor is not None:
        query = query.where(after(EVENT_ORDER, cursor))
    query = query.order_by(network_events.c.time.desc(), network_events.c.id.desc()).limit(limit + 1)
    found = [NetworkEvent(**row._mapping) for row in (await connection.execute(query)).all()]
    more = mark(EVENT_ORDER, found[limit - 1]) if len(found) > limit else None
    return found[:limit], more


async def history(
    connection: AsyncConnection,
    organization_id: int,
    *,
    iccid: str | None,
    limit: int = 50,
    cursor: Cursor | None = None,
) -> tuple[list[StatusAt], str | None]:
    """Where a SIM, or every SIM, has been on the network, the newest first, and the cursor of the next page."""
    c = status_history.c
    order = ((c.time, True), (c.iccid, True))
    query = sa.select(*(c[name] for name in StatusAt.__struct_fields__)).where(c.organization_id == organization_id)
    if iccid is not None:
        query = query.where(c.iccid == iccid)
    if cursor is not None:
        query = query.where(after(order, cursor))
    query = query.order_by(c.time.desc(), c.iccid.desc()).limit(limit + 1)
    found = [StatusAt(**row._mapping) for row in (await connection.execute(query)).all()]
    more = mark(order, found[limit - 1]) if len(found) > limit else None
    return found[:limit], more


async def samples(connection: AsyncConnection, organization_id: int, since: datetime) -> list[FleetSample]:
    """The moving chart's samples, the oldest first."""
    c = fleet_samples.c
    query = (
        sa.select(*(c[name] for name in FleetSample.__struct_fields__))
        .where(c.organization_id == organization_id, c.time >= since)
        .order_by(c.time)
    )
    return [FleetSample(**row._mapping) for row in (await connection.execute(query)).all()]
