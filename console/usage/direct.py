"""A SIM's usage by hour or day, as a prepared statement."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from console.sims.tables import sim_states
from console.store.direct_reads import DirectReads, Question
from console.usage.reads import SUMS, Step, UsageBucket


async def of_sim(
    direct: DirectReads, organization_id: int, iccid: str, *, by: Step, since: datetime, until: datetime
) -> list[UsageBucket] | None:
    """The steps, the oldest first; those without usage are left out. None if there is no such SIM."""
    rows = await direct.rows(OF_SIM[by], organization_id=organization_id, iccid=iccid, since=since, until=until)
    if not rows:
        return None
    return [UsageBucket(time=at, data_bytes=data, derived_bytes=part, sms=sms) for at, data, part, sms in rows if at]


def _of_sim(by: Step) -> "sa.Select[Any]":
    c, u = sim_states.c, SUMS[by].c
    its = sa.and_(u.organization_id == c.organization_id, u.iccid == c.iccid)
    within = sa.and_(u.bucket >= _moment("since"), u.bucket < _moment("until"))
    query = sa.select(u.bucket, u.data_bytes, u.derived_bytes, u.sms).select_from(
        sim_states.outerjoin(SUMS[by], sa.and_(its, within))
    )
    organization = sa.bindparam("organization_id", type_=sa.Integer)
    return query.where(c.organization_id == organization, c.iccid == sa.bindparam("iccid", type_=sa.Text)).order_by(
        u.bucket
    )


def _moment(name: str) -> "sa.BindParameter[datetime]":
    return sa.bindparam(name, type_=sa.DateTime(timezone=True))


def _by_hour() -> "sa.Select[Any]":
    return _of_sim("hour")


def _by_day() -> "sa.Select[Any]":
    return _of_sim("day")


OF_SIM: dict[Step, Question] = {"hour": Question(_by_hour), "day": Question(_by_day)}
