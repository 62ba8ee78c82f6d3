"""A session is proved by signing in at the identity provider once more, for who has no password here."""

from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response
from litestar.response import Template

from console.acting import acting
from console.callers import Callers
from console.errors import BadRequest, ProviderFailed
from console.organizations.rules import PROOF_LASTS
from console.organizations.sealing import hashed
from console.pages.session_cookie import session_cookie
from console.sessions.oidc_attempts import Attempt
from console.sessions.oidc_tokens import Identity
from console.sessions.rules import cookie_name
from console.sessions.writes import renew_session
from console.settings import Settings
from console.store.database import Database
from console.users.reads import by_identity

Asked = Request[Any, Any, Any]
ANOTHER = "You have signed in there as somebody else, or your session here has ended"
NOT_NEW = "The identity provider has not asked you to sign in again: it does not say that you have just done so"


def session_of(request: Asked, settings: Settings) -> bytes | None:
    """The hashed id of the session that the browser says it has; None without one."""
    session_id = request.cookies.get(cookie_name(secure=settings.secure_cookies))
    return hashed(session_id) if session_id else None


async def proved(
    request: Asked, db: Database, settings: Settings, callers: Callers, attempt: Attempt, identity: Identity
) -> Response[Any]:
    """That the session counts as proved, with another cookie.

    Raises BadRequest for another user than the session's, or another session; ProviderFailed if they have not signed in
    there since the attempt began (`auth_time`, OpenID Connect Core, section 2).
    """
    caller, now = await callers.of_session(request), datetime.now(UTC)
    async with db.reading() as reading:
        user = await by_identity(reading, identity.issuer, identity.subject)
    session = caller.session if caller else None
    if caller is None or session is None or session.hex() != attempt.proves:
        raise BadRequest(ANOTHER)
    if user is None or user.id != caller.user_id:
        raise BadRequest(ANOTHER)
    if not identity.is_new(attempt.begun_at):
        raise ProviderFailed(NOT_NEW)
    async with db.transaction() as transaction, acting(transaction, caller, "session.prove", caller.name) as act:
        act.after = {"by": "identity provider"}
        session_id = await renew_session(transaction, session, proved_at=now)
    context = {"minutes": int(PROOF_LASTS.total_seconds() // 60)}
    cookies = [session_cookie(settings, session_id)]
    return Template("prove/proved.html", context=context, headers={"Cache-Control": "no-store"}, cookies=cookies)
