"""How long a session lasts, and the shapes of its id and its cookie."""

import secrets
from datetime import timedelta

from msgspec import Struct

IDLE = timedelta(hours=12)  # without a deed of its user
LIFE = timedelta(days=7)  # whatever its user does
EXTENDED_EVERY = timedelta(minutes=5)  # how exactly the last deed is noted
LONGEST_AGENT = 300  # characters of a User-Agent that are kept


class ProviderSession(Struct, frozen=True):
    """Where a session began: at this issuer, in this session of its own if it names them."""

    issuer: str
    session: str | None = None


class EndedSession(Struct, frozen=True):
    """Whose a session was that has ended."""

    user_id: int
    organization_id: int


def new_session_id() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def cookie_name(*, secure: bool) -> str:
    """The session's cookie. With https everywhere its name binds it to this very host (RFC 6265bis, 4.1.3.2)."""
    return "__Host-session" if secure else "session"
