"""The flags of the organization. For administrators."""

from datetime import UTC, datetime
from typing import Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.errors import Invalid
from console.members.flags_api import FlagChange, change
from console.organizations import reads
from console.organizations.flags import LONGEST_OWNER, LONGEST_REASON
from console.organizations.rules import Caller, Permission
from console.pages.administration import FORM_BYTES, Form, page
from console.store.database import Database


class FlagForm(Struct):
    """What a flag is to be, why, and who is responsible; an empty owner is whoever changes it."""

    on: str = ""
    reason: str = ""
    owner: str = ""


async def _drawn(reading: AsyncConnection, caller: Caller, live_since: str, fault: str = "") -> Template:
    return await page(
        reading,
        caller,
        live_since,
        "flags",
        "flags/flags.html",
        status=422 if fault else 200,
        flags=await reads.flags_of(reading, caller.organization_id),
        longest_owner=LONGEST_OWNER,
        longest_reason=LONGEST_REASON,
        fault=fault,
    )


@get("/flags")
async def flags(
    caller: NamedDependency[Caller], reading: NamedDependency[AsyncConnection], live_since: NamedDependency[str]
) -> Template:
    """Each with what it decides, what it is, and who changed it last and why."""
    return await _drawn(reading, caller, live_since)


@post("/flags/{flag:str}", status_code=200)
async def change_flag(
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    live_since: NamedDependency[str],
    flag: FromPath[str],
    data: Form[FlagForm],
) -> Response[Any]:
    """Back to the page; with the reason if it is refused."""
    wanted = FlagChange(on=data.on == "yes", reason=data.reason, owner=data.owner.strip() or None)
    try:
        async with (
            db.transaction(published=True) as transaction,
            acting(transaction, caller, "flag.change", flag[:50]) as act,
        ):
            await change(transaction, act, caller, flag, wanted, datetime.now(UTC))
    except Invalid as error:
        async with db.reading() as reading:
            return await _drawn(reading, caller, live_since, error.message)
    return Redirect("/flags", status_code=303)


router = Router(
    "/",
    route_handlers=[flags, change_flag],
    request_max_body_size=FORM_BYTES,
    opt={"permission": Permission.ADMIN},
)
