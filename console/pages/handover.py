"""Shift handover: what fired, what is open, which silences end soon, what was spent: a page, text to copy, and mail."""

from datetime import UTC, datetime
from typing import Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template
from msgspec import Struct, ValidationError, convert, field, to_builtins
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.errors import Conflict, Invalid
from console.notifications.reads import channels_of
from console.organizations.rules import Caller, Permission
from console.pages.administration import FORM_BYTES, Form, page
from console.reports.handover import SHIFTS, Shift, handover, shown
from console.reports.handover_text import spent_words, text_of
from console.reports.shift_ends import HandoverSettings, handover_settings_of
from console.reports.writes import put_handover_settings, send_by_hand
from console.store.database import Database

BACK = "/handover"
By = NamedDependency[Caller]
Db = NamedDependency[Database]
Since = NamedDependency[str]


class ShiftEndsForm(Struct):
    """When shifts end, and the numbers of the channels."""

    time_zone: str = ""
    ends: str = ""  # by comma
    hours: str = "8"
    channel: list[str] | str = field(default_factory=list)  # a form with one box ticked sends no list


async def _drawn(
    reading: AsyncConnection, caller: Caller, live_since: str, hours: Shift, fault: str = "", status: int = 422
) -> Template:
    found = shown(caller, await handover(reading, caller.organization_id, hours, datetime.now(UTC)))
    may_change = caller.may(Permission.ALERTS_WRITE)
    return await page(
        reading,
        caller,
        live_since,
        "handover",
        "alerts/handover.html",
        status=status if fault else 200,
        fault=fault,
        found=found,
        text=text_of(found, caller.organization),
        hours=hours,
        shifts=SHIFTS,
        spent_words=spent_words,
        setting=await handover_settings_of(reading, caller.organization_id),
        channels=await channels_of(reading, caller.organization_id),
        may_change=may_change,
    )


@get(BACK)
async def handover_page(
    caller: By, reading: NamedDependency[AsyncConnection], live_since: Since, hours: FromQuery[Shift] = 8
) -> Template:
    """As it is now: what is copied does not change while it is read."""
    return await _drawn(reading, caller, live_since, hours)


@post(BACK + "/send", status_code=200, opt={"permission": Permission.ALERTS_ACT})
async def send(caller: By, db: Db, live_since: Since) -> Response[Any]:
    """Its delivery, where there is one; with the reason if no channel takes it."""
    try:
        async with db.transaction() as transaction, acting(transaction, caller, "handover.send") as act:
            found = await send_by_hand(transaction, act, caller, datetime.now(UTC))
    except Conflict as error:
        async with db.reading() as reading:
            return await _drawn(reading, caller, live_since, 8, error.message, 409)
    may_see = caller.may(Permission.ALERTS_WRITE)
    return Redirect(f"/notification-deliveries/{found[0]}" if may_see else BACK, status_code=303)


@post("/handover-settings", status_code=200, opt={"permission": Permission.ALERTS_WRITE})
async def change_settings(caller: By, db: Db, live_since: Since, data: Form[ShiftEndsForm]) -> Response[Any]:
    """Back to the page; with the reason if it is refused."""
    number = caller.organization_id
    try:
        async with db.transaction() as transaction, acting(transaction, caller, "handover.change_settings") as act:
            wanted = _setting(data)
            act.before = to_builtins(await handover_settings_of(transaction.connection, number))
            act.after = to_builtins(wanted)
            await put_handover_settings(transaction, number, wanted, datetime.now(UTC))
    except Invalid as error:
        async with db.reading() as reading:
            return await _drawn(reading, caller, live_since, 8, error.message)
    return Redirect(BACK, status_code=303)


def _setting(data: ShiftEndsForm) -> HandoverSettings:
    channels = [data.channel] if isinstance(data.channel, str) else data.channel
    numbers = [data.hours, *channels]
    if len(numbers) > 101 or not all(text.isascii() and text.isdecimal() and len(text) < 10 for text in numbers):
        raise Invalid("Choose the hours of a shift, and channels of this list")
    asked = {
        "time_zone": data.time_zone.strip(),
        "ends": [part.strip() for part in data.ends.split(",") if part.strip()],
        "hours": int(data.hours),
        "channel_ids": [int(one) for one in channels],
    }
    try:
        return convert(asked, HandoverSettings)
    except ValidationError as error:
        raise Invalid("At most six ends, each HH:MM, and shifts of 8, 12 or 24 hours") from error


router = Router(
    "/",
    route_handlers=[handover_page, send, change_settings],
    request_max_body_size=FORM_BYTES,
    opt={"permission": Permission.ALERTS_READ},
    include_in_schema=False,
)
