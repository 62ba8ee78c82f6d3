"""Signing in at the identity provider (OpenID Connect Core, code flow with PKCE)."""

import asyncio
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from litestar import Request, Response, Router, get
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template

from console.acting import Actor, ActorKind, refuse
from console.audit.rules import INSTALLATION
from console.callers import Callers
from console.errors import BadRequest, ConsoleError, NotAllowed, NotFound, ProviderFailed, TooMany
from console.http.authentication import Access
from console.http.client_address import client_address, network_of
from console.http.origins import own_origin
from console.http.sign_in_throttle import count_wrong_post
from console.log import logger
from console.members.identified import admit
from console.pages.leaving import leave
from console.pages.next_address import after_sign_in, within
from console.pages.oidc_logout import OFF, backchannel_logout
from console.pages.oidc_proof import proved, session_of
from console.pages.own_identity import linked
from console.pages.session_cookie import cookie, oidc_cookie_name, session_cookie
from console.sessions.oidc_attempts import (
    LASTS_SECONDS,
    RANDOM,
    Attempt,
    authorization_address,
    keep,
    new_attempt,
    new_browser,
    take,
)
from console.sessions.oidc_provider import IdentityProvider
from console.sessions.oidc_tokens import Identity, Recipient, identity_in, key_id_of
from console.settings import Settings
from console.store.database import Database

Asked = Request[Any, Any, Any]
Provider = IdentityProvider | None
NOT_KEPT = {"Cache-Control": "no-store"}
LONGEST_CODE = 4_096
ERROR_CODE = re.compile(r"[a-z_]{1,60}")  # RFC 6749, 4.1.2.1; the description may say anything, and is not shown
GONE = "This sign-in has been used already, or took longer than ten minutes: begin again"
ELSEWHERE = "This sign-in was begun in another browser: begin again"
CANCELLED = "The identity provider has not let you in"


@get("/auth/oidc/start", include_in_schema=False)
async def start(
    request: Asked,
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    identity_provider: NamedDependency[Provider],
    next: FromQuery[str] = "/",
    prove: FromQuery[bool] = False,
) -> Response[Any]:
    """To the provider, and from there to `callback`. `prove`: for a proof of the present session."""
    provider = _set_up(identity_provider)
    name = oidc_cookie_name(settings)
    browser = new_browser(request.cookies.get(name))
    back = f"{own_origin(request, settings)}/auth/oidc/callback"
    proves = session_of(request, settings) if prove else None
    attempt = new_attempt(browser, back, within(next), datetime.now(UTC), proves=proves)
    try:
        endpoints = await provider.endpoints()
        state = await keep(db.redis, attempt)
        address = await asyncio.to_thread(
            authorization_address, endpoints.authorization, provider.client_id, state, attempt
        )
    except ProviderFailed as error:
        return await _refused(request, db, error, attempt.next)
    cookies = [cookie(settings, name, browser, timedelta(seconds=LASTS_SECONDS))]
    return Redirect(address, status_code=303, cookies=cookies, headers=NOT_KEPT)


@get("/auth/oidc/callback", include_in_schema=False)
async def callback(
    request: Asked,
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    identity_provider: NamedDependency[Provider],
    callers: NamedDependency[Callers],
) -> Response[Any]:
    """A new session, if the provider says who it is and one of their groups has a role; else why not.

    A sign-in that is to prove a session, or to be linked to its user, does that and nothing else.
    """
    provider, next_address = _set_up(identity_provider), "/"
    try:
        attempt = await _attempt(request, db, settings)
        next_address = attempt.next
        identity = await _identity(request, provider, settings, attempt)
        if attempt.proves:
            return await proved(request, db, settings, callers, attempt, identity)
        if attempt.links:
            return await linked(request, db, settings, callers, attempt, identity)
        address, agent = client_address(request.scope), request.headers.get("user-agent", "")
        admitted = await admit(db, identity, datetime.now(UTC), address=address, agent=agent)
        if admitted.fault is not None:
            raise admitted.fault
    except ConsoleError as error:
        kept = isinstance(error, NotAllowed)  # with the groups that were found
        return await _refused(request, db, error, next_address, kept=kept)
    logger("auth").info("signed in by the identity provider", network=network_of(request.scope))
    await leave(request, db, settings, callers)
    cookies = [session_cookie(settings, admitted.session_id or ""), _no_attempt(settings)]
    return Redirect(after_sign_in(next_address), status_code=303, cookies=cookies, headers=NOT_KEPT)


def _set_up(provider: Provider) -> IdentityProvider:
    if provider is None:
        raise NotFound(OFF)
    return provider


def _no_attempt(settings: Settings) -> Cookie:
    return cookie(settings, oidc_cookie_name(settings), "", timedelta(0))


async def _attempt(request: Asked, db: Database, settings: Settings) -> Attempt:
    """The attempt that the browser comes back from. Raises BadRequest for none, or another browser's."""
    found = await take(db.redis, request.query_params.get("state", ""))
    if found is None:
        raise BadRequest(GONE)
    browser = request.cookies.get(oidc_cookie_name(settings), "")
    if not RANDOM.fullmatch(browser) or not found.is_of(browser):
        raise BadRequest(ELSEWHERE)
    return found


async def _identity(request: Asked, provider: IdentityProvider, settings: Settings, attempt: Attempt) -> Identity:
    """Who has signed in. Raises ProviderFailed if it is not proven, NotAllowed if the provider refused."""
    asked = request.query_params
    if asked.get("iss", provider.issuer) != provider.issuer:  # RFC 9207, 2.4
        raise ProviderFailed("The answer is another identity provider's")
    code = asked.get("code", "")
    if "error" in asked:
        said = asked["error"]
        raise ProviderFailed(f"{CANCELLED} ({said})" if ERROR_CODE.fullmatch(said) else CANCELLED)
    if not 0 < len(code) <= LONGEST_CODE or not code.isprintable():
        raise ProviderFailed("The identity provider gave no code")
    tokens = await provider.tokens(code, attempt.verifier, attempt.redirect_uri)
    keys = await provider.keys(await asyncio.to_thread(key_id_of, tokens.id_token))
    return await asyncio.to_thread(
        identity_in,
        tokens.id_token,
        keys,
        Recipient(provider.issuer, provider.client_id),
        nonce=attempt.nonce,
        access_token=tokens.access_token,
        groups_claim=settings.oidc_groups_claim,
        now=int(datetime.now(UTC).timestamp()),
    )


async def _refused(request: Asked, db: Database, error: ConsoleError, next: str, *, kept: bool = False) -> Template:
    """The sign-in page with the reason, from which there are other ways in."""
    network = network_of(request.scope)
    logger("auth").warning("sign-in by the identity provider refused", reason=error.message, network=network)
    try:
        await count_wrong_post(db.redis, network, time.time())
        if not kept:
            await _write_down(db, error)
    except TooMany as too_many:  # the trail is kept for years: nobody fills it
        error = too_many
    context = {"error": error.message, "name": "", "next": next}
    return Template("sign_in/sign_in.html", context=context, status_code=error.status, headers=NOT_KEPT)


async def _write_down(db: Database, error: ConsoleError) -> None:
    """A line of what was refused, of the whole installation: nobody is known."""
    stranger = Actor(kind=ActorKind.STRANGER, name="identity provider")
    async with db.transaction() as transaction:
        await refuse(transaction, stranger, "session.begin", None, error, organization_id=INSTALLATION)


router = Router(
    "/",
    route_handlers=[start, callback, backchannel_logout],
    opt={"access": Access.PUBLIC, "counted": True},
)
