"""Alert rules for programs: read, made, changed, deleted, and tried before that."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import HttpMethod, Router, get, post, put, route
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.alert_rules import commands, reads, trying, writes
from console.alert_rules.reads import AlertRule
from console.alert_rules.trying import Tried
from console.alert_rules.writes import NewAlertRule, checked
from console.errors import NotFound
from console.http.fields import FieldNames, one_selected, selected
from console.organizations.rules import Caller, Permission
from console.store.database import Database

By = NamedDependency[Caller]
Db = NamedDependency[Database]
Reading = NamedDependency[AsyncConnection]
LARGEST = 2**31 - 1


class AlertRules(Struct, frozen=True, kw_only=True):
    """The alert rules of your organization."""

    items: Annotated[list[AlertRule], Meta(description="The oldest first; at most 200.")]


class AlertRuleChanges(NewAlertRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a rule becomes."""

    revision: Annotated[
        int | UnsetType,
        Meta(description="The rule's `revision` as you read it; 412 if somebody has changed it since.", examples=[1]),
    ] = UNSET


def number_of(text: str) -> int:
    """The id of a rule in a path. Raises NotFound for what can't be one."""
    if len(text) > 10 or not (text.isascii() and text.isdigit() and 0 < int(text) <= LARGEST):
        raise NotFound("There is no such alert rule", rule=text[:40])
    return int(text)


@get("/", operation_id="listAlertRules", summary="List the alert rules")
async def list_rules(caller: By, reading: Reading, fields: FieldNames = "") -> AlertRules:
    """Ready-made ones and your own."""
    return AlertRules(items=selected(AlertRule, await reads.rules(reading, caller.organization_id), fields))


@get("/{rule_id:str}", operation_id="getAlertRule", summary="One alert rule")
async def get_rule(caller: By, reading: Reading, rule_id: FromPath[str], fields: FieldNames = "") -> AlertRule:
    """404 for one of another organization, or that was deleted."""
    found = await reads.one(reading, caller.organization_id, number_of(rule_id))
    if found is None:
        raise NotFound("There is no such alert rule", rule=rule_id)
    return one_selected(found, fields)


@post("/try", operation_id="tryAlertRule", summary="When a rule would have fired in the last 7 days", status_code=200)
async def try_rule(caller: By, db: Db, data: JSONBody[NewAlertRule]) -> Tried:
    """Nothing is kept. Not every kind can be tried: of some, no history is kept."""
    wanted = checked(data)
    async with db.reading() as connection:
        await reads.check_filter(connection, caller.organization_id, wanted.filter)
        return await trying.tried(connection, caller.organization_id, wanted, datetime.now(UTC))


@post("/", operation_id="addAlertRule", summary="Make an alert rule")
async def add_rule(caller: By, db: Db, data: JSONBody[NewAlertRule]) -> AlertRule:
    """Every SIM is judged by it within seconds."""
    return await added(db, caller, data)


@put("/{rule_id:str}", operation_id="changeAlertRule", summary="Change an alert rule")
async def change_rule(
    caller: By,
    db: Db,
    rule_id: FromPath[str],
    data: JSONBody[AlertRuleChanges],
    if_match: Annotated[str | None, HeaderParameter(name="If-Match", max_length=400)] = None,
) -> AlertRule:
    """Every SIM is judged anew; alerts and their acknowledgements stay where it still holds. With `If-Match` (the ETag
    of the rule) or with `revision`, 412 if it was changed meanwhile.
    """
    expected = None if data.revision is UNSET else data.revision
    return await changed(db, caller, rule_id, data, expected=expected, if_match=if_match)


@route(
    "/{rule_id:str}",
    http_method=HttpMethod.DELETE,
    operation_id="deleteAlertRule",
    summary="Delete an alert rule",
    status_code=204,
)
async def delete_rule(caller: By, db: Db, rule_id: FromPath[str]) -> None:
    """Its open alerts are resolved within seconds; resolved ones stay."""
    await deleted(db, caller, rule_id)


async def added(db: Database, caller: Caller, wanted: NewAlertRule) -> AlertRule:
    """Make a rule, with its audit line."""
    async with db.transaction() as transaction, acting(transaction, caller, "alert_rule.add") as act:
        rule = await writes.add(transaction, caller, wanted, datetime.now(UTC))
        act.subject, act.after = str(rule.id), {"name": rule.name, "text": rule.text}
    return rule


async def changed(
    db: Database,
    caller: Caller,
    rule_id: str,
    wanted: NewAlertRule,
    *,
    expected: int | None = None,
    if_match: str | None = None,
) -> AlertRule:
    """Change a rule, with its audit line. Raises Changed if it is not as `expected` and `if_match` say."""
    async with db.transaction() as transaction, acting(transaction, caller, "alert_rule.change", rule_id) as act:
        number = number_of(rule_id)
        now = datetime.now(UTC)
        return await commands.change(
            transaction, act, caller, number, wanted, now, expected=expected, if_match=if_match
        )


async def deleted(db: Database, caller: Caller, rule_id: str) -> None:
    """Delete a rule, with its audit line."""
    async with db.transaction() as transaction, acting(transaction, caller, "alert_rule.delete", rule_id) as act:
        number = number_of(rule_id)
        before = await reads.one(transaction.connection, caller.organization_id, number)
        act.before = {"name": before.name, "text": before.text} if before else None
        await writes.withdraw(transaction, caller, number, datetime.now(UTC))


ruling = Router(
    "/", route_handlers=[try_rule, add_rule, change_rule, delete_rule], opt={"permission": Permission.ALERTS_WRITE}
)
router = Router(
    "/alert-rules",
    route_handlers=[list_rules, get_rule, ruling],
    tags=["Alerts"],
    opt={"permission": Permission.ALERTS_READ},
)
