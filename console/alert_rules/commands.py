"""What people do about alert rules; and what the audit line says of it."""

from datetime import datetime

import sqlalchemy as sa
from msgspec.json import encode as encode_json

from console.acting import Act
from console.alert_rules import reads, writes
from console.alert_rules.reads import AlertRule
from console.alert_rules.writes import NewAlertRule
from console.errors import Changed
from console.http.etag import etag_of, matches
from console.organizations.rules import Caller
from console.silences.renaming_writes import rename_rule
from console.store.database import Transaction
from console.store.locks import AdvisoryLock, transaction_lock


async def change(
    transaction: Transaction,
    act: Act,
    caller: Caller,
    rule_id: int,
    wanted: NewAlertRule,
    now: datetime,
    *,
    expected: int | None = None,
    if_match: str | None = None,
) -> AlertRule:
    """Put this in the place of a rule; what silences it stays in force if it is renamed.

    Raises NotFound, Invalid, and Changed if the rule is not as `expected`, its revision, and `if_match` say.
    """
    before = await reads.one(transaction.connection, caller.organization_id, rule_id, lock=True)
    act.before = {"name": before.name, "text": before.text, "enabled": before.enabled} if before else None
    if before and if_match is not None and not matches(if_match, etag_of(encode_json(before))):
        raise Changed("The rule has changed since you read it: read it again", revision=before.revision)
    rule = await writes.change(transaction, caller, rule_id, wanted, now, expected=expected)
    act.after = {"name": rule.name, "text": rule.text, "enabled": rule.enabled}
    if before and before.name != rule.name and (renamed := await _renamed(transaction, caller, before.name, rule, now)):
        act.after["renamed_in"] = renamed
    return rule


async def _renamed(transaction: Transaction, caller: Caller, old: str, rule: AlertRule, now: datetime) -> list[str]:
    """The silences and windows that go by the new name; none where it is another rule's too, which they would hide.

    One after the other: several that take the same name at once would not see each other.
    """
    c = reads.c
    await transaction.connection.execute(transaction_lock(AdvisoryLock.RULE_NAMES, caller.organization_id))
    others = sa.select(c.name).where(
        c.organization_id == caller.organization_id, c.deleted_at.is_(None), c.id != rule.id
    )
    names = {*(await transaction.connection.execute(others)).scalars()}
    if rule.name in names:
        return []
    return await rename_rule(transaction, caller.organization_id, old, rule.name, now, keeps=old in names)
