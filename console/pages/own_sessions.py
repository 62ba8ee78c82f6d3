"""A user ends sessions of their own: one, or all but the one that asks."""

from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from console.acting import acting
from console.organizations.rules import Caller
from console.sessions.writes import end_own_session, end_sessions_of
from console.store.database import Database

BACK = "/settings"


@post("/settings/sessions/{session_id:int}/end", status_code=303)
async def end(caller: NamedDependency[Caller], db: NamedDependency[Database], session_id: FromPath[int]) -> Redirect:
    """One of the user's sessions ends, and its sockets with it."""
    assert caller.user_id is not None
    async with db.transaction() as transaction, acting(transaction, caller, "session.revoke", str(session_id)):
        await end_own_session(transaction, caller.user_id, session_id)
    return Redirect(BACK, status_code=303)


@post("/settings/sessions/end-others", status_code=303)
async def end_others(caller: NamedDependency[Caller], db: NamedDependency[Database]) -> Redirect:
    """All of the user's sessions end, but this one."""
    assert caller.user_id is not None
    async with db.transaction() as transaction, acting(transaction, caller, "session.revoke", "all others"):
        await end_sessions_of(transaction, caller.user_id, but=caller.session)
    return Redirect(BACK, status_code=303)


router = Router("/", route_handlers=[end, end_others])
