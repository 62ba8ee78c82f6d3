"""One access token for all workers, kept in Redis, renewed by one of them before it expires.

1NCE caches tokens too: asked again, it gives the same one with the seconds that are left. So a token that is nearly
used up comes back as it was, and is used for half of what it has left. Without Redis each
process then signs in for itself and remembers the token, which costs a few sign-ins and nothing else, as 1NCE gives all
of them the same token.
"""

import asyncio
import hashlib
import secrets
import time
from collections.abc import Awaitable, Callable

from msgspec import Struct
from redis.asyncio import Redis

from console.once.errors import SignInRefused, Unavailable
from console.once.http.shared_state import OUT_OF_REACH, text

MARGIN_SECONDS = 60.0  # a token is renewed so long before its end, or at half of what it had left
SHORTEST_USE_SECONDS = 0.5
LOCK_SECONDS = 20.0  # a sign-in that takes longer is made by a second worker too, which does no harm
REFUSAL_KEPT_SECONDS = 10.0  # wrong credentials are tried once by all workers together, then left alone for a while
LOOK_AGAIN_SECONDS = 0.05

# Delete a key only if it still holds what we think it holds.
_DELETE_IF = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else return 0 end"


class AccessToken(Struct, frozen=True):
    """The answer of a sign-in. Shows no token when printed or logged."""

    token: str
    seconds_left: float

    def __repr__(self) -> str:
        return f"AccessToken(seconds_left={self.seconds_left})"


SignInCall = Callable[[], Awaitable[AccessToken]]


def use_for(seconds_left: float) -> float:
    """How long a token with so many seconds left is used before a new one is asked for."""
    return max(seconds_left - MARGIN_SECONDS, seconds_left / 2, SHORTEST_USE_SECONDS)


class TokenStore:
    """The token of one login at 1NCE, for all workers. `sign_in` asks 1NCE; it raises SignInRefused or Unavailable."""

    def __init__(self, redis: Redis, *, login: str, sign_in: SignInCall) -> None:
        name = hashlib.sha256(login.encode()).hexdigest()[:20]
        self._redis = redis
        self._key, self._lock, self._refusal = (f"once:token:{name}{end}" for end in ("", ":lock", ":refused"))
        self._delete_if = redis.register_script(_DELETE_IF)
        self._sign_in = sign_in
        self._own: AccessToken | None = None  # used while Redis is out of reach
        self._own_until = 0.0
        self._renewal: asyncio.Task[str] | None = None

    async def get(self) -> str:
        """A token that is good for a while. Raises SignInRefused or Unavailable."""
        try:
            token = await self._cached()
        except OUT_OF_REACH:
            token = None
        return token or await self._renewed()

    async def discard(self, token: str) -> None:
        """1NCE no longer takes this token: drop it, unless another worker has put a newer one in its place."""
        if self._own is not None and self._own.token == token:
            self._own = None
        try:
            await self._delete_if(keys=[self._key], args=[token])
        except OUT_OF_REACH:
            return  # our own copy is gone, which is all that counts without Redis

    async def fresh(self) -> str:
        """Sign in now, whatever is cached, to see whether the credentials are right; others profit from the token."""
        signed = await self._sign_in()
        try:
            await self._keep(signed)
            await self._redis.delete(self._refusal)
        except OUT_OF_REACH:
            self._remember(signed)
        return signed.token

    async def _renewed(self) -> str:
        """One renewal at a time in this process: all who wait share its token, or its failure."""
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._renew_with_or_without_redis())
        return await asyncio.shield(self._renewal)

    async def _renew_with_or_without_redis(self) -> str:
        try:
            return await self._cached() or await self._renew()
        except OUT_OF_REACH:
            return await self._without_redis()

    async def _cached(self) -> str | None:
        return text(await self._redis.get(self._key))

    async def _renew(self) -> str:
        """Sign in, or wait for the one who is doing it."""
        nonce = secrets.token_hex(8)
        give_up = time.monotonic() + 2 * LOCK_SECONDS
        while time.monotonic() < give_up:
            if await self._redis.set(self._lock, nonce, nx=True, px=int(LOCK_SECONDS * 1000)):
                try:
                    return await self._cached() or await self._signed_in()
                finally:
                    await self._delete_if(keys=[self._lock], args=[nonce])
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            if token := await self._cached():
                return token
        raise Unavailable("Signing in to 1NCE takes too long.", maybe_done=False)

    async def _signed_in(self) -> str:
        """Sign in under the lock. A refusal is remembered, so that those who wait do not repeat it one by one."""
        refused = text(await self._redis.get(self._refusal))
        if refused is not None:
            raise SignInRefused(400, refused)
        try:
            signed = await self._sign_in()
        except SignInRefused as error:
            await self._redis.set(self._refusal, error.message, px=int(REFUSAL_KEPT_SECONDS * 1000))
            raise
        await self._keep(signed)
        return signed.token

    async def _keep(self, signed: AccessToken) -> None:
        self._remember(signed)
        await self._redis.set(self._key, signed.token, px=int(use_for(signed.seconds_left) * 1000))

    def _remember(self, signed: AccessToken) -> None:
        self._own, self._own_until = signed, time.monotonic() + use_for(signed.seconds_left)

    async def _without_redis(self) -> str:
        if self._own is None or time.monotonic() >= self._own_until:
            self._remember(await self._sign_in())
        assert self._own is not None
        return self._own.token
