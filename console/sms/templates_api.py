"""Templates of messages for programs."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import HttpMethod, Router, get, post, put, route
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct, structs
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import Act, acting
from console.errors import NotFound
from console.facts.masking import written
from console.http.fields import FieldNames, selected
from console.organizations.rules import Caller, Permission
from console.sms import reads, writes
from console.sms.templates import SmsTemplate
from console.store.database import Database, Transaction

CHANGES = {"permission": Permission.SMS_WRITE}
By = NamedDependency[Caller]
Db = NamedDependency[Database]


class NewSmsTemplate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A name, and a text with variables."""

    name: Annotated[str, Meta(max_length=200, description="Unique in the organization.", examples=["Set the server"])]
    text: Annotated[
        str,
        Meta(
            max_length=2000,
            description="`{label}`, `{iccid}`, `{imsi}`, `{msisdn}`, `{imei}`, `{ip_address}` or `{name of a custom "
            "field}` stand for the SIM's own values.",
            examples=["server={site}.example.com id={iccid}"],
        ),
    ]


class SmsTemplates(Struct, frozen=True):
    """The organization's templates."""

    items: Annotated[list[SmsTemplate], Meta(description="By their names.")]


@get("/", operation_id="listSmsTemplates", summary="Templates of messages")
async def list_templates(
    caller: By, reading: NamedDependency[AsyncConnection], fields: FieldNames = ""
) -> SmsTemplates:
    """All of them. To send one, give its text as `payload`, with `fill`, to `/sims/{iccid}/sms` or `/sims/bulk`."""
    found = await reads.templates(reading, caller.organization_id)
    if not caller.may(Permission.SMS_SEND):  # who sends one needs its text as it is
        found = [structs.replace(one, text=written(one.text)) for one in found]
    return SmsTemplates(selected(SmsTemplate, found, fields))


@post("/", operation_id="makeSmsTemplate", summary="Make a template of messages", opt=CHANGES)
async def make_template(caller: By, db: Db, data: JSONBody[NewSmsTemplate]) -> SmsTemplate:
    """409 for a name that another has."""
    async with db.transaction() as transaction, acting(transaction, caller, "sms.change_template") as act:
        return await put_in(transaction, act, caller, data.name, data.text)


@put("/{template_id:int}", operation_id="changeSmsTemplate", summary="Change a template of messages", opt=CHANGES)
async def change_template(
    caller: By, db: Db, template_id: FromPath[int], data: JSONBody[NewSmsTemplate]
) -> SmsTemplate:
    """Both its name and its text are replaced. 404 if it is not there, 409 for a name that another has."""
    subject = str(template_id)
    async with db.transaction() as transaction, acting(transaction, caller, "sms.change_template", subject) as act:
        return await put_in(transaction, act, caller, data.name, data.text, template_id)


@route(
    "/{template_id:int}",
    http_method=HttpMethod.DELETE,
    status_code=204,
    operation_id="removeSmsTemplate",
    summary="Remove a template of messages",
    opt=CHANGES,
)
async def remove_template(caller: By, db: Db, template_id: FromPath[int]) -> None:
    """What was sent by it stays."""
    subject = str(template_id)
    async with db.transaction() as transaction, acting(transaction, caller, "sms.change_template", subject) as act:
        before = await writes.remove_template(transaction, caller.organization_id, known(template_id))
        act.before = {"name": before.name, "text": before.text}


async def put_in(
    transaction: Transaction, act: Act, caller: Caller, name: str, text: str, number: int | None = None
) -> SmsTemplate:
    """Make a template, or change the one with this number, as the audit line says. Raises as `put_template` does."""
    organization_id, connection = caller.organization_id, transaction.connection
    before = None if number is None else await reads.template(connection, organization_id, known(number))
    act.before = {"name": before.name, "text": before.text} if before else None
    made = await writes.put_template(transaction, organization_id, name, text, caller.name, datetime.now(UTC), number)
    act.subject, act.after = str(made.id), {"name": made.name, "text": made.text}
    return made


def known(number: int) -> int:
    """The number of a template; NotFound for what can't be one."""
    if not 0 < number < 2**31:
        raise NotFound("There is no such template")
    return number


router = Router(
    "/sms-templates",
    route_handlers=[list_templates, make_template, change_template, remove_template],
    tags=["SMS"],
)
