"""Changes of SIMs that are to be judged, and what is kept of them: who has left, and who has no session."""

from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.dialects.postgresql import distinct_on, insert

from console.alert_rules.findings import ON_A_NETWORK
from console.alerts.judging.candidates import given_changes
from console.alerts.tables import departures, sessionless_sims, unjudged_changes
from console.sims.tables import is_watched, sims
from console.store.database import Transaction

d, u, c = departures.c, unjudged_changes.c, sessionless_sims.c
DEPARTURES_KEPT = timedelta(days=7)
ORGANIZATION = sa.bindparam("of_organization", type_=u.organization_id.type)
CHANGED = unjudged_changes.join(sims, sa.and_(sims.c.organization_id == ORGANIZATION, sims.c.iccid == u.iccid))


class Changes(Struct, frozen=True, kw_only=True):
    """Changes of SIMs that are to be judged."""

    ids: str  # as PostgreSQL writes an array: thousands go to and fro, and nobody here reads them
    number: int
    sims: int


async def changes(transaction: Transaction, organization_id: int, *, limit: int) -> Changes:
    """The oldest changes that are not judged."""
    oldest = sa.select(u.id, u.iccid).where(u.organization_id == organization_id).order_by(u.id).limit(limit).subquery()
    written = sa.func.coalesce(sa.cast(sa.func.array_agg(oldest.c.id), sa.Text), "{}")
    query = sa.select(written, sa.func.count(), sa.func.count(sa.distinct(oldest.c.iccid)))
    ids, number, in_all = (await transaction.connection.execute(query)).one()
    return Changes(ids=ids, number=number, sims=in_all)


async def end_changes(transaction: Transaction, organization_id: int, changes: str, now: datetime) -> None:
    """These changes are judged: what follows from them is kept, and they are gone with the commit."""
    values = {"of_organization": organization_id, "changes": changes, "kept_from": now - DEPARTURES_KEPT}
    for statement in _ending():
        await transaction.connection.execute(statement, values)


def _mine() -> "sa.ColumnElement[bool]":
    return sa.and_(u.organization_id == ORGANIZATION, u.id.in_(given_changes()))


def _back() -> "sa.Delete":
    """Forget who is on a network again. Whoever was disabled has not been lost."""
    returned = sa.select(u.iccid).select_from(CHANGED).where(_mine(), _is_back())
    forgotten = sa.or_(d.iccid.in_(returned), d.left_at < sa.bindparam("kept_from", type_=d.left_at.type))
    return sa.delete(departures).where(d.organization_id == ORGANIZATION, forgotten)


def _is_back() -> "sa.ColumnElement[bool]":
    here = sa.func.coalesce(sims.c.connection.in_(sorted(ON_A_NETWORK)), sa.false())
    return sa.or_(here, sa.func.coalesce(sims.c.status == "disabled", sa.false()), ~is_watched(sims))


def _left() -> "sa.Insert":
    """Keep who was on a network and is on none."""
    left = sa.select(
        ORGANIZATION,
        u.iccid,
        sa.func.coalesce(sa.func.nullif(u.was_operator, ""), sims.c.operator, ""),
        sa.func.coalesce(sa.func.nullif(u.was_country, ""), sims.c.country, ""),
        u.changed_at,
    )
    left = left.select_from(CHANGED).where(_mine(), ~_is_back(), u.was_connection.in_(sorted(ON_A_NETWORK)))
    left = left.ext(distinct_on(u.iccid)).order_by(u.iccid, u.id.desc())
    names = ("iccid", "operator", "country", "left_at")
    statement = insert(departures).from_select(["organization_id", *names], left)
    latest = {name: statement.excluded[name] for name in names[1:]}
    return statement.on_conflict_do_update(index_elements=["organization_id", "iccid"], set_=latest)


def _another() -> "sa.ColumnElement[bool]":
    return u.was_connection.is_distinct_from("attached")


def _attached() -> "sa.ColumnElement[bool]":
    return sa.func.coalesce(sims.c.connection == "attached", sa.false())


def _sessions() -> "sa.Delete":
    """Whoever was anything else than registered in between begins anew."""
    anew = sa.select(u.iccid).select_from(CHANGED).where(_mine(), sa.or_(~_attached(), _another()))
    ended = c.iccid == sa.func.any(sa.func.array(anew.scalar_subquery()))  # by key, whatever the statistics say
    return sa.delete(sessionless_sims).where(c.organization_id == ORGANIZATION, ended)


def _sessionless() -> "sa.Insert":
    """Keep since when SIMs are registered without a session."""
    since = sa.func.coalesce(sa.func.max(u.changed_at).filter(_another()), sa.func.min(u.changed_at))
    new = sa.select(ORGANIZATION, u.iccid, since).select_from(CHANGED).where(_mine(), _attached()).group_by(u.iccid)
    statement = insert(sessionless_sims).from_select(["organization_id", "iccid", "since"], new)
    return statement.on_conflict_do_nothing()


@cache
def _ending() -> "tuple[sa.Executable, ...]":
    """What is done with changes that are judged, in this order: built once, for that costs more than sending it."""
    return _back(), _left(), _sessions(), _sessionless(), sa.delete(unjudged_changes).where(_mine())
