"""The flags of an organization, for programs; and how a flag is changed."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import Router, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct, structs
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import Act, acting
from console.facts.flags import FlagState
from console.http.fields import FieldNames, selected
from console.organizations import reads
from console.organizations.flags import LONGEST_OWNER, LONGEST_REASON, checked_text, definition_of
from console.organizations.rules import Caller, Permission
from console.organizations.writes import put_flag
from console.store.database import Database, Transaction


class Flags(Struct, frozen=True, kw_only=True):
    """The flags of your organization."""

    items: Annotated[list[FlagState], Meta(description="Each as it is now.")]


class FlagChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a flag is to be, and why."""

    on: Annotated[bool, Meta(description="Whether it is to be on.", examples=[False])]
    reason: Annotated[str, Meta(description="Why.", examples=["Invoice 4711 is in dispute"])]
    owner: Annotated[
        str | None, Meta(description="Who is responsible for it; null: whoever changes it.", examples=["ada"])
    ] = None


@get("/flags", operation_id="listFlags", summary="List the flags of your organization")
async def list_flags(
    caller: NamedDependency[Caller], reading: NamedDependency[AsyncConnection], fields: FieldNames = ""
) -> Flags:
    """What each decides, what it is, and who changed it last and why."""
    return Flags(items=selected(FlagState, await reads.flags_of(reading, caller.organization_id), fields))


@put("/flags/{flag:str}", operation_id="putFlag", summary="Change a flag")
async def change_flag(
    caller: NamedDependency[Caller], db: NamedDependency[Database], flag: FromPath[str], data: JSONBody[FlagChange]
) -> FlagState:
    """It holds at once: whatever it stops asks for it right before it acts."""
    async with (
        db.transaction(published=True) as transaction,
        acting(transaction, caller, "flag.change", flag[:50]) as act,
    ):
        return await change(transaction, act, caller, flag, data, datetime.now(UTC))


async def change(
    transaction: Transaction, act: Act, caller: Caller, flag: str, wanted: FlagChange, now: datetime
) -> FlagState:
    """Change a flag; its new state. Raises NotFound for a flag that there is not, Invalid without a reason."""
    definition = definition_of(flag)
    found = await reads.flags_of(transaction.connection, caller.organization_id)
    before = next(one for one in found if one.name == definition.name)
    after = structs.replace(
        before,
        on=wanted.on,
        owner=checked_text(caller.name if wanted.owner is None else wanted.owner, "An owner", LONGEST_OWNER),
        reason=checked_text(wanted.reason, "A reason", LONGEST_REASON),
        changed_by=caller.name,
        changed_at=now,
    )
    noted = ("on", "owner", "reason")
    act.before = {name: getattr(before, name) for name in noted}
    act.after = {name: getattr(after, name) for name in noted}
    await put_flag(transaction, caller.organization_id, after, now)
    return after


router = Router(
    "/", route_handlers=[list_flags, change_flag], tags=["Administration"], opt={"permission": Permission.ADMIN}
)
