"""What a user or a program may do in its organization, decided here alone for pages, API and sockets."""

from enum import StrEnum

from msgspec import Struct


class Role(StrEnum):
    """Of a user or an API key in an organization: each role has all permissions of the one before."""

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


class Credential(Struct, frozen=True):
    """What a caller is authenticated by, so that it can be checked again whether it still holds."""

    session: bytes | None = None  # a session's id, hashed
    key_id: int | None = None


class Caller(Struct, frozen=True, kw_only=True):
    """A signed-in user or a program with an API key: who calls, and for which organization."""

    organization_id: int
    organization: str
    name: str
    role: Role
    user_id: int | None = None
    key_id: int | None = None
    session: bytes | None = None  # a user's: the id of the session, hashed

    def may(self, permission: Permission) -> bool:
        """Whether this caller's role has the permission."""
        return permission in PERMISSIONS[self.role]

    @property
    def handle(self) -> str:
        """A short text that tells callers apart, for counting their requests."""
        return f"user:{self.user_id}" if self.user_id is not None else f"key:{self.key_id}"

    @property
    def credential(self) -> Credential:
        """The session or API key that it was found by."""
        return Credential(session=self.session, key_id=self.key_id)

    @property
    def access(self) -> tuple[int | None, int | None, int, frozenset[Permission]]:
        """Who it is and what it may do. A connection is closed when this changes, not when a name does."""
        return (self.user_id, self.key_id, self.organization_id, PERMISSIONS[self.role])
