"""How many SIMs are silent against their own rhythm, by the alert rules that say so."""

from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alert_rules.kinds import RuleKind
from console.alert_rules.tables import alert_rules, sim_rhythms
from console.alerts.tables import alert_subjects

r, s = alert_rules.c, alert_subjects.c


class Silent(Struct, frozen=True, kw_only=True):
    """SIMs for which a rule of this kind holds now; how many of these rules are on, and one of them.

    `measured`: a SIM's rhythm is known; without any nobody can be silent against it.
    """

    sims: int
    rules: int
    rule_id: int | None
    measured: bool

    @property
    def number(self) -> int | None:
        """None where no rule looks for them, or no rhythm is known."""
        return self.sims if self.rules and (self.sims or self.measured) else None


async def silent(connection: AsyncConnection, organization_id: int) -> Silent:
    """By all rules that are on."""
    return Silent(**(await connection.execute(asked_silent(organization_id))).one()._mapping)


def asked_silent(organization_id: Any) -> "sa.Select[Any]":
    """The statement: one row, with the fields of Silent."""
    on = sa.select(r.id).where(
        r.organization_id == organization_id, r.kind == RuleKind.SILENT.value, r.enabled, r.deleted_at.is_(None)
    )
    rules = on.cte("rules")
    theirs = s.organization_id == organization_id, s.open, s.holds, s.rule_id.in_(sa.select(rules.c.id))
    held = sa.select(sa.func.count(s.subject.distinct())).where(*theirs)
    return sa.select(
        held.scalar_subquery().label("sims"),
        sa.select(sa.func.count()).select_from(rules).scalar_subquery().label("rules"),
        sa.select(sa.func.min(rules.c.id)).scalar_subquery().label("rule_id"),
        sa.exists().where(sim_rhythms.c.organization_id == organization_id).label("measured"),
    )
