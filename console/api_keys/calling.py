"""Who calls with an API key: found, counted, and confirmed, in as few questions to the database as the truth allows."""

import time
from datetime import UTC, datetime

from litestar.types import Scope
from redis.asyncio import Redis

from console.acting import Actor, ActorKind, refuse
from console.api_keys.kept import KeptKeys
from console.api_keys.noting import NotedUses
from console.api_keys.reads import UsedKey, ended_key
from console.api_keys.rules import accepted_from, is_whole
from console.audit.bounds import Refused, is_written
from console.errors import NotAllowed, NotSignedIn
from console.http.authentication import Connection
from console.http.client_address import client_address
from console.http.rate_limit import COUNTED_FOR, Allowance, count_on, count_request, handle_of
from console.organizations.rules import Caller
from console.organizations.sealing import hashed
from console.store.database import Database
from console.store.direct_reads import GONE


def sent_key(connection: Connection) -> str:
    """The API key or access token that a request carries; empty without one, and where it carries different keys."""
    keys = set(connection.headers.getall("x-api-key", ()))
    if len(keys) > 1:  # whose request it is would be a guess, and a proxy's another than ours
        return ""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    return "".join(keys) or bearer


class KeyCallers:
    """Finds the callers of requests, not of sockets, with whole API keys."""

    def __init__(self, db: Database, uses: NotedUses) -> None:
        self._db = db
        self._redis: Redis = db.redis
        self._keys = KeptKeys(db)
        self._uses = uses

    @property
    def number(self) -> int:
        """How many transactions this process has committed."""
        return self._db.changes.number

    async def of_request(self, connection: Connection, key: str) -> Caller | None:
        """The program with this key; None for a key that does not hold, or is that of a wall screen.

        Raises TooMany for too many requests of it, or of its network; NotAllowed if it is not accepted from there.
        """
        scope, now, secret = connection.scope, datetime.now(UTC), hashed(key)
        used = self._keys.get(secret, now) or await self._keys.read(scope, secret, now)
        if used is None or used.caller.for_wall:
            await count_on(self._redis, connection, handle_of(scope))
            await self.note_ended(scope, secret, now)
            return None
        try:
            await self.accepted(used, scope, now)
        except NotAllowed:
            await count_on(self._redis, connection, handle_of(scope))
            raise
        allowance = await count_on(self._redis, connection, used.caller.handle)
        found = await self._keys.confirmed(scope, secret, allowance.changed, now)
        return None if found is None else await self.accepted(found, scope, now)

    async def note_ended(self, scope: Scope, secret: bytes, now: datetime) -> None:
        """Write into the audit trail that a key which does not hold any more is tried, so many times an hour alone."""
        async with self._db.reading() as reading:
            ended = await ended_key(reading, secret, now)
        if ended is None or not await is_written(self._redis, Refused.KEY, f"key:{ended.id}", now.timestamp()):
            return
        error = NotSignedIn("This API key was revoked" if ended.revoked else "This API key is past its end")
        actor, of = Actor(kind=ActorKind.KEY, name=ended.name, id=ended.id), ended.organization_id
        subject = f"{scope.get('method', 'socket')} {scope['path']}"
        async with self._db.transaction() as transaction:
            await refuse(transaction, actor, "request.send", subject, error, organization_id=of)

    async def of_kept(self, scope: Scope, key: bytes) -> Caller | None:
        """The program with this key, not yet confirmed; None for any that `of_request` must look at."""
        text, now = key.decode("latin-1"), datetime.now(UTC)
        if not is_whole(text):
            return None
        secret = hashed(text)
        try:
            used = self._keys.get(secret, now) or await self._keys.read(scope, secret, now)
        except GONE:
            return None
        return used.caller if used is not None and not used.networks and not used.caller.for_wall else None

    async def count_kept(self, scope: Scope, key: bytes, caller: Caller) -> tuple[Allowance, bool]:
        """Count the request of this program, and whether it still is who it was, as of that moment."""
        allowance = await count_request(self._redis, caller.handle, time.time())
        scope["state"] |= {"allowance": allowance, COUNTED_FOR: caller.handle}
        now = datetime.now(UTC)
        found = await self._keys.confirmed(scope, hashed(key.decode("latin-1")), allowance.changed, now)
        if found is None or found.caller != caller or found.networks:
            return allowance, False
        await self.accepted(found, scope, now)
        return allowance, True

    async def accepted(self, found: UsedKey, scope: Scope, now: datetime) -> Caller:
        """The program with this key, whose use is noted. Raises NotAllowed if it is not accepted from there.

        That stands in the audit trail, so many times an hour alone: the key may have been stolen.
        """
        if not accepted_from(found.networks, client_address(scope)):
            error = NotAllowed("This API key is not accepted from your network")
            if await is_written(self._redis, Refused.KEY, found.caller.handle, now.timestamp()):
                subject = f"{scope.get('method', 'socket')} {scope['path']}"
                async with self._db.transaction() as transaction:
                    await refuse(transaction, found.caller, "request.send", subject, error)
            raise error
        if found.caller.key_id is not None:
            self._uses.note(found.caller.key_id, found.used_at, now)
        return found.caller
