"""What a user or a program may do in its organization, decided here alone for pages, API and sockets."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

from console.organizations.preferences import NOTHING_CHOSEN, Preferences


class Role(StrEnum):
    """Of a user in an organization: each role has all permissions of the one before."""

    VIEWER = "viewer"  # reads
    OPERATOR = "operator"  # also acts on SIMs and acknowledges alerts
    ENGINEER = "engineer"  # also changes rules, channels and budgets, and runs jobs
    ADMIN = "admin"  # also decides who may do what, and reads the audit trail


# Nothing else decides what a caller may do. A route names the one that it needs as its option `permission`.
class Permission(StrEnum):
    """What a caller may do. A role is a set of these, and so are the scopes of an API key."""

    SIMS_READ = "sims:read"
    SIMS_WRITE = "sims:write"
    IDENTIFIERS_READ = "identifiers:read"
    SIMS_ACT = "sims:act"
    SIMS_SPEND = "sims:spend"
    SMS_SEND = "sms:send"
    SMS_WRITE = "sms:write"
    ALERTS_READ = "alerts:read"
    ALERTS_ACT = "alerts:act"
    ALERTS_WRITE = "alerts:write"
    BUDGETS_WRITE = "budgets:write"
    JOBS_RUN = "jobs:run"
    STREAM_READ = "stream:read"
    AUDIT_READ = "audit:read"
    ADMIN = "admin"


SECRET_LASTS = timedelta(days=90)  # of 1NCE, of its Data Streamer, of webhooks: then they are due to be changed
SECRET_DUE_SOON = timedelta(days=14)
PROOF_LASTS = timedelta(minutes=15)  # what costs money or gives rights needs a proof younger than this

_READING = {Permission.SIMS_READ, Permission.ALERTS_READ, Permission.STREAM_READ}
_OPERATING = {
    Permission.SIMS_WRITE,
    Permission.IDENTIFIERS_READ,
    Permission.SIMS_ACT,
    Permission.SIMS_SPEND,
    Permission.SMS_SEND,
    Permission.ALERTS_ACT,
}
_ENGINEERING = {Permission.SMS_WRITE, Permission.ALERTS_WRITE, Permission.BUDGETS_WRITE, Permission.JOBS_RUN}
PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset(_READING),
    Role.OPERATOR: frozenset(_READING | _OPERATING),
    Role.ENGINEER: frozenset(_READING | _OPERATING | _ENGINEERING),
    Role.ADMIN: frozenset(Permission),
}
ADMINISTRATING = tuple(role.value for role, allowed in PERMISSIONS.items() if Permission.ADMIN in allowed)
# What each permission allows, for people.
ALLOWS: dict[Permission, str] = {
    Permission.SIMS_READ: "Read SIMs, their usage, quotas, events and SMS, 1NCE's state and the jobs",
    Permission.IDENTIFIERS_READ: "Read IMSI and MSISDN whole: without it, their last four digits",
    Permission.SIMS_WRITE: "Watch SIMs, and change their tags, notes and custom fields",
    Permission.SIMS_ACT: "Sync, reset, enable, disable and lock SIMs",
    Permission.SIMS_SPEND: "Top up SIMs, which costs money",
    Permission.SMS_SEND: "Send and cancel SMS",
    Permission.SMS_WRITE: "Change the templates of SMS",
    Permission.ALERTS_READ: "Read alerts and their rules",
    Permission.ALERTS_ACT: "Acknowledge and resolve alerts, and silence them for up to 24 hours",
    Permission.ALERTS_WRITE: "Change alert rules, maintenance windows and notification channels",
    Permission.BUDGETS_WRITE: "Change the budgets of top-ups, and approve what needs a second person",
    Permission.JOBS_RUN: "Run jobs outside their schedule",
    Permission.STREAM_READ: "Receive the stream of changes",
    Permission.AUDIT_READ: "Read and export the audit trail",
    Permission.ADMIN: "Decide who may do what: members, API keys, flags, the organization",
}
# The permission to listen to each kind of topic; `sim` is one SIM's.
TOPICS: dict[str, Permission] = {
    "fleet": Permission.SIMS_READ,
    "sim": Permission.SIMS_READ,
    "sms": Permission.SIMS_READ,
    "actions": Permission.SIMS_READ,
    "approvals": Permission.SIMS_READ,
    "carrier": Permission.SIMS_READ,
    "jobs": Permission.SIMS_READ,
    "alerts": Permission.ALERTS_READ,
    "flags": Permission.ADMIN,
    "notifications": Permission.ALERTS_WRITE,
}

WALL_TOPICS = frozenset({"fleet", "carrier", "alerts"})


def highest(roles: Iterable[Role]) -> Role | None:
    """The role of these that may do the most; None if there is none."""
    return max(roles, key=lambda role: len(PERMISSIONS[role]), default=None)


class Token(Struct, frozen=True):
    """An access token: the number of the program's session that it belongs to, and when it ends."""

    session: int
    expires_at: datetime


