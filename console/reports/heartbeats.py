"""The heartbeat to an address outside, which is missed there once nobody judges alerts any more."""

from datetime import datetime, timedelta
from typing import Annotated

import sqlalchemy as sa
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alerts.tables import alert_judging
from console.organizations.sealing import unseal
from console.reports.tables import outgoing_heartbeats

JUDGED_WITHIN = timedelta(minutes=3)  # alert rules that time alone makes true are judged each minute
EVERY = timedelta(seconds=50)  # less than the minute of its job: two workers send one
h, j = outgoing_heartbeats.c, alert_judging.c


class OutgoingHeartbeat(Struct, frozen=True, kw_only=True):
    """Where a heartbeat is posted each minute while alerts are judged."""

    url_shown: Annotated[
        str | None,
        Meta(description="Scheme and host: the rest is secret; null: nowhere."),
    ]
    set_by: Annotated[str | None, Meta(description="Who has set it.", examples=["ada"])] = None
    set_at: Annotated[datetime | None, Meta(description="When.", examples=["2026-11-20T10:00:00Z"])] = None
    tried_at: Annotated[
        datetime | None, Meta(description="When it was last posted.", examples=["2026-11-20T10:05:00Z"])
    ] = None
    taken_at: Annotated[
        datetime | None, Meta(description="When the receiver last took it.", examples=["2026-11-20T10:05:00Z"])
    ] = None
    message: Annotated[
        str | None, Meta(description="Why the last one was not taken; null: it was.", examples=["No connection"])
    ] = None


class HeartbeatSetting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the heartbeat is to go."""

    url: Annotated[
        str,
        Meta(description="A public https address.", examples=["https://[::1]/ping/7c0ffee"], max_length=2_000),
    ]


async def heartbeat_of(connection: AsyncConnection, organization_id: int) -> OutgoingHeartbeat:
    """As it is set."""
    names = OutgoingHeartbeat.__struct_fields__
    query = sa.select(*(h[name] for name in names)).where(h.organization_id == organization_id)
    row = (await connection.execute(query)).first()
    return OutgoingHeartbeat(url_shown=None) if row is None else OutgoingHeartbeat(**row._mapping)


async def heartbeat_due(connection: AsyncConnection, organization_id: int, now: datetime) -> bool:
    """Whether one is to be posted now: an address is set, and alerts were judged within three minutes."""
    judged = sa.exists().where(j.organization_id == organization_id, j.fleet_judged_at > now - JUDGED_WITHIN)
    waited = sa.or_(h.tried_at.is_(None), h.tried_at <= now - EVERY)
    query = sa.select(sa.exists().where(h.organization_id == organization_id, waited, judged))
    return bool((await connection.execute(query)).scalar_one())


async def heartbeat_url(connection: AsyncConnection, secret_key: str, organization_id: int) -> str | None:
    """Where it goes, in the clear, for the worker. May raise SealBroken."""
    query = sa.select(h.url_sealed).where(h.organization_id == organization_id)
    sealed = (await connection.execute(query)).scalar()
    return None if sealed is None else unseal(secret_key, sealed)
