"""The page of the templates of messages: made, changed and removed by engineers and administrators."""

from typing import Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.errors import Conflict, Invalid
from console.organizations.rules import Caller, Permission
from console.pages.administration import FORM_BYTES, Form, page
from console.sms import reads
from console.sms.parts import counted
from console.sms.templates_api import known, put_in
from console.sms.variables import OWN
from console.sms.writes import remove_template
from console.store.database import Database

BACK = "/sms-templates"
CHANGES: dict[str, Any] = {"permission": Permission.SMS_WRITE}
By = NamedDependency[Caller]
Db = NamedDependency[Database]


class TemplateForm(Struct):
    """A template's name and text."""

    name: str = ""
    payload: str = ""


async def _drawn(
    reading: AsyncConnection, caller: Caller, live_since: str, typed: TemplateForm | None = None, fault: str = ""
) -> Template:
    found = await reads.templates(reading, caller.organization_id)
    return await page(
        reading,
        caller,
        live_since,
        "sms",
        "sms/templates.html",
        status=422 if fault else 200,
        templates=[(one, counted(one.text)) for one in found],
        own=OWN,
        typed=typed or TemplateForm(),
        fault=fault,
        may_change=caller.may(Permission.SMS_WRITE),
    )


@get("/sms-templates")
async def templates_page(
    caller: By, reading: NamedDependency[AsyncConnection], live_since: NamedDependency[str]
) -> Template:
    """Each with its text, and how it counts before it is filled."""
    return await _drawn(reading, caller, live_since)


@post("/sms-templates", status_code=200, opt=CHANGES)
async def make(caller: By, db: Db, live_since: NamedDependency[str], data: Form[TemplateForm]) -> Response[Any]:
    """Back to the page; with what was typed and the reason if it is refused."""
    return await _kept(caller, db, live_since, data, None)


@post("/sms-templates/{template_id:int}", status_code=200, opt=CHANGES)
async def edit(
    caller: By, db: Db, live_since: NamedDependency[str], template_id: FromPath[int], data: Form[TemplateForm]
) -> Response[Any]:
    """Back to the page; with what was typed and the reason if it is refused."""
    return await _kept(caller, db, live_since, data, template_id)


@post("/sms-templates/{template_id:int}/remove", status_code=303, opt=CHANGES)
async def take_away(caller: By, db: Db, template_id: FromPath[int]) -> Redirect:
    """What was sent by it stays."""
    subject = str(template_id)
    async with db.transaction() as transaction, acting(transaction, caller, "sms.change_template", subject) as act:
        before = await remove_template(transaction, caller.organization_id, known(template_id))
        act.before = {"name": before.name, "text": before.text}
    return Redirect(BACK, status_code=303)


async def _kept(caller: Caller, db: Database, live_since: str, data: TemplateForm, number: int | None) -> Response[Any]:
    try:
        subject = None if number is None else str(number)
        async with db.transaction() as transaction, acting(transaction, caller, "sms.change_template", subject) as act:
            await put_in(transaction, act, caller, data.name, data.payload, number)
    except (Invalid, Conflict) as error:
        async with db.reading() as reading:
            return await _drawn(reading, caller, live_since, data, error.message)
    return Redirect(BACK, status_code=303)


router = Router("/", route_handlers=[templates_page, make, edit, take_away], request_max_body_size=FORM_BYTES)
