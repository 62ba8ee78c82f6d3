"""How long a session lasts, and the shapes of its id and its cookie."""

import secrets
from datetime import timedelta
from enum import StrEnum

from msgspec import Struct

IDLE = timedelta(hours=12)  # without a deed of its user
LIFE = timedelta(days=7)  # whatever its user does
SECOND_STEP = timedelta(minutes=10)  # after the password, for the second factor
EXTENDED_EVERY = timedelta(minutes=5)  # how exactly the last deed is noted
PROGRAM_LIFE = timedelta(days=30)  # of a program's session, however often it refreshes its tokens
MOST_PROGRAMS = 50  # sessions of programs that a user has at once; the one used longest ago ends
LONGEST_AGENT = 300  # characters of a User-Agent that are kept


class ProviderSession(Struct, frozen=True):
    """Where a session began: at this issuer, in this session of its own if it names them."""

    issuer: str
    session: str | None = None


class EndedSession(Struct, frozen=True):
    """Whose a session was that has ended."""

    user_id: int
    organization_id: int


class SessionKind(StrEnum):
    """What holds a session."""

    BROWSER = "browser"  # a cookie
    PROGRAM = "program"  # an access token and a refresh token
    FIRST_STEP = (
        "first_step"  # the cookie of somebody who has given the password, and is nobody before the second factor
    )


def new_session_id() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def cookie_name(*, secure: bool) -> str:
    """The session's cookie. With https everywhere its name binds it to this very host (RFC 6265bis, 4.1.3.2)."""
    return "__Host-session" if secure else "session"
