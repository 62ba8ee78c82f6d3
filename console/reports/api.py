"""Daily reports for programs: which are kept, one as JSON or PDF, when they are made and who gets them."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import Router, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import Stream
from msgspec import Meta, Struct, structs, to_builtins
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.http.fields import FieldNames, one_selected
from console.http.paging import Listing, ListRequest, list_request
from console.organizations.rules import Caller, Permission
from console.reports import reads
from console.reports.handover import Handover, Shift, handover, shown
from console.reports.pdf import pdf_of
from console.reports.reads import KeptReport
from console.reports.rules import DailyReport, ReportSettings
from console.reports.shift_ends import HandoverSettings, handover_settings_of
from console.reports.writes import put_handover_settings, put_settings, send_by_hand
from console.store.database import Database

By = NamedDependency[Caller]
Reading = NamedDependency[AsyncConnection]


class HandoverSent(Struct, frozen=True, kw_only=True):
    """A handover that is on its way."""

    delivery_ids: Annotated[
        list[int], Meta(description="Its deliveries: ask for them to see how they ended.", examples=[[812]])
    ]


async def seen_by(reading: AsyncConnection, caller: Caller, day: str) -> DailyReport:
    """The report of this day with what the caller may see of it. Raises NotFound."""
    found = await reads.report(reading, caller.organization_id, day)
    return found if caller.may(Permission.ALERTS_READ) else structs.replace(found, alerts=None)


async def file_of(report: DailyReport) -> Stream:
    """The report as a file. Raises NotReady."""
    headers = {"Content-Disposition": f'attachment; filename="report-{report.day}.pdf"'}
    return Stream([await pdf_of(report)], media_type="application/pdf", headers=headers)


@get(
    "/reports",
    operation_id="listReports",
    summary="List the daily reports, the latest first",
    dependencies={"asked": Provide(list_request)},
)
async def list_reports(caller: By, reading: Reading, asked: NamedDependency[ListRequest]) -> Listing[KeptReport]:
    """Each day has one, made at the organization's hour; two years are kept."""
    number = caller.organization_id
    items, more = await reads.page(reading, number, limit=asked.page_size, offset=asked.offset, cursor=asked.cursor)
    return asked.listing(KeptReport, items, more, await reads.count(reading, number, exact=asked.exact))


@get("/reports/{day:str}", operation_id="getReport", summary="A daily report")
async def get_report(caller: By, reading: Reading, day: FromPath[str], fields: FieldNames = "") -> DailyReport:
    """As it was made: figures of its UTC day, and the states of SIMs and alerts at that time."""
    return one_selected(await seen_by(reading, caller, day), fields)


@get(
    "/reports/{day:str}/pdf", operation_id="getReportPdf", summary="A daily report as PDF", media_type="application/pdf"
)
async def get_report_pdf(caller: By, reading: Reading, day: FromPath[str]) -> Stream:
    """503 where the server lacks the library for it."""
    return await file_of(await seen_by(reading, caller, day))


@get("/report-settings", operation_id="getReportSettings", summary="When the daily report is made, and who gets it")
async def get_settings(caller: By, reading: Reading) -> ReportSettings:
    """02:00 UTC and no channel, until somebody says otherwise."""
    return await reads.settings_of(reading, caller.organization_id)


@put(
    "/report-settings",
    operation_id="putReportSettings",
    summary="Say when the daily report is made, and who gets it",
    opt={"permission": Permission.ALERTS_WRITE},
)
async def put_report_settings(
    caller: By, db: NamedDependency[Database], data: JSONBody[ReportSettings]
) -> ReportSettings:
    """Mail channels get it as HTML, webhooks as `report.daily`, from the next report on."""
    number = caller.organization_id
    async with db.transaction() as transaction, acting(transaction, caller, "report.change_settings") as act:
        act.before = to_builtins(await reads.settings_of(transaction.connection, number))
        act.after = to_builtins(data)
        await put_settings(transaction, number, data)
        return await reads.settings_of(transaction.connection, number)


@get(
    "/handover",
    operation_id="getHandover",
    summary="What the next shift should know",
    opt={"permission": Permission.ALERTS_READ},
)
async def get_handover(
    caller: By,
    reading: Reading,
    hours: Annotated[Shift, QueryParameter(description="How long the shift was.")] = 8,
    fields: FieldNames = "",
) -> Handover:
    """Of the hours until now, and of as many that come."""
    now, with_money = datetime.now(UTC), caller.may(Permission.SIMS_READ)
    found = await handover(reading, caller.organization_id, hours, now, with_money=with_money)
    return one_selected(shown(caller, found), fields)


@get(
    "/handover-settings",
    operation_id="getHandoverSettings",
    summary="When shifts end, and who gets the handover",
    opt={"permission": Permission.ALERTS_READ},
)
async def get_handover_settings(caller: By, reading: Reading) -> HandoverSettings:
    """No end and no channel, until somebody says otherwise."""
    return await handover_settings_of(reading, caller.organization_id)


@put(
    "/handover-settings",
    operation_id="putHandoverSettings",
    summary="Say when shifts end, and who gets the handover",
    opt={"permission": Permission.ALERTS_WRITE},
)
async def put_settings_of_handover(
    caller: By, db: NamedDependency[Database], data: JSONBody[HandoverSettings]
) -> HandoverSettings:
    """Mail channels get it as text, webhooks as `report.handover`, from the next end on."""
    number = caller.organization_id
    async with db.transaction() as transaction, acting(transaction, caller, "handover.change_settings") as act:
        act.before = to_builtins(await handover_settings_of(transaction.connection, number))
        act.after = to_builtins(data)
        await put_handover_settings(transaction, number, data, datetime.now(UTC))
        return await handover_settings_of(transaction.connection, number)


@post(
    "/handover/send",
    operation_id="sendHandover",
    summary="Send the handover to its channels now",
    status_code=202,
    opt={"permission": Permission.ALERTS_ACT},
)
async def send(caller: By, db: NamedDependency[Database]) -> HandoverSent:
    """As it is now, to the channels of the settings. 409 if none takes it."""
    async with db.transaction() as transaction, acting(transaction, caller, "handover.send") as act:
        return HandoverSent(delivery_ids=await send_by_hand(transaction, act, caller, datetime.now(UTC)))


router = Router(
    "/",
    route_handlers=[
        get_handover,
        get_handover_settings,
        put_settings_of_handover,
        send,
        list_reports,
        get_report,
        get_report_pdf,
        get_settings,
        put_report_settings,
    ],
    tags=["Notifications"],
)
