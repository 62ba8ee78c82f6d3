"""Who calls, for pages, the API and sockets alike: by a session cookie, an API key or an access token."""

import time
from collections.abc import Collection, Hashable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from litestar.connection import ASGIConnection
from litestar.types import Scope
from msgspec import structs
from redis.exceptions import RedisError

from console.acting import acting, refuse
from console.api_keys.calling import KeyCallers, sent_key
from console.api_keys.noting import NotedUses
from console.api_keys.reads import caller_of_key
from console.api_keys.rules import is_whole, wall_cookie_name
from console.audit.bounds import Refused, is_written
from console.errors import NotAllowed
from console.http.authentication import Access, FindCaller, is_deed, is_socket, may_change
from console.http.client_address import UNKNOWN, client_address, network_of
from console.http.database import let_go
from console.http.rate_limit import count_on, count_request, handle_of
from console.live.access import Client, Socket
from console.members.credentials import access_of_credentials, caller_of_program, caller_of_session, confirming
from console.members.opening_sockets import ManyCallers
from console.members.writes import note_seen
from console.organizations.rules import Caller, Token
from console.organizations.sealing import hashed
from console.sessions.rules import EXTENDED_EVERY, cookie_name
from console.sessions.tokens import TokenKind, ends_at, read_token
from console.sessions.writes import extend_sessions
from console.settings import Settings
from console.store.database import Database

REFUSED_EVERY, SUBSCRIBED_EVERY = timedelta(minutes=1), timedelta(hours=1)
Connection = ASGIConnection[Any, Any, Any, Any]


