"""What silences and maintenance windows match by its name is renamed with it."""

from datetime import datetime

import sqlalchemy as sa
from msgspec import convert, structs, to_builtins

from console.facts.silences import HidingKind
from console.silences.rules import MOST_VALUES, Label, Matcher
from console.silences.tables import maintenance_windows, silences
from console.store.database import Transaction


async def rename_rule(
    transaction: Transaction, organization_id: int, old: str, new: str, now: datetime, *, keeps: bool
) -> list[str]:
    """Let what silences and windows match as the rule `old` be `new`; which they are: `silence:4`.

    `keeps`: another rule is called `old`, which they go on to match. Ended silences stay as they were.
    """
    renamed: list[str] = []
    named = [{"label": Label.RULE.value, "values": [old]}]
    for kind, table, stands in (
        (HidingKind.SILENCE, silences, silences.c.ends_at > now),
        (HidingKind.WINDOW, maintenance_windows, maintenance_windows.c.removed_at.is_(None)),
    ):
        c = table.c
        mine = sa.and_(c.organization_id == organization_id, stands, c.matchers.contains(named))
        rows = (await transaction.connection.execute(sa.select(c.id, c.matchers).where(mine).with_for_update())).all()
        for row in sorted(rows, key=lambda one: int(one.id)):
            matchers = [_renamed(one, old, new, keeps=keeps) for one in convert(row.matchers, list[Matcher])]
            change = sa.update(table).where(c.organization_id == organization_id, c.id == row.id)
            await transaction.connection.execute(change.values(matchers=to_builtins(matchers)))
            renamed.append(f"{kind}:{row.id}")
    return renamed


def _renamed(matcher: Matcher, old: str, new: str, *, keeps: bool) -> Matcher:
    if matcher.label is not Label.RULE or old not in matcher.values:
        return matcher
    both = [old, new] if keeps and len(matcher.values) < MOST_VALUES else [new]
    values = dict.fromkeys(name for value in matcher.values for name in (both if value == old else [value]))
    return structs.replace(matcher, values=[*values])
