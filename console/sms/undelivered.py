"""Messages to devices that have failed or expired."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.sms import Sms
from console.sims.tables import is_watched, sims
from console.sms.reads import COLUMNS, ORDER, Conversation
from console.sms.tables import sms

DAY = timedelta(days=1)
MOST = 200
NOT_ARRIVED = sa.text(
    "sms.direction = 'mt' AND sms.status IN ('failed', 'expired')"
)  # as the index sms_not_arrived_idx has it


class Undelivered(Struct, frozen=True, kw_only=True):
    """How many messages have failed or expired, and the latest MOST of them."""

    number: int
    messages: Sequence[Conversation]


async def undelivered(connection: AsyncConnection, organization_id: int, minute: datetime) -> Undelivered:
    """Those of the day that ends at `minute`, the newest first."""
    where = _lately(organization_id, minute - DAY, minute)
    same = sa.and_(sims.c.organization_id == sms.c.organization_id, sims.c.iccid == sms.c.iccid)
    query = sa.select(*COLUMNS, sims.c.label).select_from(sms.outerjoin(sims, same)).where(*where)
    rows = (await connection.execute(query.order_by(*(one.desc() for one, _ in ORDER)).limit(MOST))).all()
    names = Sms.__struct_fields__
    return Undelivered(
        number=await number(connection, organization_id, minute),
        messages=[
            Conversation(label=row.label, latest=Sms(**{name: getattr(row, name) for name in names})) for row in rows
        ],
    )


async def number(connection: AsyncConnection, organization_id: int, minute: datetime) -> int:
    """How many there are in the day that ends at `minute`."""
    found: int = (await connection.execute(asked_number(organization_id, minute))).scalar_one()
    return found


def _lately(organization_id: Any, since: Any, until: Any) -> "list[Any]":
    c = sms.c
    return [c.organization_id == organization_id, NOT_ARRIVED, c.time >= since, c.time < until, is_watched(sms)]


def asked_number(organization_id: Any, minute: Any) -> "sa.Select[Any]":
    """The statement: how many there are in the day that ends at `minute`."""
    where = _lately(organization_id, minute - DAY, minute)
    return sa.select(sa.func.count().label("number")).select_from(sms).where(*where)
