"""Silences and maintenance windows: what they hide, until when, and forms for others."""

from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect, Template
from msgspec import to_builtins
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.alert_rules.reads import names_of as rule_names
from console.errors import ConsoleError, Invalid
from console.facts.alerts import Severity
from console.organizations.rules import Caller, Permission
from console.pages.administration import FORM_BYTES, Form, page
from console.pages.silence_forms import SPANS, SilenceForm, WindowForm, check_rules, silence_of, window_of
from console.pages.silences_view import SilencesView, lists_of
from console.silences import reads, writes
from console.store.database import Database

BACK = "/silences"
By = NamedDependency[Caller]
Db = NamedDependency[Database]
Reading = NamedDependency[AsyncConnection]
Since = NamedDependency[str]
Filled = Annotated[str, QueryParameter(max_length=3_000)]
ACTS = {"permission": Permission.ALERTS_ACT}
CHANGES = {"permission": Permission.ALERTS_WRITE}


async def _drawn(
    reading: AsyncConnection,
    caller: Caller,
    live_since: str,
    *,
    fault: str = "",
    given: SilenceForm | None = None,
    window: WindowForm | None = None,
) -> Template:
    return await page(
        reading,
        caller,
        live_since,
        "silences",
        "silences/silences.html",
        view=SilencesView,
        status=422 if fault else 200,
        **await lists_of(reading, caller.organization_id, datetime.now(UTC)),
        acts=caller.may(Permission.ALERTS_ACT),
        changes=caller.may(Permission.ALERTS_WRITE),
        spans=SPANS,
        severities=list(Severity),
        fault=fault,
        given=given or SilenceForm(),
        given_window=window or WindowForm(),
    )


@get(BACK)
async def silences_page(
    caller: By,
    reading: Reading,
    live_since: Since,
    rule: Filled = "",
    severity: Filled = "",
    operator: Filled = "",
    country: Filled = "",
    tag: Filled = "",
    iccid: Filled = "",
    not_tag: Filled = "",
) -> Template:
    """Those that are active or coming, those that have ended, the windows. The address fills in the form."""
    given = SilenceForm(rule, severity, operator, country, tag, iccid, not_tag)
    return await _drawn(reading, caller, live_since, given=given)


@post(BACK, status_code=200, opt=ACTS)
async def make_silence(caller: By, db: Db, live_since: Since, data: Form[SilenceForm]) -> Response[Any]:
    """The silence is active; with the reason if it can't be made."""
    now = datetime.now(UTC)
    try:
        async with db.transaction() as transaction, acting(transaction, caller, "silence.add") as act:
            asked = silence_of(data, now)
            check_rules(data, await rule_names(transaction.connection, caller.organization_id))
            act.after = to_builtins(asked)
            long = caller.may(Permission.ALERTS_WRITE)
            made = await writes.add_silence(transaction, caller.organization_id, asked, caller.name, now, long=long)
            act.subject = str(made)
    except Invalid as error:
        async with db.reading() as reading:
            return await _drawn(reading, caller, live_since, fault=error.message, given=data)
    return Redirect(BACK, status_code=303)


@post(BACK + "/{silence_id:int}/end", status_code=303, opt=ACTS)
async def end_silence(caller: By, db: Db, silence_id: FromPath[int]) -> Redirect:
    """It hides nothing any more."""
    async with db.transaction() as transaction, acting(transaction, caller, "silence.end", str(silence_id)):
        await writes.end_silence(transaction, caller.organization_id, silence_id, caller.name, datetime.now(UTC))
    return Redirect(BACK, status_code=303)


@post("/maintenance-windows", status_code=200, opt=CHANGES)
async def make_window(caller: By, db: Db, live_since: Since, data: Form[WindowForm]) -> Response[Any]:
    """The window is among the others; with the reason if it can't be made."""
    now = datetime.now(UTC)
    try:
        async with db.transaction() as transaction, acting(transaction, caller, "window.add", data.name) as act:
            asked = window_of(data)
            check_rules(data, await rule_names(transaction.connection, caller.organization_id))
            act.after = to_builtins(asked)
            await writes.add_window(transaction, caller.organization_id, asked, caller.name, now)
    except ConsoleError as error:
        if error.status not in (409, 422):
            raise
        async with db.reading() as reading:
            return await _drawn(reading, caller, live_since, fault=error.message, window=data)
    return Redirect(BACK, status_code=303)


@post("/maintenance-windows/{window_id:int}/remove", status_code=303, opt=CHANGES)
async def remove_window(caller: By, db: Db, window_id: FromPath[int]) -> Redirect:
    """It hides nothing any more."""
    number = caller.organization_id
    async with db.transaction() as transaction, acting(transaction, caller, "window.remove", str(window_id)) as act:
        act.before = to_builtins(await reads.window(transaction.connection, number, window_id))
        await writes.remove_window(transaction, number, window_id, datetime.now(UTC))
    return Redirect(BACK, status_code=303)


router = Router(
    "/",
    route_handlers=[silences_page, make_silence, end_silence, make_window, remove_window],
    request_max_body_size=FORM_BYTES,
    opt={"permission": Permission.ALERTS_READ},
)
