"""Who may do what, and the shapes of passwords, session ids and API keys."""

import hashlib
import secrets
from datetime import timedelta
from enum import StrEnum

from msgspec import Struct

SESSION_IDLE = timedelta(hours=12)
SESSION_LIFE = timedelta(days=7)
KEY_WORD = "iot_key_"
LEAST_PASSWORD = 12


class Role(StrEnum):
    """What somebody may do: each role may do all that the one before may."""

    VIEWER = "viewer"  # looks
    OPERATOR = "operator"  # also acts on SIMs
    ADMIN = "admin"  # also decides who may do what


class Permission(StrEnum):
    """What a route can ask of its caller, as its option `permission`."""

    READ = "read"
    OPERATE = "operate"  # act on SIMs
    ADMINISTER = "administer"  # decide who may do what


PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({Permission.READ}),
    Role.OPERATOR: frozenset({Permission.READ, Permission.OPERATE}),
    Role.ADMIN: frozenset(Permission),
}


class Caller(Struct, frozen=True, kw_only=True):
    """Somebody signed in, or a program with an API key: who asks, and for which organization."""

    organization_id: int
    organization: str
    name: str
    role: Role
    user_id: int | None = None
    key_id: int | None = None

    def may(self, permission: Permission) -> bool:
        """Whether this caller's role has the permission."""
        return permission in PERMISSIONS[self.role]

    @property
    def handle(self) -> str:
        """A short text that tells callers apart, for counting their requests."""
        return f"user:{self.user_id}" if self.user_id is not None else f"key:{self.key_id}"


class Pass(Struct, frozen=True):
    """What somebody who listens for long came in with, so that it can be seen later whether it still holds."""

    session: bytes | None = None  # a session's id, hashed
    key_id: int | None = None


def hashed(secret: str) -> bytes:
    """What is stored of a long random secret. (Passwords are neither long nor random: they get argon2.)"""
    return hashlib.sha256(secret.encode()).digest()


def new_session_id() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def new_key() -> tuple[str, str]:
    """An API key: the part that may be shown, and the whole that is shown once."""
    alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
    prefix = KEY_WORD + "".join(secrets.choice(alphabet) for _ in range(8))
    return prefix, prefix + "_" + "".join(secrets.choice(alphabet) for _ in range(40))


def password_fault(password: str, name: str) -> str | None:
    """Why this can't be a password, or None."""
    if len(password) < LEAST_PASSWORD:
        return f"A password needs {LEAST_PASSWORD} characters or more"
    if len(password) > 1024:
        return "A password has at most 1,024 characters"
    if name.lower() in password.lower() or len(set(password)) < 5:
        return "A password must not contain the name, nor be one character again and again"
    return None
