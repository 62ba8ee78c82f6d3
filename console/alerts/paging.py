"""To whom of those on call an alert is sent next, and what is said there."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

import sqlalchemy as sa
from msgspec import Meta, Struct, to_builtins
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alerts.informing import said_of, tags_of
from console.alerts.outside import Outside
from console.alerts.tables import alert_history, alerts, escalations
from console.facts.alerts import Alert, AlertChange, AlertState, Severity
from console.notifications.on_call import OnCallPerson, next_person
from console.notifications.rules import Notification

a, e, h = alerts.c, escalations.c, alert_history.c


class Page(Struct, frozen=True, kw_only=True):
    """What is sent to one person."""

    person: OnCallPerson
    notification: Notification
    next_at: datetime | None  # when the next person gets it
    said: str  # for the history


class Escalation(Struct, frozen=True, kw_only=True):
    """Who got an alert, and when the next person does; None: nobody does."""

    sent_to: Annotated[
        list[str],
        Meta(description="Who got it, the first first, since it began to be sent.", examples=[["ada", "otto"]]),
    ]
    next_at: Annotated[
        datetime | None,
        Meta(description="When the next person gets it unless somebody acknowledges it; null: nobody else does."),
    ]


async def next_page(outside: Outside, alert: Alert, sent_to: Sequence[str]) -> Page | None:
    """Whom to send it to now, given who got it; None: its priority asks for nobody, or nobody is left."""
    found, now = await outside.on_call(), outside.now
    setting = found.setting(alert.priority)
    rounds = found.rota.rounds if found.rota else 0
    person = next_person(found.now, sent_to, rounds) if setting.pages else None
    if person is None:
        return None
    following, minutes = next_person(found.now, [*sent_to, person.name], rounds), setting.escalate_after_minutes
    wait = timedelta(minutes=minutes) if minutes is not None and following is not None else None
    after = f"{minutes} minute{'' if minutes == 1 else 's'}"
    then = f"{following.name} gets it after {after}" if wait is not None and following else "nobody else gets it"
    notification = Notification(
        type="alert.page",
        time=now,
        severity=Severity(alert.severity),
        title=alert.title,
        text=f"{said_of(alert)}. {person.name} is on call; while nobody acknowledges it, {then}.",
        subject=str(alert.id),
        path=f"/alerts/{alert.id}",
        tags=await tags_of(outside.connection, outside.organization_id, alert.id),
        data=to_builtins(alert),
    )
    return Page(
        person=person,
        notification=notification,
        next_at=None if wait is None else now + wait,
        said=f"{person.name}; {then}",
    )


async def due(connection: AsyncConnection, organization_id: int, now: datetime) -> list[int]:
    """The alerts that the next person is to get now: they fire, and nobody has acknowledged or hidden them."""
    joined = escalations.join(alerts, sa.and_(a.organization_id == e.organization_id, a.id == e.alert_id))
    query = sa.select(a.id).select_from(joined).where(e.organization_id == organization_id, e.next_at <= now)
    query = query.where(a.state == AlertState.FIRING.value, a.acknowledged_at.is_(None), a.hidden_by.is_(None))
    return list((await connection.execute(query.order_by(e.next_at, a.id))).scalars())


async def paged_since(connection: AsyncConnection, organization_id: int, alert_id: int, moment: datetime) -> bool:
    """Whether an alert was sent to somebody on call after this."""
    mine = sa.and_(h.organization_id == organization_id, h.alert_id == alert_id, h.change == AlertChange.PAGED.value)
    return bool((await connection.execute(sa.select(sa.exists().where(mine, h.at > moment)))).scalar_one())


async def escalation_of(connection: AsyncConnection, organization_id: int, alert_id: int) -> Escalation | None:
    """How far an alert has come; None: nobody on call got it."""
    query = sa.select(e.sent_to, e.next_at).where(e.organization_id == organization_id, e.alert_id == alert_id)
    row = (await connection.execute(query)).first()
    return None if row is None else Escalation(**row._mapping)
