"""Silences and maintenance windows for programs."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import HttpMethod, Router, get, post, put, route
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct, structs, to_builtins
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.facts.masking import written
from console.http.fields import FieldNames, one_selected, selected
from console.organizations.rules import Caller, Permission
from console.silences import reads, writes
from console.silences.bodies import NewSilence, WindowSetting
from console.silences.reads import MaintenanceWindow, Silence
from console.store.database import Database

By = NamedDependency[Caller]
Db = NamedDependency[Database]
Reading = NamedDependency[AsyncConnection]
ACTS = {"permission": Permission.ALERTS_ACT}
CHANGES = {"permission": Permission.ALERTS_WRITE}


class Silences(Struct, frozen=True, kw_only=True):
    """The silences of your organization."""

    items: Annotated[list[Silence], Meta(description="Those that have not ended, or ended within 30 days.")]


class MaintenanceWindows(Struct, frozen=True, kw_only=True):
    """The maintenance windows of your organization."""

    items: Annotated[list[MaintenanceWindow], Meta(description="The windows, the oldest first.")]


@get("/silences", operation_id="listSilences", summary="List the silences, what ends last first")
async def list_silences(caller: By, reading: Reading, fields: FieldNames = "") -> Silences:
    """Alerts that they match are judged and listed, and sent to nobody."""
    found = await reads.silences_of(reading, caller.organization_id, datetime.now(UTC))
    return Silences(items=selected(Silence, [_shown(one) for one in found], fields))


def _shown(silence: Silence) -> Silence:
    """The silence as whoever asks may see it."""
    return structs.replace(silence, reason=written(silence.reason))


@post("/silences", operation_id="makeSilence", summary="Silence alerts", status_code=201, opt=ACTS)
async def make_silence(caller: By, db: Db, data: JSONBody[NewSilence]) -> Silence:
    """For 24 hours at most; with `alerts:write` for 90 days. It begins at once unless it says when."""
    number, now = caller.organization_id, datetime.now(UTC)
    async with db.transaction() as transaction, acting(transaction, caller, "silence.add") as act:
        act.after = to_builtins(data)
        made = await writes.add_silence(
            transaction, number, data, caller.name, now, long=caller.may(Permission.ALERTS_WRITE)
        )
        act.subject = str(made)
        return await reads.silence(transaction.connection, number, made)


@get("/silences/{silence_id:int}", operation_id="getSilence", summary="A silence")
async def get_silence(caller: By, reading: Reading, silence_id: FromPath[int], fields: FieldNames = "") -> Silence:
    """As it is, also when it has ended."""
    return one_selected(_shown(await reads.silence(reading, caller.organization_id, silence_id)), fields)


@route(
    "/silences/{silence_id:int}",
    http_method=HttpMethod.DELETE,
    status_code=204,
    operation_id="endSilence",
    summary="End a silence",
    opt=ACTS,
)
async def end_silence(caller: By, db: Db, silence_id: FromPath[int]) -> None:
    """What it has hidden and still fires is sent at once. 409 if it has ended."""
    async with db.transaction() as transaction, acting(transaction, caller, "silence.end", str(silence_id)):
        await writes.end_silence(transaction, caller.organization_id, silence_id, caller.name, datetime.now(UTC))


@get("/maintenance-windows", operation_id="listMaintenanceWindows", summary="List the maintenance windows")
async def list_windows(caller: By, reading: Reading, fields: FieldNames = "") -> MaintenanceWindows:
    """Each with the time that it is open, or opens next."""
    found = await reads.windows_of(reading, caller.organization_id)
    return MaintenanceWindows(items=selected(MaintenanceWindow, found, fields))


@post(
    "/maintenance-windows",
    operation_id="makeMaintenanceWindow",
    summary="Make a maintenance window",
    status_code=201,
    opt=CHANGES,
)
async def make_window(caller: By, db: Db, data: JSONBody[WindowSetting]) -> MaintenanceWindow:
    """It keeps its local time when the clock changes; each time it is open equally long."""
    number, now = caller.organization_id, datetime.now(UTC)
    async with db.transaction() as transaction, acting(transaction, caller, "window.add", data.name) as act:
        act.after = to_builtins(data)
        made = await writes.add_window(transaction, number, data, caller.name, now)
        return await reads.window(transaction.connection, number, made)


@get("/maintenance-windows/{window_id:int}", operation_id="getMaintenanceWindow", summary="A maintenance window")
async def get_window(
    caller: By, reading: Reading, window_id: FromPath[int], fields: FieldNames = ""
) -> MaintenanceWindow:
    """As it is set."""
    return one_selected(await reads.window(reading, caller.organization_id, window_id), fields)


@put(
    "/maintenance-windows/{window_id:int}",
    operation_id="putMaintenanceWindow",
    summary="Change a maintenance window",
    opt=CHANGES,
)
async def put_window(caller: By, db: Db, window_id: FromPath[int], data: JSONBody[WindowSetting]) -> MaintenanceWindow:
    """From now on it opens as it is set; open or not, it begins anew."""
    number = caller.organization_id
    async with db.transaction() as transaction, acting(transaction, caller, "window.change", str(window_id)) as act:
        act.before = to_builtins(await reads.window(transaction.connection, number, window_id))
        await writes.change_window(transaction, number, window_id, data, datetime.now(UTC))
        act.after = to_builtins(data)
        return await reads.window(transaction.connection, number, window_id)


@route(
    "/maintenance-windows/{window_id:int}",
    http_method=HttpMethod.DELETE,
    status_code=204,
    operation_id="removeMaintenanceWindow",
    summary="Remove a maintenance window",
    opt=CHANGES,
)
async def remove_window(caller: By, db: Db, window_id: FromPath[int]) -> None:
    """What it has hidden and still fires is sent at once."""
    number = caller.organization_id
    async with db.transaction() as transaction, acting(transaction, caller, "window.remove", str(window_id)) as act:
        act.before = to_builtins(await reads.window(transaction.connection, number, window_id))
        await writes.remove_window(transaction, number, window_id, datetime.now(UTC))


router = Router(
    "/",
    route_handlers=[
        list_silences,
        make_silence,
        get_silence,
        end_silence,
        list_windows,
        make_window,
        get_window,
        put_window,
        remove_window,
    ],
    tags=["Alerts"],
    opt={"permission": Permission.ALERTS_READ},
)
