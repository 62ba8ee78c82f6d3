"""How a program signs in as a user: an access token for half an hour, and a refresh token for the next one."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Request, Response, Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from console.acting import acting
from console.errors import Conflict, Invalid, NotSignedIn, SecondFactorRequired
from console.http.authentication import Access
from console.http.client_address import client_address, network_of
from console.http.sign_in_throttle import begin_factor_attempt, succeeded
from console.members.credentials import callers_of_programs
from console.members.entering import note_entered
from console.members.signing_in import (
    NextStep,
    SignIn,
    check_password,
    enter_by_password,
    entered,
    next_step,
    note_without_factor,
    user_of,
)
from console.organizations.rules import Caller
from console.sessions.rules import SessionKind
from console.sessions.tokens import ACCESS_LASTS, REFRESH_LASTS, TokenKind, read_token, sign_token
from console.sessions.writes import begin_session, end_program_session, keep_refresh_token
from console.settings import Settings
from console.store.database import Database, Transaction
from console.users.factors_reads import has_second_factor
from console.users.factors_writes import use_second_factor

NO_CODE = "This user has a second factor: send its code as otp"
NO_FACTOR = "The organization demands a second factor: set one up by signing in on the page"
ENDED = "This refresh token has ended: sign in again"
USED_BEFORE = "This refresh token has been used before: its session has ended, sign in again"
BODY_BYTES = 8 * 1024
NOT_KEPT = {"Cache-Control": "no-store"}
Asked = Request[Any, Any, Any]
AnyToken = Annotated[str, Meta(description="A refresh token as it was answered.", examples=["eyJ…"])]


class LogIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who signs in."""

    username: Annotated[str, Meta(description="The user's name.", examples=["ada"])]
    password: Annotated[str, Meta(description="The user's password.", examples=["…"])]
    otp: Annotated[
        str | None,
        Meta(
            description="A code of the user's application, or a recovery code: needed where they have a second factor."
        ),
    ] = None
    organization_id: Annotated[
        int | None,
        Meta(description="The organization to work in; null: the one that the user was in last.", examples=[1]),
    ] = None


