"""Whether there is anything to judge: asked every few seconds, and most often there is nothing."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alert_rules import reads as rule_reads
from console.alert_rules.kinds import KINDS, RuleKind
from console.alert_rules.ready_made import VERSION
from console.alert_rules.tables import alert_rules
from console.alerts.judging import conditions, reads
from console.alerts.tables import alert_judging, alert_subjects, unjudged_changes

FLEET_EVERY = timedelta(seconds=60)  # what time alone makes true, and what costs more to ask
MOMENTARY = [kind.value for kind, definition in KINDS.items() if definition.momentary]
r, s, u, j = alert_rules.c, alert_subjects.c, unjudged_changes.c, alert_judging.c


async def is_due(connection: AsyncConnection, organization_id: int, now: datetime) -> bool:
    """Whether judging the organization now could change anything."""
    judged = sa.exists().where(
        j.organization_id == organization_id, j.ready_made >= VERSION, j.fleet_judged_at > now - FLEET_EVERY
    )
    changed = sa.exists().where(u.organization_id == organization_id)
    mine = sa.and_(r.organization_id == organization_id, r.enabled, r.deleted_at.is_(None))
    revised = sa.exists().where(mine, r.judged_revision < r.revision)
    momentary = sa.select(r.id).where(mine, r.kind.in_(MOMENTARY))
    passing = sa.exists().where(s.organization_id == organization_id, s.rule_id.in_(momentary), s.open, s.holds)
    query = sa.select(sa.or_(~judged, changed, revised, passing))
    if (await connection.execute(query)).scalar_one():
        return True
    rules = await rule_reads.rules(connection, organization_id, enabled=True)
    stale = await reads.stale_feeds(connection, organization_id, now)
    if await reads.due(connection, organization_id, {rule.id: rule for rule in rules}, stale, now):
        return True
    for rule in rules:
        if KINDS[rule.kind].of_sims or rule.kind is RuleKind.SHARE_LEFT or rule.kind in conditions.SELDOM:
            continue
        found = await conditions.differing(connection, organization_id, rule, now)
        if found.new or found.ended:
            return True
    return False
