"""Who is on call, for programs: read, set, overridden for a day; and what each priority does."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import HttpMethod, Router, get, put, route
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.http.fields import FieldNames, one_selected
from console.notifications import on_call_commands as commands
from console.notifications import on_call_reads as reads
from console.notifications.on_call import PrioritySetting, Rota
from console.notifications.on_call_reads import OnCall
from console.organizations.rules import Caller, Permission
from console.store.database import Database

By = NamedDependency[Caller]
Db = NamedDependency[Database]
CHANGES = {"permission": Permission.ALERTS_WRITE}
ACTS = {"permission": Permission.ALERTS_ACT}


class Priorities(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What each priority does, all four of them."""

    items: Annotated[list[PrioritySetting], Meta(description="P1 to P4, each once.", max_length=4)]


class NewRota(Rota, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In which order people are on call, as somebody wants it."""

    rota_revision: Annotated[
        int | UnsetType,
        Meta(description="The order's `rota_revision` as you read it; 412 if it was set since.", examples=[4]),
    ] = UNSET


class StandIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is on call for a day in place of the usual person."""

    name: Annotated[str, Meta(description="Somebody of the order.", examples=["otto"], max_length=100)]


@get("/on-call", operation_id="getOnCall", summary="Who is on call")
async def get_on_call(caller: By, reading: NamedDependency[AsyncConnection], fields: FieldNames = "") -> OnCall:
    """Now, in the next 28 days, and who follows while nobody acknowledges."""
    return one_selected(await reads.on_call_now(reading, caller.organization_id, datetime.now(UTC)), fields)


@put("/on-call/rota", operation_id="putOnCallRota", summary="Say who is on call, in which order", opt=CHANGES)
async def put_rota(caller: By, db: Db, data: JSONBody[NewRota]) -> OnCall:
    """From now on. Alerts that are being sent to one after the other go on in the new order. With `rota_revision` it is
    412 if somebody has set the order meanwhile.
    """
    rota = Rota(**{name: getattr(data, name) for name in Rota.__struct_fields__})
    expected = None if data.rota_revision is UNSET else data.rota_revision
    async with db.transaction() as transaction, acting(transaction, caller, "on_call.change_rota") as act:
        await commands.change_rota(transaction, act, caller, rota, expected=expected)
        return await reads.on_call_now(transaction.connection, caller.organization_id, datetime.now(UTC))


@put(
    "/on-call/priorities",
    operation_id="putAlertPriorities",
    summary="Say what each priority of alerts does",
    opt=CHANGES,
)
async def put_priorities(caller: By, db: Db, data: JSONBody[Priorities]) -> OnCall:
    """From now on, for alerts that fire and those that are being sent to one after the other."""
    async with db.transaction() as transaction, acting(transaction, caller, "on_call.change_priorities") as act:
        await commands.change_priorities(transaction, act, caller, data.items)
        return await reads.on_call_now(transaction.connection, caller.organization_id, datetime.now(UTC))


@put(
    "/on-call/overrides/{shift_day:str}",
    operation_id="putOnCallOverride",
    summary="Put somebody on call for a day",
    opt=ACTS,
)
async def put_override(caller: By, db: Db, shift_day: FromPath[str], data: JSONBody[StandIn]) -> OnCall:
    """From that day's hour of handing over to the next day's; the usual person follows."""
    async with db.transaction() as transaction, acting(transaction, caller, "on_call.override", shift_day) as act:
        await commands.override(transaction, act, caller, commands.day_of(shift_day), data.name)
        return await reads.on_call_now(transaction.connection, caller.organization_id, datetime.now(UTC))


@route(
    "/on-call/overrides/{shift_day:str}",
    http_method=HttpMethod.DELETE,
    status_code=204,
    operation_id="removeOnCallOverride",
    summary="Put the usual person on call for a day",
    opt=ACTS,
)
async def remove_override(caller: By, db: Db, shift_day: FromPath[str]) -> None:
    """Where nobody stands in nothing changes."""
    async with db.transaction() as transaction, acting(transaction, caller, "on_call.override", shift_day) as act:
        await commands.override(transaction, act, caller, commands.day_of(shift_day), None)


router = Router(
    "/",
    route_handlers=[get_on_call, put_rota, put_priorities, put_override, remove_override],
    tags=["Notifications"],
    opt={"permission": Permission.ALERTS_READ},
)
