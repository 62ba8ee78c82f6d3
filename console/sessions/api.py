"""Sessions of the organization's members, for programs."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import HttpMethod, Router, get, route
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.http.fields import FieldNames, selected
from console.organizations.rules import Caller, Permission
from console.sessions.reads import Session, sessions_in
from console.sessions.writes import end_members_session
from console.store.database import Database


class Sessions(Struct, frozen=True, kw_only=True):
    """The open sessions in your organization."""

    items: Annotated[list[Session], Meta(description="The sessions, the last used first.")]


@get("/sessions", operation_id="listSessions", summary="List the open sessions")
async def list_sessions(
    caller: NamedDependency[Caller], reading: NamedDependency[AsyncConnection], fields: FieldNames = ""
) -> Sessions:
    """Of all members, in your organization."""
    found = await sessions_in(reading, caller.organization_id, datetime.now(UTC))
    return Sessions(items=selected(Session, found, fields))


@route(
    "/sessions/{session_id:int}",
    http_method=HttpMethod.DELETE,
    status_code=204,
    operation_id="endSession",
    summary="End a session",
)
async def end_session(
    caller: NamedDependency[Caller], db: NamedDependency[Database], session_id: FromPath[int]
) -> None:
    """Its sockets close within 15 seconds."""
    async with db.transaction() as transaction, acting(transaction, caller, "session.revoke", str(session_id)):
        await end_members_session(transaction, caller.organization_id, session_id)


router = Router(
    "/", route_handlers=[list_sessions, end_session], tags=["Administration"], opt={"permission": Permission.ADMIN}
)
