"""Being signed out by the identity provider (OpenID Connect Back-Channel Logout)."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response, post
from litestar.di import NamedDependency

from console.acting import Actor, ActorKind, acting, refuse
from console.audit.rules import INSTALLATION
from console.errors import NotFound, ProviderFailed
from console.http.authentication import Access
from console.http.client_address import network_of
from console.http.sign_in_throttle import count_wrong_post
from console.log import logger
from console.sessions.oidc_attempts import is_used, note_use
from console.sessions.oidc_provider import IdentityProvider
from console.sessions.oidc_tokens import LOGOUT_SECONDS, LONGEST_TOKEN, Recipient, key_id_of, logout_in
from console.sessions.rules import ProviderSession
from console.sessions.writes import end_sessions_at
from console.store.database import Database
from console.users.reads import by_identity

NOBODY = 0  # no user has this id
NOT_KEPT = {"Cache-Control": "no-store"}
FORM_BYTES = LONGEST_TOKEN + 1_024
OFF = "Signing in by an identity provider is not set up here"


@post(
    "/auth/oidc/backchannel-logout",
    status_code=200,
    opt={"access": Access.OWN},
    request_max_body_size=FORM_BYTES,
    include_in_schema=False,
)
async def backchannel_logout(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    identity_provider: NamedDependency[IdentityProvider | None],
) -> Response[Any]:
    """End the sessions that a logout token names; their sockets close within a heartbeat.

    400 for a token that is not accepted (section 2.8). Raises TooMany after 40 of one network in five minutes.
    """
    if identity_provider is None:
        raise NotFound(OFF)
    now, network = datetime.now(UTC), network_of(request.scope)
    try:
        token = (await request.form()).get("logout_token")
        if not isinstance(token, str):
            raise ProviderFailed("There is no logout token")
        ended = await _sign_out(db, identity_provider, token, now)
    except ProviderFailed as error:
        await count_wrong_post(db.redis, network, now.timestamp())
        logger("auth").warning("logout token refused", reason=error.message, network=network)
        stranger = Actor(kind=ActorKind.STRANGER, name="identity provider")
        async with db.transaction() as transaction:
            await refuse(transaction, stranger, "session.end_by_provider", None, error, organization_id=INSTALLATION)
        body = {"error": "invalid_request", "error_description": error.message}
        return Response(body, status_code=400, headers=NOT_KEPT)
    logger("auth").info("signed out by the identity provider", sessions=ended)
    return Response(b"", status_code=200, headers=NOT_KEPT)


async def _sign_out(db: Database, provider: IdentityProvider, token: str, now: datetime) -> int:
    """End the sessions that this logout token names; how many, and none is no fault.

    Raises ProviderFailed for a token that is not accepted, or that has been used.
    """
    keys = await provider.keys(await asyncio.to_thread(key_id_of, token))
    recipient = Recipient(provider.issuer, provider.client_id)
    logout = await asyncio.to_thread(logout_in, token, keys, recipient, now=int(now.timestamp()))
    if await is_used(db.redis, logout.id):
        raise ProviderFailed("The logout token has been used before")
    who = Actor(kind=ActorKind.IDP, name=provider.issuer)
    async with db.transaction() as transaction:
        user_id = None
        if logout.subject is not None:
            user = await by_identity(transaction.connection, provider.issuer, logout.subject)
            user_id = user.id if user else NOBODY
        ended = await end_sessions_at(transaction, ProviderSession(provider.issuer, logout.session), user_id=user_id)
        for organization_id in sorted({one.organization_id for one in ended}) or [INSTALLATION]:
            here = [one for one in ended if one.organization_id == organization_id]
            subject = ", ".join(sorted({str(one.user_id) for one in here})) or None
            async with acting(
                transaction, who, "session.end_by_provider", subject, organization_id=organization_id
            ) as act:
                act.after = {"sessions": len(here)}
    await note_use(db.redis, logout.id, 2 * LOGOUT_SECONDS)
    return len(ended)
