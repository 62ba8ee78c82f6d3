"""Members of the organization and their sessions, for programs."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import HttpMethod, Router, get, patch, post, route
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType, to_builtins
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.api_keys.reads import maker_behind
from console.errors import NotFound
from console.http.fields import FieldNames, selected
from console.members import links_writes, reads, writes
from console.members.one_time_links import INVITED_FOR, Link, open_links
from console.members.reads import Member
from console.members.rules import check_grant
from console.organizations.rules import Caller, Permission, Role
from console.sessions.writes import end_sessions_of
from console.store.database import Database


class Members(Struct, frozen=True, kw_only=True):
    """The members of your organization, and the links that have not been used."""

    items: Annotated[list[Member], Meta(description="The members, by name.")]
    links: Annotated[list[Link], Meta(description="Invitations and links for a new password, the newest first.")]


class NewInvitation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An invitation to your organization."""

    role: Annotated[Role, Meta(description="The role that it gives.")]
    note: Annotated[str, Meta(description="For whom it is.", examples=["Otto, field service"])] = ""


class MemberChanges(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change of a member; what is left out stays."""

    role: Annotated[Role | UnsetType, Meta(description="Their role; their sessions here end.")] = UNSET
    disabled: Annotated[bool | UnsetType, Meta(description="Whether they may not sign in here.", examples=[True])] = (
        UNSET
    )


class NewLink(Struct, frozen=True, kw_only=True):
    """A link that works once; whoever has it can use it."""

    path: Annotated[
        str, Meta(description="Its address on this console; it is shown this once.", examples=["/join/AbCd…"])
    ]


async def decided_about(connection: AsyncConnection, caller: Caller, user_id: int) -> Member:
    """A member of the caller's organization. Raises NotFound, or NotAllowed if the caller has fewer permissions."""
    found = await reads.member(connection, caller.organization_id, user_id, datetime.now(UTC))
    if found is None:
        raise NotFound("There is no such member", user_id=user_id)
    check_grant(caller, found.role)
    return found


@get("/users", operation_id="listUsers", summary="List the members of your organization")
async def list_users(
    caller: NamedDependency[Caller], reading: NamedDependency[AsyncConnection], fields: FieldNames = ""
) -> Members:
    """Members with their roles, and invitations that wait."""
    now = datetime.now(UTC)
    return Members(
        items=selected(Member, await reads.members_of(reading, caller.organization_id, now), fields),
        links=await open_links(reading, caller.organization_id, now),
    )


@post("/users/invitations", operation_id="inviteUser", summary="Invite a user", status_code=201)
async def invite_user(
    caller: NamedDependency[Caller], db: NamedDependency[Database], data: JSONBody[NewInvitation]
) -> NewLink:
    """A link that works once within seven days, for a new user or for one who is signed in elsewhere."""
    async with db.transaction() as transaction, acting(transaction, caller, "user.invite", data.role) as act:
        check_grant(caller, data.role)
        act.after = {"role": data.role, "days": INVITED_FOR.days}  # the note may hold a number of a person
        maker = await maker_behind(transaction.connection, caller)
        token = await links_writes.invite(
            transaction, caller.organization_id, data.role, data.note, maker, datetime.now(UTC)
        )
    return NewLink(path=f"/join/{token}")


@route(
    "/users/invitations/{link_id:int}",
    http_method=HttpMethod.DELETE,
    status_code=204,
    operation_id="withdrawLink",
    summary="Withdraw a link",
)
async def withdraw_link(caller: NamedDependency[Caller], db: NamedDependency[Database], link_id: FromPath[int]) -> None:
    """It opens nothing from this moment."""
    async with db.transaction() as transaction, acting(transaction, caller, "link.withdraw", str(link_id)) as act:
        act.before = await links_writes.withdraw_link(transaction, caller.organization_id, link_id)


@patch("/users/{user_id:int}", operation_id="changeUser", summary="Change a member's role, or disable them")
async def change_user(
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    user_id: FromPath[int],
    data: JSONBody[MemberChanges],
) -> Member:
    """Their sessions in your organization end. The last administrator stays one: 409."""
    now = datetime.now(UTC)
    async with db.transaction() as transaction, acting(transaction, caller, "user.change", str(user_id)) as act:
        found = await decided_about(transaction.connection, caller, user_id)
        act.before, act.after = found.standing, to_builtins(data)
        if isinstance(data.role, Role):
            check_grant(caller, data.role)
            await writes.change_role(transaction, caller, caller.organization_id, user_id, data.role, now)
        if data.disabled is True:
            await writes.disable_member(transaction, caller, caller.organization_id, user_id, now)
        elif data.disabled is False:
            await writes.enable_member(transaction, caller.organization_id, user_id)
        return await decided_about(transaction.connection, caller, user_id)


@route(
    "/users/{user_id:int}",
    http_method=HttpMethod.DELETE,
    status_code=204,
    operation_id="removeUser",
    summary="Remove a member",
)
async def remove_user(caller: NamedDependency[Caller], db: NamedDependency[Database], user_id: FromPath[int]) -> None:
    """They are no member of your organization any more; elsewhere nothing changes."""
    async with db.transaction() as transaction, acting(transaction, caller, "user.remove", str(user_id)) as act:
        act.before = (await decided_about(transaction.connection, caller, user_id)).standing
        await writes.remove_member(transaction, caller, caller.organization_id, user_id, datetime.now(UTC))


@post("/users/{user_id:int}/reset", operation_id="resetPassword", summary="Make a link for a new password")
async def reset_password(
    caller: NamedDependency[Caller], db: NamedDependency[Database], user_id: FromPath[int]
) -> NewLink:
    """It works once within a day. 409 for members of several organizations."""
    async with db.transaction() as transaction, acting(transaction, caller, "user.reset_password", str(user_id)) as act:
        act.before = (await decided_about(transaction.connection, caller, user_id)).standing
        maker = await maker_behind(transaction.connection, caller)
        token = await links_writes.make_reset_link(
            transaction, caller.organization_id, user_id, maker, datetime.now(UTC)
        )
    return NewLink(path=f"/join/{token}")


@post("/users/{user_id:int}/sign-out", operation_id="signOutUser", summary="End a member's sessions", status_code=204)
async def sign_out_user(caller: NamedDependency[Caller], db: NamedDependency[Database], user_id: FromPath[int]) -> None:
    """All of them in your organization."""
    async with db.transaction() as transaction, acting(transaction, caller, "user.sign_out", str(user_id)) as act:
        act.before = (await decided_about(transaction.connection, caller, user_id)).standing
        await end_sessions_of(transaction, user_id, organization_id=caller.organization_id)


router = Router(
    "/",
    route_handlers=[
        list_users,
        invite_user,
        withdraw_link,
        change_user,
        remove_user,
        reset_password,
        sign_out_user,
    ],
    tags=["Administration"],
    opt={"permission": Permission.ADMIN},
)