class Callers:
    """Finds callers, and checks again whether their credentials still hold."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        db.confirm = confirming(settings.oidc_issuer)
        self._secret_key = settings.secret_key
        self._many = ManyCallers(db, settings.oidc_issuer)
        self._uses = NotedUses(db)
        self.keys = KeyCallers(db, self._uses)
        self._issuer = settings.oidc_issuer
        self._secure = settings.secure_cookies
        self._cookie = cookie_name(secure=self._secure)
        self.found_by: dict[Access, FindCaller] = {
            Access.PAGE: self.of_page,
            Access.WALL: self.of_wall,
            Access.API: self.of_program,
            Access.PUBLIC: self.of_stranger,
        }

    async def close(self) -> None:
        """Write down which keys were used."""
        await self._uses.close()

    async def of_session(self, connection: Connection) -> Caller | None:
        """The user of the session cookie; None without one that holds. A deed of the user extends the session."""
        session_id = connection.cookies.get(self._cookie)
        if not session_id:
            return None
        now, session = datetime.now(UTC), hashed(session_id)
        if is_socket(connection):
            found = await self._many.of_session(session)
        else:
            found = await caller_of_session(self._db.direct, session, now, issuer=self._issuer)
        if found is None:
            return None
        caller, seen_at = found
        if now - seen_at > EXTENDED_EVERY and is_deed(connection):
            async with self._db.transaction(unseen=True) as transaction:
                await extend_sessions(transaction, [session], now, client_address(connection.scope))
                if caller.user_id is not None:
                    await note_seen(transaction, caller.organization_id, caller.user_id, now)
        return caller

    async def of_page(self, connection: Connection) -> Caller | None:
        """As `of_session`; what may change something is counted. Raises TooMany for too much of it."""
        caller = await self.of_session(connection)
        if caller is not None and not is_socket(connection) and may_change(connection):
            await count_on(self._db.redis, connection, caller.handle)
        return caller

    async def of_program(self, connection: Connection) -> Caller | None:
        """The program of the API key, or the user of the access token; None without one that holds.

        Raises TooMany for too many requests of it, or of its network; NotAllowed if the key is not accepted from there.
        """
        key = sent_key(connection)
        if is_whole(key) and not is_socket(connection):
            return await self.keys.of_request(connection, key)
        try:
            caller = await (self._of_key(connection, key) if is_whole(key) else self._of_token(connection, key))
            caller = None if caller is not None and caller.for_wall else caller
        except NotAllowed:
            await count_on(self._db.redis, connection, handle_of(connection.scope))
            raise
        await count_on(self._db.redis, connection, caller.handle if caller else handle_of(connection.scope))
        if caller is None and is_whole(key):
            await self.keys.note_ended(connection.scope, hashed(key), datetime.now(UTC))
        return caller

    async def of_wall(self, connection: Connection) -> Caller | None:
        """Whose wall screen it is, by the key in its cookie; else the user of the session. None without either."""
        key = connection.cookies.get(wall_cookie_name(secure=self._secure), "")
        return await self.of_wall_key(connection, key) or await self.of_session(connection)

    async def of_wall_key(self, connection: Connection, key: str) -> Caller | None:
        """Whose wall screen this key opens; None for any other. Raises NotAllowed if it is not accepted from there."""
        caller = await self._of_key(connection, key) if is_whole(key) else None
        return caller if caller is not None and caller.for_wall else None

    async def of_stranger(self, connection: Connection) -> Caller | None:
        """Nobody: on a route with the option `counted` its network is counted; raises TooMany if it asks too much."""
        if connection.scope["route_handler"].opt.get("counted"):
            await count_on(self._db.redis, connection, handle_of(connection.scope))
        return None

    async def count_network(self, scope: Scope) -> dict[str, str]:
        """Count a request that came without a key, by its network; the rate limit headers of its answer."""
        return (await count_request(self._db.redis, handle_of(scope), time.time())).headers()

    async def _of_token(self, connection: Connection, token: str) -> Caller | None:
        now = datetime.now(UTC)
        claims = await read_token(TokenKind.ACCESS, self._secret_key, token, now)
        if claims is None:
            return None
        if is_socket(connection):
            found = await self._many.of_program(claims.sid)
        else:
            found = await caller_of_program(self._db.direct, claims.sid, now)
        return structs.replace(found, token=Token(claims.sid, ends_at(claims))) if found else None

    async def _of_key(self, connection: Connection, key: str) -> Caller | None:
        secret, now = hashed(key), datetime.now(UTC)
        asked = self._many.of_key(secret) if is_socket(connection) else caller_of_key(self._db.direct, secret, now)
        found = await asked
        return None if found is None else await self.keys.accepted(found, connection.scope, now)

    async def note_refused(self, connection: Connection, error: NotAllowed) -> None:
        """Write into the audit trail what a known caller may not do; the same once a minute, see audit/bounds.py."""
        caller: Caller | None = connection.scope["state"].get("caller")
        subject = f"{connection.scope.get('method', 'socket')} {connection.scope['path']}"
        if caller is None or not await self._is_new(REFUSED_EVERY, "refused", caller.handle, subject):
            return
        if not await is_written(self._db.redis, Refused.REQUEST, caller.handle, time.time()):
            return
        await let_go(connection.scope)
        async with self._db.transaction() as transaction:
            await refuse(transaction, caller, "request.send", subject, error)

    async def note_subscribed(self, socket: Socket, topics: Collection[str]) -> None:
        """Write into the audit trail that a program follows the stream; the same once an hour."""
        caller: Caller = socket.scope["state"]["caller"]
        subject = ", ".join(sorted(topics))
        if await self._is_new(SUBSCRIBED_EVERY, "subscribed", caller.handle, subject):
            async with self._db.transaction() as transaction, acting(transaction, caller, "stream.subscribe", subject):
                pass

    async def _is_new(self, every: timedelta, *what: str) -> bool:
        try:
            return bool(await self._db.redis.set(f"audit:{hashed(' '.join(what)).hex()}", b"", nx=True, ex=every))
        except (RedisError, OSError, TimeoutError):
            return True

    async def still_allowed(self, credentials: Collection[Hashable]) -> Mapping[Hashable, Hashable]:
        """What the caller of each credential may do now; one that has ended is left out. Extends no session."""
        async with self._db.reading() as reading:
            return await access_of_credentials(reading, credentials, datetime.now(UTC), issuer=self._issuer)


def client_of(socket: Socket) -> Client:
    """The caller of a socket that the guard has let in, as far as the live part needs to know it."""
    caller: Caller = socket.scope["state"]["caller"]
    return Client(
        organization_id=caller.organization_id,
        handle=caller.handle,
        network=None if (network := network_of(socket.scope)) == UNKNOWN else network,
        credential=caller.credential,
        topics=caller.topics,
        user_id=caller.user_id,
        masked=not caller.sees_identifiers,
        permissions=caller.access,
    )


def share_of(connection: Connection) -> str:
    """Whose share of the process a request takes: its caller's; without one, that of the network it came from."""
    caller: Caller | None = connection.scope["state"].get("caller")
    return caller.handle if caller else handle_of(connection.scope)
