"""Questions about the network's view of SIMs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.connectivity.rules import Place
from console.connectivity.tables import fleet_samples, network_events, operator_samples, status_history
from console.facts.network import NetworkEvent
from console.sims.tables import is_watched, sims
from console.store.keyset import Cursor, after, mark

EVENT_COLUMNS = tuple(network_events.c[name] for name in NetworkEvent.__struct_fields__)
EVENT_ORDER = ((network_events.c.time, True), (network_events.c.id, True))


class StatusChange(Struct, frozen=True, kw_only=True):
    """Where a SIM was on the network from this moment on."""

    iccid: Annotated[str, Meta(description="19 digits, without the check digit.", examples=["8988228066600000001"])]
    time: Annotated[datetime, Meta(description="From this moment on.", examples=["2026-11-20T08:00:00Z"])]
    connection: Annotated[
        str | None,
        Meta(
            description="`online`, `attached`, `offline`, `blocked`, or 1NCE's own word in lower case.",
            examples=["online"],
        ),
    ]
    operator: Annotated[str | None, Meta(description="The network that serves it.", examples=["Deutsche Telekom"])]
    country: Annotated[str | None, Meta(description="ISO 3166 alpha-2, upper case.", examples=["DE"])]
    rat: Annotated[str | None, Meta(description="The radio access technology: LTE, NB-IoT, 2G, …", examples=["LTE"])]
    apn: Annotated[str | None, Meta(description="The access point name.", examples=["iot.1nce.net"])]
    cell: Annotated[
        str | None, Meta(description="lac/ci or tac/eci, as the network names it.", examples=["5521/28417793"])
    ]
    source: Annotated[
        str,
        Meta(
            description="Where it came from: `poll` (Management API) or `streamer` (Data Streamer).",
            examples=["streamer"],
        ),
    ]


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
    exhausted: int | None = None  # SIMs whose quota is exhausted; None in samples from before it was counted

    @property
    def is_known(self) -> bool:
        """Whether 1NCE had said of most SIMs where they are: before, few online means that few were asked about."""
        return self.online + self.attached + self.offline + self.blocked > self.unknown


class OperatorSample(Struct, frozen=True, kw_only=True):
    """How many SIMs an operator served in one country in one minute."""

    operator: str | None
    country: str | None
    sims: int
    online: int


def _events(organization_id: int, iccid: str | None, severities: Sequence[str]) -> "sa.Select[*tuple[Any, ...]]":
    query = sa.select(*EVENT_COLUMNS).where(network_events.c.organization_id == organization_id)
    query = query.where(is_watched(network_events) if iccid is None else network_events.c.iccid == iccid)
    return query.where(network_events.c.severity.in_(severities)) if severities else query


async def events(
    connection: AsyncConnection,
    organization_id: int,
    *,
    iccid: str | None = None,
    severities: Sequence[str] = (),
    limit: int = 50,
    offset: int = 0,
    cursor: Cursor | None = None,
) -> tuple[list[NetworkEvent], str | None]:
    """Network events of one SIM, or of all watched ones, the newest first, and the cursor of the next page."""
    query = _events(organization_id, iccid, severities)
    if cursor is not None:
        query = query.where(after(EVENT_ORDER, cursor))
    query = query.order_by(network_events.c.time.desc(), network_events.c.id.desc()).limit(limit + 1).offset(offset)
    rows = (await connection.execute(query)).all()
    found = [NetworkEvent(**{**row._mapping, "id": str(row.id)}) for row in rows[:limit]]
    return found, mark(EVENT_ORDER, rows[limit - 1]) if len(rows) > limit else None


def _history(organization_id: int, iccid: str | None) -> "sa.Select[*tuple[Any, ...]]":
    c = status_history.c
    query = sa.select(*(c[name] for name in StatusChange.__struct_fields__)).where(c.organization_id == organization_id)
    return query.where(is_watched(status_history) if iccid is None else c.iccid == iccid)


async def history(
    connection: AsyncConnection,
    organization_id: int,
    *,
    iccid: str | None,
    limit: int = 50,
    offset: int = 0,
    cursor: Cursor | None = None,
) -> tuple[list[StatusChange], str | None]:
    """Where a SIM, or every SIM, has been on the network, the newest first, and the cursor of the next page."""
    c = status_history.c
    order = ((c.time, True), (c.iccid, True))
    query = _history(organization_id, iccid)
    if cursor is not None:
        query = query.where(after(order, cursor))
    query = query.order_by(c.time.desc(), c.iccid.desc()).limit(limit + 1).offset(offset)
    found = [StatusChange(**row._mapping) for row in (await connection.execute(query)).all()]
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


async def operators_at(
    connection: AsyncConnection, organization_id: int, since: datetime, until: datetime
) -> list[OperatorSample] | None:
    """The latest sample of all operators between these moments; None if there is none."""
    c = operator_samples.c
    mine = c.organization_id == organization_id
    latest = sa.select(sa.func.max(c.time)).where(mine, c.time >= since, c.time <= until).scalar_subquery()
    query = sa.select(c.operator, c.country, c.sims, c.online).where(mine, c.time == latest)
    rows = (await connection.execute(query)).all()
    return [
        OperatorSample(operator=row.operator or None, country=row.country or None, sims=row.sims, online=row.online)
        for row in rows
    ] or None
