"""What to try first about an alert, where that is done, and how often it helped in this fleet."""

from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode

import sqlalchemy as sa
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions.tables import actions
from console.alert_rules.kinds import RuleKind
from console.alert_rules.tables import alert_rules
from console.alerts.tables import alert_subjects
from console.facts.actions import ActionKind, ActionState
from console.facts.alerts import Alert

COUNTED = timedelta(days=90)
WITHIN = timedelta(hours=1)  # after the action was sent its SIM's condition has ended
FEWEST = 5  # of fewer nothing is said
a, r, s = actions.c, alert_rules.c, alert_subjects.c


class Advice(Struct, frozen=True):
    """What to try first: in words, as an action of a SIM, else on a page."""

    text: str
    action: ActionKind | None = None
    page: str | None = None


TOP_UP = Advice("Top the SIM up, or find out what uses so much first.", ActionKind.TOP_UP)
RESET = Advice("Reset the SIM's connection.", ActionKind.RESET)
ADVICE: dict[RuleKind, Advice] = {
    **dict.fromkeys(
        (RuleKind.DATA_QUOTA_BELOW, RuleKind.SMS_QUOTA_BELOW, RuleKind.QUOTA_USED_UP, RuleKind.DATA_RUNS_OUT), TOP_UP
    ),
    **dict.fromkeys(
        (RuleKind.EXPIRES_SOON, RuleKind.EXPIRED), Advice("Top the SIM up: a new pack lasts anew.", ActionKind.TOP_UP)
    ),
    **dict.fromkeys(
        (RuleKind.NO_CONTACT, RuleKind.SILENT, RuleKind.NO_SESSION, RuleKind.SESSIONS_FLAPPING, RuleKind.SMS_FAILING),
        RESET,
    ),
    RuleKind.USAGE_SPIKE: Advice("Look at what the SIM used; disable it if nobody can say why.", ActionKind.STATUS),
    RuleKind.STATUS_CHANGED: Advice("Find out who changed it; enable or disable the SIM.", ActionKind.STATUS),
    RuleKind.IMEI_CHANGED: Advice(
        "Find out whether the device was replaced; disable the SIM if not.", ActionKind.STATUS
    ),
    RuleKind.COUNTRY_NOT_ALLOWED: Advice(
        "Find out where the device is; disable the SIM if it was stolen.", ActionKind.STATUS
    ),
    RuleKind.SHARE_LEFT: Advice(
        "Wait for the operator rather than reset many SIMs: look who is still there.", page="/sims"
    ),
    RuleKind.STREAMER_STALE: Advice(
        "See what the Data Streamer did last, and whether 1NCE says FAILED.", page="/carrier"
    ),
    RuleKind.POLLING_STALE: Advice("See whether jobs run and 1NCE answers.", page="/jobs"),
    RuleKind.CARRIER_FAILING: Advice("See what 1NCE answers, and whether its credentials hold.", page="/carrier"),
    RuleKind.JOB_FAILING: Advice("Read what the job says, and run it again.", page="/jobs"),
    RuleKind.RECONCILIATION_DIFFERS: Advice("See which SIMs differ, and by how much.", page="/carrier"),
    RuleKind.ACTION_UNKNOWN: Advice("Find out at 1NCE whether it was done, and say so.", page="/actions?state=unknown"),
    RuleKind.BUDGET_NEARLY_SPENT: Advice("See who spent it; raise the budget, or let it hold.", page="/budgets"),
    RuleKind.SECRET_DUE: Advice("Change the secret before it is old.", page="/notification-channels"),
}


class Hint(Struct, frozen=True, kw_only=True):
    """What to try first."""

    text: Annotated[str, Meta(description="In a sentence.", examples=["Reset the SIM's connection."])]
    link: Annotated[
        str, Meta(description="The page or form where it is done.", examples=["/sims/8988228066600000001#ask-reset"])
    ]
    action: Annotated[ActionKind | None, Meta(description="The action that does it; null: none.", examples=["reset"])]
    helped: Annotated[
        int | None,
        Meta(
            description="After how many of these actions the condition ended within an hour; null: fewer than five in"
            " 90 days, or nothing to count.",
            examples=[7],
        ),
    ]
    tried: Annotated[int | None, Meta(description="Of so many actions.", examples=[9])]


async def hint_of(connection: AsyncConnection, organization_id: int, alert: Alert, now: datetime) -> Hint:
    """What to try first about an alert, by its rule's kind."""
    advice = ADVICE[RuleKind(alert.kind)]
    helped = tried = None
    if advice.action is not None and advice.action is not ActionKind.STATUS:
        helped, tried = await _counted(connection, organization_id, alert.kind, advice.action, now)
    enough = tried is not None and tried >= FEWEST
    return Hint(
        text=advice.text,
        link=_link(alert, advice),
        action=advice.action,
        helped=helped if enough else None,
        tried=tried if enough else None,
    )


def _link(alert: Alert, advice: Advice) -> str:
    if alert.iccid is not None and advice.action is not None:
        return f"/sims/{alert.iccid}#ask-{advice.action}"
    if advice.page not in (None, "/sims"):
        return advice.page or "/"
    kind, _, tag = alert.key.partition(":")
    shared = {"tag": tag} if kind == "tag" else {"operator": alert.operator, "country": alert.country}
    known = {name: value for name, value in shared.items() if value}
    return f"/sims?{urlencode(known)}" if known else f"/alerts/{alert.id}#subjects-title"


async def _counted(
    connection: AsyncConnection, organization_id: int, kind: str, action: ActionKind, now: datetime
) -> tuple[int, int]:
    """How often the action was confirmed while a condition of this kind held for its SIM, and ended it soon."""
    held = sa.and_(
        s.organization_id == a.organization_id,
        s.subject == a.iccid,
        s.since <= a.sent_at,
        sa.or_(s.ended_at.is_(None), s.ended_at > a.sent_at),
    )
    same = sa.and_(r.organization_id == s.organization_id, r.id == s.rule_id, r.kind == kind)
    joined = sa.join(actions, alert_subjects, held).join(alert_rules, same)
    soon = sa.func.bool_or(sa.func.coalesce(s.ended_at <= a.sent_at + WITHIN, sa.false()))
    each = (
        sa.select(soon.label("soon"))
        .select_from(joined)
        .where(
            a.organization_id == organization_id,
            a.kind == action.value,
            a.state == ActionState.CONFIRMED.value,
            a.sent_at > now - COUNTED,
            a.sent_at <= now - WITHIN,
        )
        .group_by(a.id)
        .subquery()
    )
    query = sa.select(sa.func.count().filter(each.c.soon), sa.func.count()).select_from(each)
    helped, tried = (await connection.execute(query)).one()
    return int(helped), int(tried)
