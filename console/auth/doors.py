"""Which caller a session cookie or an API key belongs to, and whether our own page sent a request."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from litestar import WebSocket
from litestar.connection import ASGIConnection
from litestar.types import Scope

from console.auth import reads, writes
from console.auth.rules import KEY_WORD, Caller, Pass, hashed
from console.auth.throttle import count_request
from console.errors import TooMany
from console.settings import Settings
from console.store.database import Database

Connection = ASGIConnection[Any, Any, Any, Any]
SEEN_EVERY = timedelta(minutes=5)  # how exactly it is noted when a session was last in use
USED_EVERY = timedelta(minutes=1)  # the same of an API key


def cookie_name(settings: Settings) -> str:
    """The session's cookie. With https everywhere its name binds it to this very host."""
    return "__Host-session" if settings.secure_cookies else "session"


async def session_caller(connection: Connection, db: Database, settings: Settings) -> Caller | None:
    """Who has this session; a session in use lives on."""
    session_id = connection.cookies.get(cookie_name(settings))
    if not session_id:
        return None
    passed = Pass(session=hashed(session_id))
    return (await still_signed_in(db, [passed])).get(passed)


async def still_signed_in(db: Database, passes: Collection[Pass]) -> dict[Pass, Caller]:
    """Who comes in with each of these now; a pass that has ended is left out. Sessions in use live on."""
    now = datetime.now(UTC)
    ids = [passed.session for passed in passes if passed.session is not None]
    key_ids = [passed.key_id for passed in passes if passed.key_id is not None]
    found: dict[Pass, Caller] = {}
    async with db.reading() as reading:
        persons = await reads.callers_of_sessions(reading, ids, now) if ids else {}
        if key_ids:
            for key_id, caller in (await reads.callers_of_keys(reading, key_ids)).items():
                found[Pass(key_id=key_id)] = caller
    found.update({Pass(session=session): caller for session, (caller, _) in persons.items()})
    if old := [session for session, (_, seen_at) in persons.items() if now - seen_at > SEEN_EVERY]:
        async with db.transaction() as transaction:
            await writes.keep_sessions(transaction, old, now)
    return found


def pass_of(connection: Connection, caller: Caller, settings: Settings) -> Pass:
    """What this caller has come in with."""
    if caller.key_id is not None:
        return Pass(key_id=caller.key_id)
    return Pass(session=hashed(connection.cookies[cookie_name(settings)]))


async def key_caller(connection: Connection, db: Database) -> Caller | None:
    """Whose key this is, noted as used; None if there is none or it opens nothing."""
    key = connection.headers.get("x-api-key", "")
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if not key and scheme.lower() == "bearer":
        key = token.strip()
    if not key.startswith(KEY_WORD):
        return None
    async with db.reading() as reading:
        found = await reads.caller_of_key(reading, key)
    if found is None:
        return None
    caller, used_at = found
    now = datetime.now(UTC)
    if caller.key_id is not None and (used_at is None or now - used_at > USED_EVERY):
        async with db.transaction() as transaction:
            await writes.note_key_use(transaction, caller.key_id, now)
    return caller


def same_origin(connection: Connection, settings: Settings) -> bool:
    """Whether the browser says that one of our own pages has sent this. Programs that are no browser say nothing."""
    origin = connection.headers.get("origin")
    if origin is None:
        return connection.headers.get("sec-fetch-site", "none") in ("same-origin", "none")
    return is_ours(origin, connection, settings)


def is_ours(origin: str, connection: Connection, settings: Settings) -> bool:
    """Whether this origin is one of PUBLIC_ORIGIN; without that setting (development), the host that was asked."""
    if settings.public_origin:
        return origin in settings.public_origin
    return urlsplit(origin).netloc == connection.headers.get("host")


def asks_from_elsewhere(socket: WebSocket[Any, Any, Any], settings: Settings) -> bool:
    """Whether a browser's socket comes from a page that is not ours: browsers send cookies along with those too."""
    return not is_ours(socket.headers.get("origin", ""), socket, settings)


async def counted_key_caller(connection: Connection, db: Database) -> Caller | None:
    """The program whose API key this is; TooMany if it, or without a key its address, has asked too much."""
    caller = await key_caller(connection, db)
    allowance = await count_request(db.redis, caller.handle if caller else _address(connection.scope))
    connection.scope["state"]["allowance"] = allowance
    if allowance.remaining < 0:
        raise TooMany(f"At most {allowance.limit} requests a minute", retry_after=allowance.reset)
    return caller


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return f"address:{client[0] if client else 'unknown'}"


def share_of(connection: Connection) -> str:
    """Whose share of the process a request takes: its caller's; without one, that of the address it came from."""
    caller: Caller | None = connection.scope["state"].get("caller")
    return caller.handle if caller else _address(connection.scope)


async def count_address(db: Database, scope: Scope) -> dict[str, str]:
    """Count a request that came without a key, by its address; the rate limit headers of its answer."""
    return (await count_request(db.redis, _address(scope))).headers()
