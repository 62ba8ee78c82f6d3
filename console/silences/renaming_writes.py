"""What silences and maintenance windows match by its name is renamed with it."""

from datetime import datetime

import sqlalchemy as sa
from msgspec import convert, structs, to_builtins

from console.facts.silences import HidingKind, HidingState, SilenceChanged
from console.silences.rules import MOST_VALUES, Label, Matcher
from console.silences.tables import maintenance_windows, silences
from console.store.database import Transaction

STATE = ("text", "begins_at", "ends_at")


async def rename_rule(
    transaction: Transaction, organization_id: int, old: str, new: str, now: datetime, *, keeps: bool
) -> list[str]:
    """Let what silences and windows match as the rule `old` be `new`; which they are: `silence:4`. Published.

    `keeps`: another rule is called `old`, which they go on to match. Ended silences stay as they were.
    """
    renamed: list[str] = []
    named = [{"label": Label.RULE.value, "values": [old]}]
    s, w = silences.c, maintenance_windows.c
    for kind, table, stands, shown in (
        (HidingKind.SILENCE, silences, s.ends_at > now, (s.reason, s.begins_at, s.ends_at)),
        (HidingKind.WINDOW, maintenance_windows, w.removed_at.is_(None), (w.name, w.next_begins_at, w.next_ends_at)),
    ):
        c = table.c
        mine = sa.and_(c.organization_id == organization_id, stands, c.matchers.contains(named))
        state = (c.active, *(one.label(name) for one, name in zip(shown, STATE, strict=True)))
        query = sa.select(c.id, c.matchers, *state).where(mine).order_by(c.id).with_for_update()
        for row in (await transaction.connection.execute(query)).all():
            matchers = [_renamed(one, old, new, keeps=keeps) for one in convert(row.matchers, list[Matcher])]
            change = sa.update(table).where(c.organization_id == organization_id, c.id == row.id)
            await transaction.connection.execute(change.values(matchers=to_builtins(matchers)))
            renamed.append(f"{kind}:{row.id}")
            data = HidingState(
                kind=kind, id=row.id, text=row.text, active=row.active, begins_at=row.begins_at, ends_at=row.ends_at
            )
            transaction.publish(organization_id, SilenceChanged(time=now, subject=renamed[-1], data=data))
    return renamed


def _renamed(matcher: Matcher, old: str, new: str, *, keeps: bool) -> Matcher:
    if matcher.label is not Label.RULE or old not in matcher.values:
        return matcher
    both = [old, new] if keeps and len(matcher.values) < MOST_VALUES else [new]
    values = dict.fromkeys(name for value in matcher.values for name in (both if value == old else [value]))
    return structs.replace(matcher, values=[*values])
