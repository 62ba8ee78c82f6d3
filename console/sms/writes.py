"""Changes of messages: each counts once, whatever its source and however often it comes; its new state is published.

And of the templates of their texts.
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from msgspec import structs
from sqlalchemy.dialects.postgresql import insert

from console.errors import Conflict, NotFound
from console.facts.sms import Sms, SmsChanged
from console.sims.watching_reads import unwatched_among
from console.sms import reads
from console.sms.rules import changed
from console.sms.tables import sms, sms_templates
from console.sms.templates import SmsTemplate, checked_name, checked_text
from console.store.bulk import Row, upsert_changed
from console.store.database import Transaction
from console.store.locks import AdvisoryLock, transaction_lock

KEY = ("organization_id", "iccid", "direction", "id")
COMPARE = tuple(name for name in Sms.__struct_fields__ if name not in KEY)


async def record_messages(
    transaction: Transaction, organization_id: int, messages: Sequence[Sms], now: datetime
) -> list[Sms]:
    """Record messages as a source reported them. Returns those that are new or have changed, as they are now."""
    if not messages:
        return []
    connection = transaction.connection
    await connection.execute(transaction_lock(AdvisoryLock.SMS, organization_id))
    known = await reads.known(connection, organization_id, messages)
    found = sorted(changed(known, messages), key=lambda one: (one.time, one.id))
    rows: list[Row] = [{"organization_id": organization_id, **structs.asdict(one)} for one in found]
    await upsert_changed(connection, sms, rows, key=KEY, compare=COMPARE)
    unwatched = await unwatched_among(connection, organization_id, {one.iccid for one in found})
    for one in found:
        if one.iccid not in unwatched:
            transaction.publish(organization_id, SmsChanged(time=now, subject=one.iccid, data=one))
    return found


async def put_template(
    transaction: Transaction,
    organization_id: int,
    name: str,
    text: str,
    by: str,
    now: datetime,
    number: int | None = None,
) -> SmsTemplate:
    """Make a template, or change the one with this number.

    Raises Invalid for a name or text that can't be, Conflict for a name that another has, NotFound.
    """
    t, wanted = sms_templates.c, checked_name(name)
    values = {"name": wanted, "text": checked_text(text), "changed_by": by, "changed_at": now}
    mine = sa.and_(t.organization_id == organization_id, t.name == wanted, t.id != (number or 0))
    await transaction.connection.execute(transaction_lock(AdvisoryLock.SMS, organization_id))
    if (await transaction.connection.execute(sa.select(t.id).where(mine))).first() is not None:
        raise Conflict("Another template has this name", name=wanted)
    if number is None:
        statement = insert(sms_templates).values(organization_id=organization_id, **values)
        row = (await transaction.connection.execute(statement.returning(*reads.TEMPLATE))).one()
    else:
        which = sa.and_(t.organization_id == organization_id, t.id == number)
        changing = sa.update(sms_templates).where(which).values(values).returning(*reads.TEMPLATE)
        found = (await transaction.connection.execute(changing)).first()
        if found is None:
            raise NotFound("There is no such template", template=number)
        row = found
    return reads.template_of(row)


async def remove_template(transaction: Transaction, organization_id: int, number: int) -> SmsTemplate:
    """Remove a template; it as it was. Raises NotFound. What was sent by it stays."""
    t = sms_templates.c
    which = sa.and_(t.organization_id == organization_id, t.id == number)
    statement = sa.delete(sms_templates).where(which).returning(*reads.TEMPLATE)
    row = (await transaction.connection.execute(statement)).first()
    if row is None:
        raise NotFound("There is no such template", template=number)
    return reads.template_of(row)


async def delete_messages(transaction: Transaction, before: datetime) -> int:
    """Drop messages from before; how many."""
    return (await transaction.connection.execute(sa.delete(sms).where(sms.c.time < before))).rowcount
