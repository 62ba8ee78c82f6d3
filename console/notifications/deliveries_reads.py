"""Questions about deliveries: lists, one with its attempts, and what is kept waiting."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

import sqlalchemy as sa
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.notifications.deliveries_order_writes import comes_too_soon
from console.notifications.deliveries_rules import OPEN, AttemptOutcome, DeliveryState
from console.notifications.tables import deliveries, delivery_attempts, notification_channels
from console.store.counting import Total, count_rows
from console.store.keyset import Cursor, after, mark

d, a, n = deliveries.c, delivery_attempts.c, notification_channels.c
ORDER = [(d.id, True)]


class Delivery(Struct, frozen=True, kw_only=True):
    """A notification on its way to a channel."""

    id: Annotated[int, Meta(description="Its number.", examples=[812])]
    channel_id: Annotated[int, Meta(description="The channel that it goes to.", examples=[3])]
    message_id: Annotated[
        str,
        Meta(
            description="Sent as `webhook-id`, or within `Message-ID`: the same at each attempt.",
            examples=["msg_5f0c3b1a9d7e4c61a2b3c4d5e6f70819"],
        ),
    ]
    type: Annotated[str, Meta(description="What it says.", examples=["alert.firing"])]
    title: Annotated[str, Meta(description="In words.", examples=["1,204 SIMs offline"])]
    subject: Annotated[str | None, Meta(description="The alert that it is about.", examples=["4711"])]
    state: Annotated[
        DeliveryState,
        Meta(
            description="`failed` was given up after a day; `withdrawn`: its channel was removed or disabled; "
            "`digested`: it waited for its channel's hours, and is part of another delivery."
        ),
    ]
    requested_at: Annotated[datetime, Meta(description="When it was asked for.", examples=["2026-11-20T10:00:00Z"])]
    due_at: Annotated[datetime, Meta(description="When it is or was tried next.", examples=["2026-11-20T10:00:05Z"])]
    attempts: Annotated[int, Meta(description="Attempts since it was last asked for.", examples=[2])]
    may_repeat: Annotated[
        bool,
        Meta(
            description="Whether an attempt may have arrived of which the console does not know: those that follow say"
            " so in the header `Sim-Console-May-Repeat`.",
            examples=[False],
        ),
    ]
    ended_at: Annotated[datetime | None, Meta(description="When it ended.", examples=["2026-11-20T10:00:06Z"])]
    message: Annotated[
        str | None, Meta(description="What the last attempt ended with.", examples=["The receiver answered 503"])
    ]


class DeliveryAttempt(Struct, frozen=True, kw_only=True):
    """One attempt at a delivery."""

    began_at: Annotated[datetime, Meta(description="Just before the first byte.", examples=["2026-11-20T10:00:00Z"])]
    ended_at: Annotated[datetime | None, Meta(description="Null: under way.", examples=["2026-11-20T10:00:01Z"])]
    outcome: Annotated[
        AttemptOutcome | None,
        Meta(description="`in_doubt`: it may have arrived; the next has the same id. Null: under way."),
    ]
    status: Annotated[int | None, Meta(description="Of HTTP, or of SMTP.", examples=[503])]
    answer: Annotated[str | None, Meta(description="What was answered, or what went wrong.", examples=["Unavailable"])]
    may_repeat: Annotated[bool, Meta(description="Whether it was sent as a possible repetition.", examples=[False])]


class DeliveryLog(Struct, frozen=True, kw_only=True):
    """A delivery with its attempts."""

    delivery: Annotated[Delivery, Meta(description="The delivery.")]
    attempts: Annotated[list[DeliveryAttempt], Meta(description="The attempts, the latest first.")]


COLUMNS = (
    *(d[name] for name in Delivery.__struct_fields__ if name not in ("type", "title")),
    d.notification["type"].astext.label("type"),
    d.notification["title"].astext.label("title"),
)


def _delivery(row: Any) -> Delivery:
    return Delivery(**{**row._mapping, "state": DeliveryState(row.state)})


def _listed(
    organization_id: int, channel_id: int | None, states: Sequence[DeliveryState], subject: str | None
) -> "sa.Select[Any]":
    query = sa.select(*COLUMNS).where(d.organization_id == organization_id)
    if channel_id is not None:
        query = query.where(d.channel_id == channel_id)
    if subject is not None:
        query = query.where(d.subject == subject)
    return query.where(d.state.in_(states)) if states else query


async def page(
    connection: AsyncConnection,
    organization_id: int,
    *,
    channel_id: int | None = None,
    states: Sequence[DeliveryState] = (),
    subject: str | None = None,
    limit: int,
    offset: int = 0,
    cursor: Cursor | None = None,
) -> tuple[list[Delivery], str | None]:
    """Deliveries, the latest first, and the cursor of the next page."""
    query = _listed(organization_id, channel_id, states, subject)
    if cursor is not None:
        query = query.where(after(ORDER, cursor))
    rows = (await connection.execute(query.order_by(d.id.desc()).limit(limit + 1).offset(offset))).all()
    return [_delivery(row) for row in rows[:limit]], mark(ORDER, rows[limit - 1]) if len(rows) > limit else None


async def changed_lately(connection: AsyncConnection, organization_id: int, *, limit: int) -> list[Delivery]:
    """The deliveries that are under way, then those that ended last."""
    query = sa.select(*COLUMNS).where(d.organization_id == organization_id)
    under_way = query.where(d.state.in_([*OPEN])).order_by(d.due_at).limit(limit)
    ended = query.where(d.ended_at.is_not(None)).order_by(d.ended_at.desc()).limit(limit)
    rows = [row for one in (under_way, ended) for row in (await connection.execute(one)).all()]
    return [_delivery(row) for row in rows[:limit]]


async def count(
    connection: AsyncConnection,
    organization_id: int,
    *,
    channel_id: int | None,
    states: Sequence[DeliveryState],
    subject: str | None,
    exact: bool,
) -> Total:
    """How many there are."""
    return await count_rows(connection, _listed(organization_id, channel_id, states, subject), exact=exact)


async def log_of(connection: AsyncConnection, organization_id: int, delivery_id: int) -> DeliveryLog | None:
    """A delivery with its attempts; None if it is none of this organization."""
    query = sa.select(*COLUMNS).where(d.organization_id == organization_id, d.id == delivery_id)
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    tried = sa.select(*(a[name] for name in DeliveryAttempt.__struct_fields__)).where(
        a.organization_id == organization_id, a.delivery_id == delivery_id
    )
    attempts = [
        DeliveryAttempt(**{**one._mapping, "outcome": AttemptOutcome(one.outcome) if one.outcome else None})
        for one in (await connection.execute(tried.order_by(a.claim.desc()))).all()
    ]
    return DeliveryLog(delivery=_delivery(row), attempts=attempts)


async def channels_sent(connection: AsyncConnection, organization_id: int, key: str) -> frozenset[int]:
    """The channels that a notification was asked for, by its key, or by that of a page of it."""
    pages = d.deduplication_key.startswith(f"{key}:page:", autoescape=True)
    which = sa.or_(d.deduplication_key == key, pages)
    query = sa.select(d.channel_id).where(d.organization_id == organization_id, which)
    return frozenset((await connection.execute(query)).scalars())


async def work_waits(connection: AsyncConnection, organization_id: int, now: datetime) -> bool:
    """Whether one is due, was lost on its way, or goes to a channel that is disabled."""
    off = sa.select(n.id).where(n.organization_id == organization_id, ~n.enabled)
    may_go = sa.and_(d.due_at <= now, ~comes_too_soon())
    due = sa.and_(d.state == DeliveryState.WAITING, sa.or_(may_go, d.channel_id.in_(off)))
    lost = sa.and_(d.state == DeliveryState.SENDING, d.claimed_until < now)
    query = sa.select(sa.exists().where(d.organization_id == organization_id, sa.or_(due, lost)))
    return bool((await connection.execute(query)).scalar_one())


class Waiting(Struct, frozen=True, kw_only=True):
    """What an organization's deliveries are kept waiting by."""

    overdue_since: datetime | None  # the oldest one that is due
    failed: int  # that were given up within a day


async def waiting(connection: AsyncConnection, organization_id: int, now: datetime) -> Waiting:
    """How long the oldest delivery that is due has waited, and how many were given up within a day."""
    mine = d.organization_id == organization_id
    oldest = sa.select(sa.func.min(d.due_at)).where(mine, d.state.in_([*OPEN]), d.due_at <= now)
    failed = sa.select(sa.func.count()).where(
        mine, d.state == DeliveryState.FAILED, d.ended_at > now - timedelta(days=1)
    )
    since = (await connection.execute(oldest)).scalar_one()
    return Waiting(overdue_since=since, failed=int((await connection.execute(failed)).scalar_one()))