class Credential(Struct, frozen=True):
    """What a caller is authenticated by, so that it can be checked again whether it still holds."""

    session: bytes | None = None  # a session's id, hashed
    key_id: int | None = None
    token: Token | None = None


@lru_cache(maxsize=256)
def _topics(permissions: frozenset[Permission], *, for_wall: bool) -> frozenset[str]:
    """One set for all callers with these permissions: thousands of connections hold it."""
    kinds = frozenset(kind for kind, permission in TOPICS.items() if permission in permissions)
    return kinds & WALL_TOPICS if for_wall else kinds


class Caller(Struct, frozen=True, kw_only=True):
    """A signed-in user, by a browser or a program, or a program with an API key: who calls, for which organization."""

    organization_id: int
    organization: str
    name: str
    permissions: frozenset[Permission]
    role: Role | None = None  # a user's; an API key has scopes only
    user_id: int | None = None
    key_id: int | None = None
    session: bytes | None = None  # of a user's browser: the id of the session, hashed
    token: Token | None = None  # of a program that signed in as the user
    for_wall: bool = False  # a key of a wall screen: it opens that page alone, whatever its permissions
    preferences: Preferences = NOTHING_CHOSEN  # of a user: how they want pages shown
    proved_at: datetime | None = None  # of a session: when its user last gave what they sign in with

    def has_proved(self, now: datetime) -> bool:
        """Whether the user of a session gave what they sign in with within PROOF_LASTS; API keys are not asked."""
        if self.session is None and self.token is None:
            return True
        return self.proved_at is not None and now - self.proved_at < PROOF_LASTS

    def may(self, permission: Permission) -> bool:
        """Whether this caller has the permission."""
        return permission in self.permissions

    def may_grant(self, permissions: Collection[Permission]) -> bool:
        """Whether this caller may give these to others, or take them away: nobody gives more than they have."""
        return self.permissions.issuperset(permissions)

    @property
    def sees_identifiers(self) -> bool:
        """Whether IMSI and MSISDN are shown whole."""
        return self.may(Permission.IDENTIFIERS_READ)

    @property
    def topics(self) -> frozenset[str]:
        """The kinds of topics that this caller may listen to."""
        return _topics(self.permissions, for_wall=self.for_wall)

    @property
    def handle(self) -> str:
        """A short text that differs between callers, for counting their requests."""
        return f"user:{self.user_id}" if self.user_id is not None else f"key:{self.key_id}"

    @property
    def page_owner(self) -> str:
        """For whom a page is drawn: user and organization. It says so with each request that it sends."""
        return f"{self.organization_id}.{self.user_id}"

    @property
    def credential(self) -> Credential:
        """The session, API key or access token that it was found by."""
        return Credential(session=self.session, key_id=self.key_id, token=self.token)

    @property
    def access(self) -> tuple[int | None, int | None, int, frozenset[Permission]]:
        """Who it is and what it may do. A connection is closed when this changes, not when a name does."""
        return (self.user_id, self.key_id, self.organization_id, self.permissions)
