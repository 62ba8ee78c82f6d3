"""What an organization has asked 1NCE's support, as 1NCE listed it last."""

from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from msgspec import Meta, Struct, convert
from sqlalchemy.ext.asyncio import AsyncConnection

from console.carrier.products import fields
from console.carrier.tables import tickets
from console.store.counting import Total, count_rows
from console.store.keyset import Cursor, after, mark


class Communication(Struct, frozen=True, kw_only=True):
    """Something that was written or said about a ticket."""

    at: Annotated[datetime | None, Meta(description="When.", examples=["2026-11-20T10:15:00Z"])]
    incoming: Annotated[bool | None, Meta(description="Whether it came to 1NCE.", examples=[False])]
    kind: Annotated[str | None, Meta(description="1NCE's word in lower case.", examples=["mail_out"])]
    originator: Annotated[str | None, Meta(description="Whose it is.", examples=["1NCE Support"])]
    text: Annotated[str | None, Meta(description="What was written.", examples=["We are looking into it."])]


class Ticket(Struct, frozen=True, kw_only=True):
    """A service request at 1NCE. Null is "1NCE has not said"."""

    id: Annotated[str, Meta(description="1NCE's number of the case.", examples=["13"])]
    status: Annotated[
        str | None,
        Meta(description="`open`, `in_progress`, `closed`, or 1NCE's own word in lower case.", examples=["open"]),
    ]
    subject: Annotated[str | None, Meta(description="What it is about.", examples=["No data since Monday"])]
    text: Annotated[str | None, Meta(description="What was asked.", examples=["The SIM attaches without data."])]
    opened_at: Annotated[datetime | None, Meta(description="When.", examples=["2026-11-20T10:00:05Z"])]
    solved_at: Annotated[datetime | None, Meta(description="When 1NCE solved it.")]
    communications: Annotated[list[Communication], Meta(description="What was written since, the oldest first.")]
    action: Annotated[
        int | None, Meta(description="The action that opened it; null: none is known.", examples=[4712])
    ] = None


c = tickets.c
COLUMNS = tuple(c[name] for name in Ticket.__struct_fields__ if name != "action")
ORDER = ((c.opened_at, True), (c.id, True))


async def page(
    connection: AsyncConnection, organization_id: int, *, limit: int = 50, offset: int = 0, cursor: Cursor | None = None
) -> tuple[list[Ticket], str | None]:
    """Tickets, the newest first, and the cursor of the next page."""
    query = sa.select(*COLUMNS).where(c.organization_id == organization_id)
    if cursor is not None:
        query = query.where(after(ORDER, cursor))
    query = query.order_by(c.opened_at.desc().nulls_last(), c.id.desc())
    rows = (await connection.execute(query.limit(limit + 1).offset(offset))).all()
    following = mark(ORDER, rows[limit - 1]) if len(rows) > limit else None
    return [convert(fields(row), Ticket) for row in rows[:limit]], following


async def count(connection: AsyncConnection, organization_id: int, *, exact: bool) -> Total:
    """How many tickets there are."""
    return await count_rows(connection, sa.select(c.id).where(c.organization_id == organization_id), exact=exact)
