"""Access and refresh tokens of programs that sign in as a user: JSON Web Tokens (RFC 7519), signed by HMAC-SHA256.

The keys follow from SECRET_KEY, one for each kind of token, and a token names the id of its key: while SECRET_KEY holds
several keys, tokens of each are accepted, and the newest signs. A token says which session it belongs to; whether that
session still holds, and what its user may do, is read from the database each time.
"""

import asyncio
import secrets
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from msgspec import Struct, ValidationError, convert

from console.organizations.sealing import derived, key_id, keys_in

ACCESS_LASTS = timedelta(minutes=30)
REFRESH_LASTS = timedelta(days=7)
LONGEST_TOKEN = 1000  # characters
REMEMBERED = 10_000  # tokens whose signature is not checked again


class TokenKind(StrEnum):
    """What a token is for; one of another kind does not pass."""

    ACCESS = "access"
    REFRESH = "refresh"


class Claims(Struct, frozen=True, kw_only=True):
    """What a token says."""

    sub: str  # the user's number
    sid: int  # the session's number
    exp: int  # when it ends: seconds since 1970
    jti: str  # differs between any two tokens


def sign_token(kind: TokenKind, secret_key: str, user_id: int, session: int, now: datetime) -> str:
    """A new token of this session. Imports a large library: call it in a thread."""
    from joserfc import jwt

    lasts = ACCESS_LASTS if kind is TokenKind.ACCESS else REFRESH_LASTS
    key = _keys(kind, secret_key).keys[0]
    claims = {"sub": str(user_id), "sid": session, "exp": int((now + lasts).timestamp()), "jti": secrets.token_hex(16)}
    return jwt.encode({"alg": "HS256", "kid": key.kid}, claims, key)


async def read_token(kind: TokenKind, secret_key: str, token: str, now: datetime) -> Claims | None:
    """What the token says; None if it is not one of ours, of another kind, or has ended."""
    if len(token) > LONGEST_TOKEN or token.count(".") != 2:
        return None
    claims = _verified.get((kind, secret_key, token))
    if claims is None:
        claims = await asyncio.to_thread(_verify, kind, secret_key, token)
    if claims is None or claims.exp <= now.timestamp():
        return None
    if len(_verified) >= REMEMBERED:
        _verified.clear()
    _verified[kind, secret_key, token] = claims
    return claims


def ends_at(claims: Claims) -> datetime:
    """When the token ends."""
    return datetime.fromtimestamp(claims.exp, UTC)


_verified: dict[tuple[TokenKind, str, str], Claims] = {}


def _verify(kind: TokenKind, secret_key: str, token: str) -> Claims | None:
    from joserfc import jwt
    from joserfc.errors import JoseError

    try:
        return convert(jwt.decode(token, _keys(kind, secret_key), algorithms=["HS256"]).claims, Claims)
    except (JoseError, ValueError, ValidationError):
        return None


@lru_cache(maxsize=8)
def _keys(kind: TokenKind, secret_key: str) -> Any:
    from joserfc.jwk import KeySet, OctKey

    purpose = f"sim-console {kind} tokens".encode()
    return KeySet([OctKey.import_key(derived(key, purpose), {"kid": key_id(key)}) for key in keys_in(secret_key)])
