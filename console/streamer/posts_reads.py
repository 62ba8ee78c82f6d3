"""Queries of the posts that wait to be taken in, and of what was set aside."""

from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.source import Source
from console.streamer.tables import streamer_posts, unknown_records

p, u = streamer_posts.c, unknown_records.c


class Waiting(Struct, frozen=True, kw_only=True):
    """The posts of one organization that are not taken in yet, and what could not be taken in."""

    posts: Annotated[int, Meta(description="How many posts wait to be taken in.", examples=[2])]
    oldest_at: Annotated[
        datetime | None, Meta(description="When the oldest of them came.", examples=["2026-11-20T09:59:59Z"])
    ]
    retried: Annotated[int, Meta(description="How many of them an attempt has failed for.", examples=[0])]
    posts_set_aside: Annotated[int, Meta(description="Posts that can't be read; kept for 90 days.", examples=[0])]
    records_set_aside: Annotated[
        int, Meta(description="Single records that can't be taken in; kept for 90 days.", examples=[3])
    ]


NOTHING = Waiting(posts=0, oldest_at=None, retried=0, posts_set_aside=0, records_set_aside=0)


async def waiting(connection: AsyncConnection, organization_id: int | None = None) -> dict[int, Waiting]:
    """By organization, of all or of one; those of which there is nothing are left out."""
    open_ = p.failure.is_(None)
    query = sa.select(
        p.organization_id,
        sa.func.count().filter(open_),
        sa.func.min(p.received_at).filter(open_),
        sa.func.count().filter(open_, p.last_error.is_not(None) | (p.attempts > 1)),
        sa.func.count().filter(sa.not_(open_)),
    ).group_by(p.organization_id)
    records = sa.select(u.organization_id, sa.func.count()).group_by(u.organization_id)
    if organization_id is not None:
        query = query.where(p.organization_id == organization_id)
        records = records.where(u.organization_id == organization_id)
    posts = {row[0]: row for row in await connection.execute(query)}
    aside = {row[0]: row[1] for row in await connection.execute(records)}
    return {
        number: Waiting(
            posts=posts[number][1] if number in posts else 0,
            oldest_at=posts[number][2] if number in posts else None,
            retried=posts[number][3] if number in posts else 0,
            posts_set_aside=posts[number][4] if number in posts else 0,
            records_set_aside=aside.get(number, 0),
        )
        for number in sorted({*posts, *aside})
    }


async def body(connection: AsyncConnection, organization_id: int, post_id: int) -> bytes:
    """What was posted."""
    query = sa.select(p.body).where(p.organization_id == organization_id, p.id == post_id)
    found: bytes = (await connection.execute(query)).scalar_one()
    return found


async def newest_waiting_at(connection: AsyncConnection, organization_id: int) -> datetime | None:
    """When the newest post of the Data Streamer came that is not taken in yet."""
    found: datetime | None = (await connection.execute(of_newest_waiting(organization_id))).scalar_one()
    return found


def of_newest_waiting(organization_id: "int | sa.BindParameter[int]") -> "sa.Select[Any]":
    """The SELECT of `newest_waiting_at`."""
    return sa.select(sa.func.max(p.received_at)).where(
        p.organization_id == organization_id, p.failure.is_(None), p.source == Source.STREAMER
    )


async def may_be_tried(connection: AsyncConnection, organization_id: int, now: datetime) -> bool:
    """Whether a post waits that nobody tries now."""
    free = sa.or_(p.claimed_until.is_(None), p.claimed_until <= sa.literal(now, p.claimed_until.type))
    query = sa.select(sa.exists().where(p.organization_id == organization_id, p.failure.is_(None), free))
    return bool((await connection.execute(query)).scalar_one())
