"""What an identity provider's tokens say, once their signature, issuer, recipient and times have been checked.

Run these in a thread: the libraries are loaded when first used, which takes half a second.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from console.errors import ProviderFailed
from console.sessions.oidc_documents import Key

# Asymmetric ones alone: with a shared secret, or none, whoever knows a public key could write tokens (RFC 8725, 3.1).
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
LEEWAY_SECONDS = 60  # that the provider's clock may differ
LONGEST_TOKEN = 64 * 1024
LONGEST_ID = 255  # characters of a subject or a session (OpenID Connect Core, section 2)
MOST_GROUPS = 500
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_SECONDS = 600  # after which a logout token is too old, whatever it says itself
# What the libraries raise beside their own errors for values that are of no kind they know.
HOSTILE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class Recipient(Struct, frozen=True):
    """From whom, and for whom, a token must be."""

    issuer: str
    client_id: str


class Identity(Struct, frozen=True):
    """Who has signed in, as the provider says."""

    issuer: str
    subject: str
    session: str | None  # the provider's own name for its session
    names: tuple[str, ...]  # that they could be called by, the best first
    groups: frozenset[str]
    authenticated_at: datetime | None = None  # when they last gave what they sign in with there

    def is_new(self, since: datetime) -> bool:
        """Whether they have signed in there since this moment, as far as the provider says (`auth_time`)."""
        at = self.authenticated_at
        return at is not None and at >= since - timedelta(seconds=LEEWAY_SECONDS)


class Logout(Struct, frozen=True):
    """Whose sessions are to end: those of a subject, or one session of the provider's, or both at once."""

    id: str
    subject: str | None
    session: str | None


def key_id_of(token: str) -> str | None:
    """The id of the key that a token says it was signed with; None if it names none. Raises ProviderFailed."""
    from joserfc import jws
    from joserfc.errors import JoseError

    if len(token) > LONGEST_TOKEN:
        raise _refusal("it is too long")
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, *HOSTILE) as error:
        raise _refusal("it is none") from error
    key_id = header.get("kid")
    return key_id if isinstance(key_id, str) else None


def identity_in(
    token: str, keys: Sequence[Key], of: Recipient, *, nonce: str, access_token: str | None, groups_claim: str, now: int
) -> Identity:
    """Who has signed in by this ID token (OpenID Connect Core, 3.1.3.7). Raises ProviderFailed."""
    from authlib.oidc.core import CodeIDToken
    from joserfc.errors import JoseError

    header, claims = _signed(token, keys)
    expected = {"nonce": nonce, "client_id": of.client_id, "access_token": access_token}
    try:
        CodeIDToken(claims, header, _options(of), expected).validate(now, LEEWAY_SECONDS)
    except (JoseError, *HOSTILE) as error:
        raise _refusal(_reason(error)) from error
    subject = _text(claims, "sub")
    if subject is None:
        raise _refusal("its subject is none")
    names = (_text(claims, name) for name in ("preferred_username", "email", "name", "sub"))
    return Identity(
        issuer=of.issuer,
        subject=subject,
        session=_text(claims, "sid"),
        names=tuple(name for name in names if name),
        groups=frozenset(groups_in(claims, groups_claim)),
        authenticated_at=_moment(claims, "auth_time"),
    )


def logout_in(token: str, keys: Sequence[Key], of: Recipient, *, now: int) -> Logout:
    """Whom this logout token signs out (OpenID Connect Back-Channel Logout, 2.6). Raises ProviderFailed."""
    from joserfc.errors import JoseError
    from joserfc.jwt import JWTClaimsRegistry

    header, claims = _signed(token, keys)
    try:
        JWTClaimsRegistry(now, LEEWAY_SECONDS, **_options(of)).validate(claims)
        stale = now - claims["iat"] > LOGOUT_SECONDS
    except (JoseError, *HOSTILE) as error:
        raise _refusal(_reason(error)) from error
    events, subject, session, number = claims.get("events"), _text(claims, "sub"), _text(claims, "sid"), None
    number = _text(claims, "jti")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict) or "nonce" in claims:
        raise _refusal("it is no logout token")
    if header.get("typ", "logout+jwt") not in ("logout+jwt", "JWT"):
        raise _refusal("it is of another type")
    if stale or number is None or (subject is None and session is None):
        raise _refusal("it is too old" if stale else "it does not say whom or what it is")
    return Logout(number, subject, session)


def groups_in(claims: dict[str, Any], claim: str) -> Iterator[str]:
    """The groups in a claim of this name; a name with dots also leads into nested ones, as `realm_access.roles`."""
    found: Any = claims.get(claim)
    if found is None:
        found = claims
        for name in claim.split("."):
            found = found.get(name) if isinstance(found, dict) else None
    listed = found if isinstance(found, list) else [found]
    for one in listed[:MOST_GROUPS]:
        if isinstance(one, str) and 0 < len(one) <= LONGEST_ID and one.isprintable():
            yield one


def _options(of: Recipient) -> dict[str, Any]:
    return {
        "iss": {"essential": True, "value": of.issuer},
        "aud": {"essential": True, "value": of.client_id},
        "exp": {"essential": True},
        "iat": {"essential": True},
    }


def _signed(token: str, keys: Sequence[Key]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token that one of these keys has signed. Raises ProviderFailed."""
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import import_key
    from joserfc.jws import JWSRegistry

    key_id = key_id_of(token)
    named = [key for key in keys if key_id is None or key.get("kid") == key_id]
    reason = "it was signed with a key that the provider does not publish"
    for key in named:
        try:
            registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
            found = jwt.decode(token, import_key(key), registry=registry)
        except (JoseError, *HOSTILE) as error:
            reason = _reason(error)
        else:
            return dict(found.header), dict(found.claims)
    raise _refusal(reason)


def _reason(error: Exception) -> str:
    """What is wrong, in words of our own: an error's text can hold anything that the token says."""
    claim = getattr(error, "claim", None)
    if claim in ("iss", "aud", "exp", "iat", "nbf", "nonce", "azp", "at_hash", "sub", "auth_time", "amr"):
        return f"its claim {claim} is not as it must be"
    return f"{type(error).__name__}"


def _moment(claims: dict[str, Any], name: str) -> datetime | None:
    """The moment that a number of seconds since 1970 names; None without one, or one that no clock shows."""
    found = claims.get(name)
    try:
        return datetime.fromtimestamp(found, UTC) if isinstance(found, int) else None
    except (OverflowError, OSError, ValueError):
        return None


def _text(claims: dict[str, Any], name: str) -> str | None:
    found = claims.get(name)
    return found if isinstance(found, str) and 0 < len(found) <= LONGEST_ID and found.isprintable() else None


def _refusal(why: str) -> ProviderFailed:
    return ProviderFailed(f"The identity provider's token is not accepted: {why}")
