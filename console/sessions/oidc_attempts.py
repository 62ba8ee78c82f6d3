"""Sign-ins at the identity provider that have begun and not come back: kept in Redis, for ten minutes, used once."""

import re
import secrets
from datetime import datetime

from msgspec import DecodeError, Struct, json
from redis.asyncio import Redis
from redis.exceptions import RedisError

from console.organizations.sealing import hashed

LASTS_SECONDS = 600
LONGEST_NEXT = 2_000  # characters of the address to go on to
RANDOM = re.compile(r"[A-Za-z0-9_-]{43}")  # 256 bits
SCOPE = "openid profile email"


class Attempt(Struct, frozen=True, kw_only=True):
    """A sign-in that waits for the provider's answer."""

    browser: str  # the cookie of the browser that began it, hashed
    nonce: str
    verifier: str  # RFC 7636: whoever has read the code alone can do nothing with it
    redirect_uri: str
    next: str
    begun_at: datetime
    proves: str = ""  # the session whose user signs in once more, its id hashed; none if one is to begin
    links: str = ""  # the session to whose user the identity is to be linked, its id hashed

    def is_of(self, browser: str) -> bool:
        """Whether the browser with this cookie began it."""
        return secrets.compare_digest(self.browser, hashed(browser).hex())


def new_browser(known: str | None) -> str:
    """The value of the cookie that binds attempts to a browser: the one it has, so that its tabs share it, or new."""
    return known if known and RANDOM.fullmatch(known) else secrets.token_urlsafe(32)


def new_attempt(
    browser: str,
    redirect_uri: str,
    next_address: str,
    now: datetime,
    *,
    proves: bytes | None = None,
    links: bytes | None = None,
) -> Attempt:
    """An attempt of the browser with this cookie; `proves`, `links`: the hashed id of the session that it is for."""
    return Attempt(
        browser=hashed(browser).hex(),
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(48),
        redirect_uri=redirect_uri,
        next=next_address if len(next_address) <= LONGEST_NEXT else "/",
        proves=proves.hex() if proves else "",
        links=links.hex() if links else "",
        begun_at=now,
    )


async def keep(redis: Redis, attempt: Attempt) -> str:
    """Keep it; the state that names it, which only the browser and the provider know."""
    state = secrets.token_urlsafe(32)
    await redis.set(_key(state), json.encode(attempt), ex=LASTS_SECONDS)
    return state


async def take(redis: Redis, state: str) -> Attempt | None:
    """The attempt of this state, which nobody gets a second time; None if there is none."""
    if not RANDOM.fullmatch(state):
        return None
    found = await redis.getdel(_key(state))
    try:
        return json.decode(found, type=Attempt) if found else None
    except DecodeError:
        return None


def authorization_address(endpoint: str, client_id: str, state: str, attempt: Attempt) -> str:
    """Where the browser goes to sign in (OpenID Connect Core, 3.1.2.1; RFC 7636, 4.3). Run it in a thread."""
    from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # loaded when used: 0.2 s
    from authlib.oauth2.rfc7636 import create_s256_code_challenge

    address: str = prepare_grant_uri(
        endpoint,
        client_id,
        "code",
        redirect_uri=attempt.redirect_uri,
        scope=SCOPE,
        state=state,
        nonce=attempt.nonce,
        code_challenge=create_s256_code_challenge(attempt.verifier),  # type: ignore[no-untyped-call]
        code_challenge_method="S256",
        **({"prompt": "login", "max_age": "0"} if attempt.proves or attempt.links else {}),
    )
    return address


async def is_used(redis: Redis, logout: str) -> bool:
    """Whether a logout token with this id has been used. Without Redis none has: to sign somebody out again is safe."""
    try:
        return bool(await redis.exists(f"oidc:logout:{hashed(logout).hex()}"))
    except (RedisError, OSError, TimeoutError):
        return False


async def note_use(redis: Redis, logout: str, lasts_seconds: int) -> None:
    """Remember that it has been used, for as long as it would be accepted."""
    try:
        await redis.set(f"oidc:logout:{hashed(logout).hex()}", b"", ex=lasts_seconds)
    except (RedisError, OSError, TimeoutError):
        return


def _key(state: str) -> str:
    return f"oidc:attempt:{hashed(state).hex()}"
