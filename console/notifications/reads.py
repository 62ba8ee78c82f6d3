"""Questions about notification channels."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from msgspec import Meta, Struct, convert
from sqlalchemy.ext.asyncio import AsyncConnection

from console.errors import NotFound
from console.facts.alerts import Severity
from console.notifications.rules import ChannelKind, Hours, Route
from console.notifications.tables import notification_channels
from console.organizations.rules import SECRET_LASTS
from console.organizations.sealing import unseal

n = notification_channels.c


class Channel(Struct, frozen=True, kw_only=True):
    """Where people or programs outside are informed of alerts."""

    id: Annotated[int, Meta(description="Its number.", examples=[3])]
    kind: Annotated[ChannelKind, Meta(description="How it is reached.", examples=["mail"])]
    name: Annotated[str, Meta(description="What it is called.", examples=["On-call"])]
    target_shown: Annotated[
        str,
        Meta(
            description="Where it leads: mail addresses, or of a webhook scheme and host, for the rest may be secret.",
            examples=["ada@example.com, otto@example.com"],
        ),
    ]
    least_severity: Annotated[Severity, Meta(description="It takes alerts that are at least so urgent.")]
    tags: Annotated[list[str], Meta(description="It takes alerts with one of these; none: all.", examples=[["pumps"]])]
    hours: Annotated[Hours | None, Meta(description="When it takes notifications; null: always.")]
    send_resolved: Annotated[
        bool, Meta(description="Whether it is also informed that an alert has resolved.", examples=[True])
    ]
    digest: Annotated[bool, Meta(description="Whether what has waited for its hours is sent as one.", examples=[False])]
    by_route: Annotated[
        bool,
        Meta(
            description="Whether it takes alerts by its route; else what names it: on-call pages, reports, tests.",
            examples=[True],
        ),
    ]
    enabled: Annotated[bool, Meta(description="Whether it takes notifications at all.", examples=[True])]
    disabled_reason: Annotated[str | None, Meta(description="Why it was disabled by the console.")]
    previous_secret_until: Annotated[
        datetime | None,
        Meta(
            description="Until then the secret before the last rotation signs too.", examples=["2026-11-21T10:00:00Z"]
        ),
    ]
    secret_due_at: Annotated[
        datetime | None,
        Meta(
            description="When a webhook's secret is 90 days old: rotate it by then; null: it has none.",
            examples=["2027-02-18T10:00:00Z"],
        ),
    ]
    created_by: Annotated[str, Meta(description="Who made it.", examples=["ada"])]
    created_at: Annotated[datetime, Meta(description="When.", examples=["2026-11-20T10:00:00Z"])]
    changed_at: Annotated[datetime, Meta(description="When it was last changed.", examples=["2026-11-20T10:00:00Z"])]


class Destination(Struct, frozen=True, kw_only=True):
    """Where a channel leads, for the worker: secrets in the clear."""

    kind: ChannelKind
    target: str
    keys: list[str]  # that sign, the newest first


DUE = (n.secret_set_at + SECRET_LASTS).label("secret_due_at")
COLUMNS = tuple(DUE if name == DUE.key else n[name] for name in Channel.__struct_fields__)


def _channel(row: Any) -> Channel:
    values: dict[str, Any] = dict(row._mapping)
    values["hours"] = None if row.hours is None else convert(row.hours, Hours)
    return Channel(**{**values, "kind": ChannelKind(row.kind), "least_severity": Severity(row.least_severity)})


async def channels_of(connection: AsyncConnection, organization_id: int) -> list[Channel]:
    """The channels of an organization, the oldest first; removed ones are left out."""
    mine = sa.select(*COLUMNS).where(n.organization_id == organization_id, n.removed_at.is_(None)).order_by(n.id)
    return [_channel(row) for row in (await connection.execute(mine)).all()]


async def channel(connection: AsyncConnection, organization_id: int, channel_id: int) -> Channel:
    """One channel. Raises NotFound."""
    mine = sa.select(*COLUMNS).where(n.organization_id == organization_id, n.id == channel_id)
    row = (await connection.execute(mine.where(n.removed_at.is_(None)))).first()
    if row is None:
        raise NotFound("There is no such channel", id=channel_id)
    return _channel(row)


async def routes(connection: AsyncConnection, organization_id: int, *, resolved: bool) -> list[Route]:
    """What each enabled channel takes that takes alerts by its route. `resolved`: of those that are informed of it."""
    query = sa.select(n.id, n.least_severity, n.tags, n.hours).where(n.organization_id == organization_id, n.enabled)
    query = query.where(n.send_resolved if resolved else n.by_route)
    return [
        Route(
            channel_id=row.id,
            least_severity=Severity(row.least_severity),
            tags=row.tags,
            hours=None if row.hours is None else convert(row.hours, Hours),
        )
        for row in (await connection.execute(query.order_by(n.id))).all()
    ]


async def destinations(
    connection: AsyncConnection, secret_key: str, organization_id: int, ids: list[int], now: datetime
) -> Mapping[int, Destination]:
    """Where these channels lead. May raise SealBroken."""
    sealed = (n.target_sealed, n.secret_sealed, n.previous_secret_sealed, n.previous_secret_until)
    query = sa.select(n.id, n.kind, *sealed).where(n.organization_id == organization_id, n.id.in_(ids))
    found = {}
    for row in (await connection.execute(query.where(n.target_sealed.is_not(None)))).all():
        keys = [unseal(secret_key, row.secret_sealed)]
        if row.previous_secret_until is not None and row.previous_secret_until > now:
            keys.append(unseal(secret_key, row.previous_secret_sealed))
        target = unseal(secret_key, row.target_sealed) or ""
        found[row.id] = Destination(kind=ChannelKind(row.kind), target=target, keys=[key for key in keys if key])
    return found
