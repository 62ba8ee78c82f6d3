"""Who is on call now and next, and what each priority of alerts does; with forms to change it."""

from datetime import UTC, datetime
from typing import Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.errors import Changed, ConsoleError
from console.notifications import on_call_commands as commands
from console.notifications.on_call import ShiftLength
from console.notifications.on_call_reads import on_call_now
from console.notifications.reads import channels_of
from console.notifications.rules import Weekday
from console.organizations.rules import Caller, Permission
from console.pages.administration import FORM_BYTES, Form, page, revision_of
from console.pages.on_call_forms import OverrideForm, PrioritiesForm, RotaForm, priorities_of, rota_of
from console.store.database import Database

BACK = "/on-call"
EMPTY_ROWS = 2
By = NamedDependency[Caller]
Db = NamedDependency[Database]
Since = NamedDependency[str]
CHANGES = {"permission": Permission.ALERTS_WRITE}
ACTS = {"permission": Permission.ALERTS_ACT}


async def _drawn(
    reading: AsyncConnection,
    caller: Caller,
    live_since: str,
    *,
    fault: str = "",
    given: RotaForm | None = None,
    changed: bool = False,
) -> Template:
    now = datetime.now(UTC)
    found = await on_call_now(reading, caller.organization_id, now)
    rota = found.rota
    rows = [(one.name, one.channel_id) for one in rota.people] if rota else []
    if given is not None:
        rows = [
            (name, int(channel) if channel.isdecimal() and len(channel) < 10 else 0)
            for name, channel in zip(given.name, given.channel, strict=False)
            if name
        ]
    return await page(
        reading,
        caller,
        live_since,
        "on-call",
        "notifications/on_call.html",
        status=412 if changed else 422 if fault else 200,
        found=found,
        given=given or rota,
        revision=given.revision if given and not changed else found.rota_revision,
        changed=changed,
        rows=[*rows, *[("", 0)] * EMPTY_ROWS],
        channels=await channels_of(reading, caller.organization_id),
        lengths=list(ShiftLength),
        weekdays=list(Weekday),
        acts=caller.may(Permission.ALERTS_ACT),
        changes=caller.may(Permission.ALERTS_WRITE),
        today=now.date(),
        as_of_time=now,
        fault=fault,
    )


async def _refused(
    db: Database, caller: Caller, live_since: str, error: ConsoleError, given: RotaForm | None = None
) -> Template:
    if error.status not in (404, 412, 422):
        raise error
    async with db.reading() as reading:
        return await _drawn(
            reading, caller, live_since, fault=error.message, given=given, changed=isinstance(error, Changed)
        )


@get(BACK)
async def on_call_page(caller: By, reading: NamedDependency[AsyncConnection], live_since: Since) -> Template:
    """Who is on call, who follows, the next shifts."""
    return await _drawn(reading, caller, live_since)


@post(BACK + "/rota", status_code=200, opt=CHANGES)
async def change_rota(caller: By, db: Db, live_since: Since, data: Form[RotaForm]) -> Response[Any]:
    """The order as it is now; with the reason if it can't be."""
    try:
        async with db.transaction() as transaction, acting(transaction, caller, "on_call.change_rota") as act:
            await commands.change_rota(transaction, act, caller, rota_of(data), expected=revision_of(data.revision))
    except ConsoleError as error:
        return await _refused(db, caller, live_since, error, data)
    return Redirect(BACK, status_code=303)


@post(BACK + "/priorities", status_code=200, opt=CHANGES)
async def change_priorities(caller: By, db: Db, live_since: Since, data: Form[PrioritiesForm]) -> Response[Any]:
    """The priorities as they are now; with the reason if they can't be."""
    try:
        async with db.transaction() as transaction, acting(transaction, caller, "on_call.change_priorities") as act:
            await commands.change_priorities(transaction, act, caller, priorities_of(data))
    except ConsoleError as error:
        return await _refused(db, caller, live_since, error)
    return Redirect(BACK, status_code=303)


@post(BACK + "/override", status_code=200, opt=ACTS)
async def override(caller: By, db: Db, live_since: Since, data: Form[OverrideForm]) -> Response[Any]:
    """Who is on call on that day; with the reason if they can't be."""
    try:
        async with db.transaction() as transaction, acting(transaction, caller, "on_call.override", data.day) as act:
            name = data.name.strip() or None
            await commands.override(transaction, act, caller, commands.day_of(data.day), name)
    except ConsoleError as error:
        return await _refused(db, caller, live_since, error)
    return Redirect(BACK, status_code=303)


router = Router(
    "/",
    route_handlers=[on_call_page, change_rota, change_priorities, override],
    request_max_body_size=FORM_BYTES,
    opt={"permission": Permission.ALERTS_READ},
)
