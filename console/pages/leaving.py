"""The session of a browser ends: its user signs out, or somebody signs in over it."""

from typing import Any

from litestar import Request

from console.acting import acting
from console.callers import Callers
from console.sessions.rules import cookie_name
from console.sessions.writes import end_session
from console.settings import Settings
from console.store.database import Database

Asked = Request[Any, Any, Any]


async def leave(request: Asked, db: Database, settings: Settings, callers: Callers) -> None:
    """End the session that this browser has; nothing without one. Whoever has copied its cookie has nothing then."""
    caller = await callers.of_session(request)
    if caller is None:
        return
    session_id = request.cookies[cookie_name(secure=settings.secure_cookies)]
    async with db.transaction() as transaction, acting(transaction, caller, "session.end", caller.name):
        await end_session(transaction, session_id)
