"""Rules by which the console tops SIMs up by itself, for programs."""

from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import HttpMethod, Router, get, post, put, route
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct, to_builtins
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import Act, acting
from console.actions import auto_top_ups, writes
from console.actions.auto_top_ups import AutoTopUp, AutoTopUpSetting
from console.errors import NotAllowed, NotFound
from console.http.fields import FieldNames, selected
from console.organizations.rules import Caller, Permission
from console.store.database import Database, Transaction

By = NamedDependency[Caller]
Db = NamedDependency[Database]
WRITES = {"permission": Permission.BUDGETS_WRITE}


class AutoTopUps(Struct, frozen=True, kw_only=True):
    """The rules of your organization."""

    items: Annotated[list[AutoTopUp], Meta(description="That for all SIMs first, then by tag.")]


@get("/auto-top-ups", operation_id="listAutoTopUps", summary="List the rules of automatic top-ups")
async def list_rules(caller: By, reading: NamedDependency[AsyncConnection], fields: FieldNames = "") -> AutoTopUps:
    """Each with the SIMs that are below its bound now, whether it is on or not."""
    found = await auto_top_ups.listed(reading, caller.organization_id, datetime.now(UTC))
    return AutoTopUps(items=selected(AutoTopUp, found, fields))


@post("/auto-top-ups", operation_id="addAutoTopUp", summary="Add a rule of automatic top-ups", opt=WRITES)
async def add_rule(caller: By, db: Db, data: JSONBody[AutoTopUpSetting]) -> AutoTopUp:
    """Off unless `on`, which costs money by and by: it needs `sims:spend` and `own_is_off`. 409: they have a rule."""
    async with db.transaction() as transaction, acting(transaction, caller, "auto_top_up.change") as act:
        return await keep(transaction, act, caller, None, data)


@put(
    "/auto-top-ups/{auto_top_up_id:int}",
    operation_id="putAutoTopUp",
    summary="Change a rule of automatic top-ups",
    opt=WRITES,
)
async def put_rule(caller: By, db: Db, auto_top_up_id: FromPath[int], data: JSONBody[AutoTopUpSetting]) -> AutoTopUp:
    """The whole of it. From then on it acts as you may, and within your budgets."""
    number = str(auto_top_up_id)
    async with db.transaction() as transaction, acting(transaction, caller, "auto_top_up.change", number) as act:
        return await keep(transaction, act, caller, auto_top_up_id, data)


@route(
    "/auto-top-ups/{auto_top_up_id:int}",
    http_method=HttpMethod.DELETE,
    operation_id="removeAutoTopUp",
    summary="Remove a rule",
    status_code=204,
    opt=WRITES,
)
async def remove_rule(caller: By, db: Db, auto_top_up_id: FromPath[int]) -> None:
    """What it has asked for goes on."""
    number = str(auto_top_up_id)
    async with db.transaction() as transaction, acting(transaction, caller, "auto_top_up.change", number) as act:
        await remove(transaction, act, caller, auto_top_up_id)


async def keep(
    transaction: Transaction, act: Act, caller: Caller, rule_id: int | None, data: AutoTopUpSetting
) -> AutoTopUp:
    """Keep the rule. Raises NotAllowed for one that is to be on by who may not spend, and as `put_auto_top_up` does."""
    if data.on and not caller.may(Permission.SIMS_SPEND):
        raise NotAllowed(f"This needs the permission {Permission.SIMS_SPEND} too")
    act.before = await _described(transaction, caller, rule_id)
    kept = await writes.put_auto_top_up(transaction, caller, rule_id, data, datetime.now(UTC))
    act.subject, act.after = str(kept), to_builtins(data)
    return await one(transaction.connection, caller.organization_id, kept)


async def remove(transaction: Transaction, act: Act, caller: Caller, rule_id: int) -> None:
    """Remove the rule. Raises NotFound."""
    act.before = await _described(transaction, caller, rule_id)
    await writes.remove_auto_top_up(transaction, caller.organization_id, rule_id)


async def one(connection: AsyncConnection, organization_id: int, rule_id: int) -> AutoTopUp:
    """A rule as it is now. Raises NotFound."""
    for rule in await auto_top_ups.listed(connection, organization_id, datetime.now(UTC)):
        if rule.id == rule_id:
            return rule
    raise NotFound("There is no such rule", rule=rule_id)


async def _described(transaction: Transaction, caller: Caller, rule_id: int | None) -> dict[str, Any] | None:
    if rule_id is None:
        return None
    for rule in await auto_top_ups.rules(transaction.connection, caller.organization_id):
        if rule.id == rule_id:
            described: dict[str, Any] = to_builtins(rule)
            return described
    raise NotFound("There is no such rule", rule=rule_id)


router = Router("/", route_handlers=[list_rules, add_rule, put_rule, remove_rule], tags=["Actions"])
