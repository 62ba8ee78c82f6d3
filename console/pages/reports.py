"""Daily reports: which are kept, one of them, and when they are made and who gets them."""

from typing import Annotated, Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect, Stream, Template
from msgspec import Struct, field, to_builtins
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.errors import Invalid
from console.notifications.reads import channels_of
from console.organizations.rules import Caller, Permission
from console.pages.administration import FORM_BYTES, Form, page
from console.reports import reads
from console.reports.api import file_of, seen_by
from console.reports.pdf import available
from console.reports.rules import ReportSettings
from console.reports.words import said_of, sections, title_of
from console.reports.writes import put_settings
from console.store.database import Database
from console.store.keyset import read_cursor

BACK = "/reports"
ROWS = 60
Before = Annotated[str, QueryParameter(max_length=300)]
By = NamedDependency[Caller]
Reading = NamedDependency[AsyncConnection]


class SettingsForm(Struct):
    """The hour, and the numbers of the channels."""

    hour: str = ""
    channel: list[str] | str = field(default_factory=list)  # a form with one box ticked sends no list


async def _list(
    reading: AsyncConnection, caller: Caller, live_since: str, *, before: str = "", fault: str = ""
) -> Template:
    number = caller.organization_id
    found, older = await reads.page(reading, number, limit=ROWS, cursor=read_cursor(before) if before else None)
    may_change = caller.may(Permission.ALERTS_WRITE)
    return await page(
        reading,
        caller,
        live_since,
        "reports",
        "reports/reports.html",
        status=422 if fault else 200,
        reports=found,
        pdf=available(),
        setting=await reads.settings_of(reading, number),
        channels=await channels_of(reading, number) if may_change else [],
        may_change=may_change,
        fault=fault,
        older=f"{BACK}?before={older}" if older else None,
        newest=BACK if before else None,
    )


@get(BACK)
async def reports_page(caller: By, reading: Reading, live_since: NamedDependency[str], before: Before = "") -> Template:
    """The kept reports, the latest first."""
    return await _list(reading, caller, live_since, before=before)


@get("/reports/{day:str}")
async def report_page(caller: By, reading: Reading, live_since: NamedDependency[str], day: FromPath[str]) -> Template:
    """A report as it was made."""
    found = await seen_by(reading, caller, day)
    return await page(
        reading,
        caller,
        live_since,
        "reports",
        "reports/report.html",
        day=found.day,
        title=title_of(found),
        said=said_of(found),
        sections=sections(found),
        pdf=available(),
    )


@get("/reports/{day:str}/pdf")
async def report_file(caller: By, reading: Reading, day: FromPath[str]) -> Stream:
    """The same as a file."""
    return await file_of(await seen_by(reading, caller, day))


@post("/report-settings", status_code=200, opt={"permission": Permission.ALERTS_WRITE})
async def change_settings(
    caller: By, db: NamedDependency[Database], live_since: NamedDependency[str], data: Form[SettingsForm]
) -> Response[Any]:
    """Back to the page; with the reason if it is refused."""
    number = caller.organization_id
    try:
        async with db.transaction() as transaction, acting(transaction, caller, "report.change_settings") as act:
            wanted = _setting(data)
            act.before = to_builtins(await reads.settings_of(transaction.connection, number))
            act.after = to_builtins(wanted)
            await put_settings(transaction, number, wanted)
    except Invalid as error:
        async with db.reading() as reading:
            return await _list(reading, caller, live_since, fault=error.message)
    return Redirect(BACK, status_code=303)


def _setting(data: SettingsForm) -> ReportSettings:
    """What the form says. Raises Invalid."""
    channels = [data.channel] if isinstance(data.channel, str) else data.channel
    numbers = [data.hour, *channels]
    if len(numbers) > 101 or not all(text.isascii() and text.isdecimal() and len(text) < 10 for text in numbers):
        raise Invalid("Choose an hour, and channels of this list")
    if int(data.hour) > 23:
        raise Invalid("The hour is between 0 and 23", hour=int(data.hour))
    return ReportSettings(hour=int(data.hour), channel_ids=[int(one) for one in channels])


router = Router(
    "/",
    route_handlers=[reports_page, report_page, report_file, change_settings],
    request_max_body_size=FORM_BYTES,
)
