"""A user with a password here lets an identity of the identity provider sign them in too, or no more."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from litestar import Request, Response, Router, post
from litestar.di import NamedDependency
from litestar.response import Redirect

from console.acting import acting
from console.callers import Callers
from console.errors import BadRequest, Conflict, NotFound, ProviderFailed
from console.http.origins import own_origin
from console.organizations.rules import Caller
from console.organizations.sealing import hashed
from console.pages.administration import FORM_BYTES, page
from console.pages.oidc_logout import OFF
from console.pages.session_cookie import cookie, oidc_cookie_name, session_cookie
from console.sessions.oidc_attempts import (
    LASTS_SECONDS,
    Attempt,
    authorization_address,
    keep,
    new_attempt,
    new_browser,
)
from console.sessions.oidc_provider import IdentityProvider
from console.sessions.oidc_tokens import Identity
from console.sessions.writes import end_sessions_of, renew_session
from console.settings import Settings
from console.store.database import Database
from console.users.reads import has_password
from console.users.writes import link_identity, unlink_identity

Asked = Request[Any, Any, Any]
BACK = "/settings"
BY_PROVIDER = "You have no password here: the identity provider alone signs you in"


@post("/settings/identity/link", status_code=200)
async def begin(
    request: Asked,
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    live_since: NamedDependency[str],
    identity_provider: NamedDependency[IdentityProvider | None],
) -> Response[Any]:
    """The way to the provider, for whoever has just proved that the session is theirs. Nothing is linked yet."""
    assert caller.user_id is not None
    assert caller.session is not None
    if identity_provider is None:
        raise NotFound(OFF)
    async with db.transaction() as transaction, acting(transaction, caller, "account.begin_link", caller.name):
        if not await has_password(transaction.connection, caller.user_id):
            raise Conflict(BY_PROVIDER)
    name = oidc_cookie_name(settings)
    browser = new_browser(request.cookies.get(name))
    back = f"{own_origin(request, settings)}/auth/oidc/callback"
    attempt = new_attempt(browser, back, BACK, datetime.now(UTC), links=caller.session)
    endpoints = await identity_provider.endpoints()
    state = await keep(db.redis, attempt)
    address = await asyncio.to_thread(
        authorization_address, endpoints.authorization, identity_provider.client_id, state, attempt
    )
    where: dict[str, Any] = {"address": address, "issuer": identity_provider.issuer}
    async with db.reading() as reading:
        shown = await page(reading, caller, live_since, "settings", "settings/link.html", secret=True, **where)
    shown.cookies = [cookie(settings, name, browser, timedelta(seconds=LASTS_SECONDS))]
    return shown


async def linked(
    request: Asked, db: Database, settings: Settings, callers: Callers, attempt: Attempt, identity: Identity
) -> Redirect:
    """The identity signs this user in from now on; all other sessions of theirs end, and this one has a new cookie.

    Raises BadRequest for another session than the one that began it, ProviderFailed if they have not signed in there
    since, ProofNeeded if that took too long, Conflict if the identity is another user's, or they have another one.
    """
    caller = await callers.of_session(request)
    if caller is None or caller.session is None or caller.user_id is None or caller.session.hex() != attempt.links:
        raise BadRequest("Your session here has ended meanwhile: begin again")
    if not identity.is_new(attempt.begun_at):
        raise ProviderFailed(
            "The identity provider has not asked you to sign in again: it does not say that you have just done so"
        )
    now = datetime.now(UTC)
    async with (
        db.transaction() as transaction,
        acting(transaction, caller, "account.link_identity", caller.name) as act,
    ):
        act.after = {"identity_provider": identity.issuer, "subject": identity.subject}
        await link_identity(transaction, caller.user_id, identity.issuer, identity.subject, identity.groups, now)
        session_id = await renew_session(transaction, caller.session)
        await end_sessions_of(transaction, caller.user_id, but=hashed(session_id))
    return Redirect(BACK, status_code=303, cookies=[session_cookie(settings, session_id)])


@post("/settings/identity/unlink", status_code=303)
async def unlink(
    caller: NamedDependency[Caller], db: NamedDependency[Database], settings: NamedDependency[Settings]
) -> Redirect:
    """The password alone signs them in again; all other sessions of theirs end."""
    assert caller.user_id is not None
    assert caller.session is not None
    async with (
        db.transaction() as transaction,
        acting(transaction, caller, "account.unlink_identity", caller.name) as act,
    ):
        if not await has_password(transaction.connection, caller.user_id):
            raise Conflict(BY_PROVIDER)
        act.before = {"identity_providers": await unlink_identity(transaction, caller.user_id)}
        session_id = await renew_session(transaction, caller.session)
        await end_sessions_of(transaction, caller.user_id, but=hashed(session_id))
    return Redirect(BACK, status_code=303, cookies=[session_cookie(settings, session_id)])


router = Router("/", route_handlers=[begin, unlink], request_max_body_size=FORM_BYTES, opt={"permission": None})
