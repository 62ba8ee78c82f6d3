"""In SQL, for which SIMs a rule may begin to hold or may have ended: `findings` decides, and this leaves none out."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from console.alert_rules.findings import ON_A_NETWORK
from console.alert_rules.kinds import RuleKind, RuleParameters
from console.alert_rules.tables import sim_rhythms
from console.alerts.tables import sessionless_sims
from console.quotas.tables import quota_forecasts, quotas
from console.sims.tables import checks, is_watched, sims

Condition = sa.ColumnElement[bool]
data, sms = quotas.alias("data"), quotas.alias("sms")
was_status = sa.literal_column("were.was_status", sa.ARRAY(sa.Text))  # what SIMs were before, as their changes say
was_imei = sa.literal_column("were.was_imei", sa.ARRAY(sa.Text))
# Given with each execution: a statement is built once for the rules that it asks.
NOW = sa.bindparam("now", type_=checks.c.status_at.type)
FLOWING_SINCE = sa.bindparam("flowing_since", type_=checks.c.status_at.type)


class Conditions(Struct, frozen=True):
    """Of a rule: for which SIMs it may hold, and for which it may have ended. Null is false."""

    holds: Condition
    ended: Condition


def known_until(*, flowing: bool) -> "sa.ColumnElement[datetime]":
    """Until when a contact of the SIM would be known, on `sims` and `checks`.

    `flowing`: the Data Streamer reports each contact at once, since FLOWING_SINCE.
    """
    if not flowing:
        return checks.c.status_at
    reported = sa.case((sims.c.last_seen_at >= FLOWING_SINCE, NOW))
    return sa.func.greatest(checks.c.status_at, reported, type_=checks.c.status_at.type)


def conditions_of(kind: RuleKind, parameters: RuleParameters, *, flowing: bool) -> Conditions:
    """The conditions of a rule that is asked of each SIM, on `sims`, `checks`, `data`, `sms` and `were`."""
    holds, ended = _conditions(kind, parameters, known_until(flowing=flowing))
    watched = is_watched(sims)
    return Conditions(sa.and_(watched, holds), sa.or_(~watched, ended))


def _conditions(
    kind: RuleKind, parameters: RuleParameters, known: "sa.ColumnElement[datetime]"
) -> tuple[Condition, Condition]:
    c, now = sims.c, NOW
    disabled = sa.func.coalesce(c.status == "disabled", sa.false())
    match kind:
        case RuleKind.DATA_QUOTA_BELOW:
            return _below(data, parameters.percent, parameters.left_bytes)
        case RuleKind.SMS_QUOTA_BELOW:
            return _below(sms, parameters.percent, parameters.left_messages)
        case RuleKind.QUOTA_USED_UP:
            return _used_up(data if parameters.service == "data" else sms)
        case RuleKind.DATA_RUNS_OUT:
            left, daily = sa.cast(data.c["left"], sa.Double), quota_forecasts.c.daily_bytes
            days = parameters.days or 0
            lasts = sa.or_(left <= 0, left >= daily * (days * 1.25))
            return sa.and_(left > 0, left < daily * days), lasts
        case RuleKind.EXPIRES_SOON:
            soon = data.c.expires_at <= now + timedelta(days=parameters.days or 0)
            return soon, ~soon
        case RuleKind.NO_CONTACT:
            due_at = c.last_seen_at + timedelta(hours=parameters.hours or 0)
            return sa.and_(~disabled, due_at < now, due_at < known), sa.or_(disabled, due_at >= now)
        case RuleKind.EXPIRED:
            over = data.c.expires_at <= now
            return sa.and_(~disabled, over), sa.or_(disabled, ~over)
        case RuleKind.SILENT:
            due_at = c.last_seen_at + _silent_after(parameters)
            return sa.and_(~disabled, due_at < now, due_at < known), sa.or_(disabled, due_at >= now)
        case RuleKind.NO_SESSION:
            attached = c.connection == "attached"
            long = sessionless_sims.c.since < now - timedelta(minutes=parameters.minutes or 0)
            return sa.and_(~disabled, attached, long), sa.or_(disabled, ~attached, ~long)
        case RuleKind.STATUS_CHANGED:
            another = c.status != sa.func.any(was_status)
            unknown = sa.and_(c.status.is_(None), sa.func.cardinality(was_status) > 0)
            return sa.or_(another, unknown), sa.true()
        case RuleKind.IMEI_CHANGED:
            return c.imei != sa.func.any(was_imei), sa.true()
        case RuleKind.COUNTRY_NOT_ALLOWED:
            here = c.connection.in_(sorted(ON_A_NETWORK))
            allowed = c.country.in_(parameters.countries or [])
            return sa.and_(here, ~allowed), sa.and_(here, allowed)
    raise AssertionError(f"rules of the kind {kind} are not asked of SIMs")


def _silent_after(parameters: RuleParameters) -> "sa.ColumnElement[timedelta]":
    """As `silent_after` of the findings. Null of a SIM without a rhythm."""
    r = sim_rhythms.c
    gaps = sa.func.greatest(r.usual_gap_seconds * (parameters.times or 0), r.longest_gap_seconds)
    known = sa.case((r.usual_gap_seconds.is_not(None), sa.func.greatest(gaps, (parameters.hours or 0) * 3600)))
    return sa.func.make_interval(0, 0, 0, 0, 0, 0, known, type_=sa.Interval)


def _below(quota: "sa.FromClause", percent: int | None, amount: int | None) -> tuple[Condition, Condition]:
    left, total = sa.cast(quota.c["left"], sa.Numeric), sa.cast(quota.c.total, sa.Numeric)  # what is large stays exact
    below: list[Any] = [] if amount is None else [left < amount]
    near: list[Any] = [] if amount is None else [left * 4 < amount * 5]
    if percent is not None:
        known = sa.func.coalesce(total != 0, sa.false())
        below.append(sa.and_(known, left * 100 < total * percent))
        near.append(sa.and_(known, left * 400 < total * percent * 5))
    judged = left.is_not(None) if amount is not None else sa.and_(left.is_not(None), total != 0)
    return sa.and_(judged, sa.or_(*below)), sa.and_(judged, ~sa.or_(*near))


def _used_up(quota: "sa.FromClause") -> tuple[Condition, Condition]:
    left, word = quota.c["left"], quota.c.status
    no_more = sa.or_(sa.func.coalesce(word.in_(["expired", "exhausted"]), sa.false()), left <= 0)
    return no_more, sa.and_(sa.or_(left.is_not(None), word.is_not(None)), ~sa.func.coalesce(no_more, sa.false()))
