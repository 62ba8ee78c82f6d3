"""Questions about messages."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.sms import SMS_OPEN, Sms
from console.sims.tables import is_watched, sims
from console.sms.tables import sms, sms_templates
from console.sms.templates import SmsTemplate
from console.sms.variables import variables
from console.store.counting import Total, count_rows
from console.store.keyset import Cursor, after, mark

COLUMNS = tuple(sms.c[name] for name in Sms.__struct_fields__)
ORDER = ((sms.c.time, True), (sms.c.direction, True), (sms.c.id, True))
LATEST = ((sms.c.time, True), (sms.c.iccid, True))


def _of_sim(organization_id: int, iccid: str) -> "sa.Select[*tuple[Any, ...]]":
    return sa.select(*COLUMNS).where(sms.c.organization_id == organization_id, sms.c.iccid == iccid)


async def count(connection: AsyncConnection, organization_id: int, iccid: str, *, exact: bool) -> Total:
    """How many messages of a SIM there are."""
    return await count_rows(connection, _of_sim(organization_id, iccid), exact=exact)


async def of_sim(
    connection: AsyncConnection,
    organization_id: int,
    iccid: str,
    *,
    limit: int = 50,
    offset: int = 0,
    cursor: Cursor | None = None,
) -> tuple[list[Sms], str | None]:
    """A SIM's messages both ways, the newest first, and the cursor of the next page."""
    query = _of_sim(organization_id, iccid)
    if cursor is not None:
        query = query.where(after(ORDER, cursor))
    query = query.order_by(*(column.desc() for column, _ in ORDER)).limit(limit + 1).offset(offset)
    found = [Sms(**row._mapping) for row in (await connection.execute(query)).all()]
    return found[:limit], mark(ORDER, found[limit - 1]) if len(found) > limit else None


async def known(connection: AsyncConnection, organization_id: int, messages: Sequence[Sms]) -> list[Sms]:
    """These messages as far as they are known, under either of their ids."""
    ids = _texts({one for message in messages for one in (message.id, message.other_id) if one is not None})
    query = sa.select(*COLUMNS).where(
        sms.c.organization_id == organization_id,
        sms.c.iccid == sa.func.any(_texts({message.iccid for message in messages})),
        sa.or_(sms.c.id == sa.func.any(ids), sms.c.other_id == sa.func.any(ids)),
    )
    return [Sms(**row._mapping) for row in (await connection.execute(query)).all()]


def _texts(values: Iterable[str]) -> "sa.BindParameter[Any]":
    return sa.bindparam(None, sorted(values), type_=sa.ARRAY(sa.Text))


async def sims_of(connection: AsyncConnection, organization_id: int, ids: Sequence[str]) -> dict[str, str]:
    """To which SIM the messages to devices with these ids went; ids that no single SIM has are left out."""
    query = (
        sa.select(sms.c.id, sa.func.min(sms.c.iccid).label("iccid"))
        .where(sms.c.organization_id == organization_id, sms.c.direction == "mt", sms.c.id == sa.func.any(_texts(ids)))
        .group_by(sms.c.id)
        .having(sa.func.count() == 1)
    )
    return {row.id: row.iccid for row in await connection.execute(query)}


class Conversation(Struct, frozen=True, kw_only=True):
    """A SIM that messages went to or came from, with the latest of them."""

    label: str | None
    latest: Sms


async def conversations(
    connection: AsyncConnection, organization_id: int, *, limit: int, cursor: Cursor | None = None
) -> tuple[list[Conversation], str | None]:
    """The SIMs with the latest messages first, and the cursor of the next page.

    The index is walked from the latest message on; of each message is looked up whether its SIM has a later one.
    """
    newer = sms.alias("newer").c
    same = sa.and_(newer.organization_id == sms.c.organization_id, newer.iccid == sms.c.iccid)
    place, later = (sms.c.time, sms.c.direction, sms.c.id), (newer.time, newer.direction, newer.id)
    query = (
        sa.select(*COLUMNS, sims.c.label)
        .select_from(sms)
        .outerjoin(sims, sa.and_(sims.c.organization_id == sms.c.organization_id, sims.c.iccid == sms.c.iccid))
        .where(sms.c.organization_id == organization_id, is_watched(sms))
        .where(~sa.exists().where(same, sa.tuple_(*later) > sa.tuple_(*place)))
    )
    if cursor is not None:
        query = query.where(after(LATEST, cursor))
    query = query.order_by(*(column.desc() for column, _ in LATEST)).limit(limit + 1)
    rows = (await connection.execute(query)).all()
    found = [
        Conversation(label=row.label, latest=Sms(**{name: getattr(row, name) for name in Sms.__struct_fields__}))
        for row in rows[:limit]
    ]
    return found, mark(LATEST, found[-1].latest) if len(rows) > limit else None


def under_way(organization_id: int) -> "sa.Select[tuple[str]]":
    """The ICCIDs of SIMs with a message to them that has not arrived, nor failed, yet."""
    states: list[sa.ColumnElement[str]] = [
        sa.literal_column(f"'{status}'") for status in sorted(SMS_OPEN, reverse=True)
    ]  # as the index has them
    return sa.select(sms.c.iccid).where(
        sms.c.organization_id == organization_id, sms.c.direction == "mt", sms.c.status.in_(states)
    )


TEMPLATE = tuple(sms_templates.c[name] for name in ("id", "name", "text", "changed_by", "changed_at"))


def template_of(row: "sa.Row[Any]") -> SmsTemplate:
    """The template in a row of TEMPLATE."""
    return SmsTemplate(**row._mapping, variables=variables(row.text))


async def templates(connection: AsyncConnection, organization_id: int) -> list[SmsTemplate]:
    """The organization's templates by their names."""
    t = sms_templates.c
    query = sa.select(*TEMPLATE).where(t.organization_id == organization_id).order_by(sa.func.lower(t.name), t.id)
    return [template_of(row) for row in (await connection.execute(query)).all()]


async def template(connection: AsyncConnection, organization_id: int, number: int) -> SmsTemplate | None:
    """The template with this number, or None."""
    t = sms_templates.c
    query = sa.select(*TEMPLATE).where(t.organization_id == organization_id, t.id == number)
    row = (await connection.execute(query)).first()
    return template_of(row) if row else None