class Refresh(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is exchanged for new tokens."""

    refresh_token: AnyToken


class Tokens(Struct, frozen=True, kw_only=True):
    """The tokens of a session (RFC 6749, 5.1)."""

    access_token: Annotated[str, Meta(description="For `Authorization: Bearer …`.", examples=["eyJ…"])]
    token_type: Annotated[str, Meta(description="How it is sent.", examples=["Bearer"])] = "Bearer"  # noqa: S105
    expires_in: Annotated[int, Meta(description="Seconds until the access token ends.", examples=[1800])]
    refresh_token: Annotated[str, Meta(description="Works once, for the next tokens.", examples=["eyJ…"])]
    refresh_expires_in: Annotated[int, Meta(description="Seconds until the refresh token ends.", examples=[604800])]


async def _signed(secret_key: str, user_id: int, session: int, now: datetime) -> Tokens:
    access, refresh = [await asyncio.to_thread(sign_token, one, secret_key, user_id, session, now) for one in TokenKind]
    return Tokens(
        access_token=access,
        expires_in=int(ACCESS_LASTS.total_seconds()),
        refresh_token=refresh,
        refresh_expires_in=int(REFRESH_LASTS.total_seconds()),
    )


@post("/auth/login", operation_id="logIn", summary="Sign in as a user", status_code=200)
async def log_in(
    request: Asked,
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    data: JSONBody[LogIn],
) -> Response[Tokens]:
    """A new session, for programs that act for a person; others use an API key. Guessing is slowed down: 429."""
    now = datetime.now(UTC)
    asked = SignIn(
        name=data.username,
        password=data.password,
        address=client_address(request.scope),
        network=network_of(request.scope),
        agent=request.headers.get("user-agent", ""),
    )

    async def enters(
        transaction: Transaction, user_id: int, organization_id: int, now: datetime, **where: Any
    ) -> Tokens:
        if proving := data.otp is not None and await has_second_factor(transaction.connection, user_id):
            try:
                await use_second_factor(transaction, settings.secret_key, user_id, data.otp or "", now)
            except Invalid as error:
                raise NotSignedIn(error.message) from error
        await note_entered(transaction, user_id, organization_id, now)
        begun = await begin_session(
            transaction, user_id, organization_id, now, kind=SessionKind.PROGRAM, second_factor=proving, **where
        )
        tokens = await _signed(settings.secret_key, user_id, begun.number, now)
        await keep_refresh_token(transaction, begun.number, tokens.refresh_token, now, REFRESH_LASTS)
        return tokens

    known = await check_password(db, asked, now)
    where = await entered(db, user_of(known), now, data.organization_id)
    step = await next_step(db, known, where, now)
    if step is NextStep.SET_UP or (step is NextStep.PROVE and data.otp is None):
        error = SecondFactorRequired(NO_FACTOR if step is NextStep.SET_UP else NO_CODE)
        await note_without_factor(db, known, where, error, now)
        raise error
    if step is NextStep.NONE:
        return Response(await enter_by_password(db, known, asked, now, where, enters), headers=NOT_KEPT)
    attempt = await begin_factor_attempt(db.redis, known.id, None, now.timestamp())
    tokens = await enter_by_password(db, known, asked, now, where, enters)
    await succeeded(db.redis, attempt)
    return Response(tokens, headers=NOT_KEPT)


@post("/auth/refresh", operation_id="refreshTokens", summary="Exchange a refresh token for new tokens", status_code=200)
async def refresh(
    request: Asked, db: NamedDependency[Database], settings: NamedDependency[Settings], data: JSONBody[Refresh]
) -> Response[Tokens]:
    """Each refresh token works once. One that comes again has been copied: the whole session ends, with its sockets."""
    now, old = datetime.now(UTC), data.refresh_token
    claims = await read_token(TokenKind.REFRESH, settings.secret_key, old, now)
    if claims is None:
        raise NotSignedIn(ENDED)
    async with db.reading() as reading:
        caller = (await callers_of_programs(reading, [claims.sid], now)).get(claims.sid)
    if caller is None:
        raise NotSignedIn(ENDED)
    tokens = await _signed(settings.secret_key, int(claims.sub), claims.sid, now)
    try:
        async with db.transaction() as transaction, acting(transaction, caller, "session.refresh", caller.name):
            if not await keep_refresh_token(
                transaction,
                claims.sid,
                tokens.refresh_token,
                now,
                REFRESH_LASTS,
                instead_of=old,
                address=client_address(request.scope),
            ):
                raise TokenUsedAgain(USED_BEFORE)
    except TokenUsedAgain:
        async with db.transaction() as transaction, acting(transaction, caller, "session.revoke", caller.name) as act:
            act.after = {"because": USED_BEFORE}
            await end_program_session(transaction, int(claims.sub), claims.sid)
        raise
    return Response(tokens, headers=NOT_KEPT)


class TokenUsedAgain(NotSignedIn):
    """A refresh token came that is not the newest of its session."""


@post("/auth/logout", operation_id="logOut", summary="End the session of the access token", status_code=204)
async def log_out(caller: NamedDependency[Caller], db: NamedDependency[Database]) -> None:
    """Its tokens open nothing from this moment; its streams end within 15 seconds. 409 for an API key: revoke it."""
    if caller.token is None or caller.user_id is None:
        raise Conflict("An API key does not sign out: revoke it")
    async with db.transaction() as transaction, acting(transaction, caller, "session.end", caller.name):
        await end_program_session(transaction, caller.user_id, caller.token.session)


router = Router(
    "/",
    route_handlers=[
        Router(
            "/",
            route_handlers=[log_in, refresh],
            request_max_body_size=BODY_BYTES,
            opt={"access": Access.PUBLIC, "permission": None, "counted": True},
        ),
        Router("/", route_handlers=[log_out], opt={"permission": None}),
    ],
    tags=["Sign-in"],
)
