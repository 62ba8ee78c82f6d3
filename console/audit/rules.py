"""What an audit line says, who can have acted, and which lines are asked for. No database, no clock."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from msgspec import Meta, Struct

from console.organizations.rules import Caller
from console.unicode_text import visible

INSTALLATION = 0  # stands for the organization in lines that belong to none
LONGEST = 500  # characters of a subject, name, reason or search
MOST_WORDS = 8  # of a search
BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)
HIDDEN = "***"
SECRET_WORDS = ("password", "secret", "token", "credential", "otp", "recovery")  # in names whose values are not kept


class ActorKind(StrEnum):
    """What kind of caller acted."""

    USER = "user"
    KEY = "key"  # a program, with an API key
    JOB = "job"
    IDP = "idp"  # an identity provider
    CLI = "cli"  # somebody with a shell on the server
    STRANGER = "stranger"  # nobody who is known


class Outcome(StrEnum):
    """How an attempt ended."""

    DONE = "done"
    REFUSED = "refused"  # not allowed, or not possible with these values
    FAILED = "failed"  # an error on our side or 1NCE's


class Actor(Struct, frozen=True, kw_only=True):
    """Who acts. For an audit line alone: it decides nothing."""

    kind: ActorKind
    name: str
    id: int | None = None  # of the user or the API key


class Line(Struct, frozen=True, kw_only=True):
    """One attempt to do something."""

    organization_id: int  # INSTALLATION for none
    at: datetime
    actor: Actor
    action: str
    outcome: Outcome
    subject: str | None = None  # an ICCID, a user's name: what was acted on
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    reason: str | None = None  # why it was refused or has failed: code and sentence
    request_id: str | None = None
    address: str | None = None  # from which it was asked
    on_behalf_of: str | None = None  # as a program says; not checked


class AuditLine(Struct, frozen=True, kw_only=True):
    """A line of the audit trail, as it is read."""

    id: Annotated[int, Meta(description="The console's id of the line.", examples=[4711])]
    number: Annotated[
        int | None,
        Meta(
            description="1, 2, 3 … without a gap in your organization; null until the line is sealed.", examples=[812]
        ),
    ]
    time: Annotated[datetime, Meta(description="When it was done or refused.", examples=["2026-11-20T10:00:00Z"])]
    actor_kind: Annotated[
        str, Meta(description="`user`, `key`, `job`, `idp`, `cli`, `stranger`: what acted.", examples=["user"])
    ]
    actor_id: Annotated[int | None, Meta(description="The number of the user or the API key.", examples=[3])]
    actor: Annotated[str, Meta(description="The name of the user, API key or job.", examples=["otto"])]
    on_behalf_of: Annotated[
        str | None, Meta(description="For whom a program says that it acts; not checked.", examples=["bob@acme"])
    ]
    action: Annotated[str, Meta(description="What was done or tried, `<noun>.<verb>`.", examples=["sim.top_up"])]
    subject: Annotated[
        str | None, Meta(description="What it was done to: an ICCID, a name.", examples=["8988228066600000001"])
    ]
    before: Annotated[dict[str, Any] | None, Meta(description="What was there before.", examples=[{"note": None}])]
    after: Annotated[dict[str, Any] | None, Meta(description="What was there after it.", examples=[{"note": "roof"}])]
    outcome: Annotated[str, Meta(description="`done`, `refused` or `failed`.", examples=["done"])]
    reason: Annotated[
        str | None,
        Meta(description="Why it was refused or has failed: a code and a sentence.", examples=["CONFLICT: It is on"]),
    ]
    request_id: Annotated[str | None, Meta(description="The `X-Request-ID` of the request.", examples=["req_1f2e3d4c"])]
    address: Annotated[str | None, Meta(description="From which it was asked.", examples=["192.0.2.7"])]
    sealed_at: Annotated[
        datetime | None, Meta(description="When it was numbered and sealed.", examples=["2026-11-20T10:00:10Z"])
    ]


class LineFilter(Struct, frozen=True, kw_only=True):
    """Which lines are wanted; an empty field wants all."""

    action: tuple[str, ...] = ()
    outcome: tuple[str, ...] = ()
    actor_kind: tuple[str, ...] = ()
    actor: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None  # not included
    words: tuple[str, ...] = ()  # each stands in the actor, action, subject, reason, address or request id


def words_of(text: str) -> tuple[str, ...]:
    """The words of a search. Raises ValueError, with a sentence, for more than one search looks for."""
    words = text.lower().split()
    if len(words) > MOST_WORDS or len(text) > LONGEST:
        raise ValueError(f"A search has at most {MOST_WORDS} words and {LONGEST} characters")
    return tuple(dict.fromkeys(words))


def actor_of(caller: Caller) -> Actor:
    """The user or API key that calls."""
    if caller.key_id is not None:
        return Actor(kind=ActorKind.KEY, name=caller.name, id=caller.key_id)
    return Actor(kind=ActorKind.USER, name=caller.name, id=caller.user_id)


def without_secrets(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """These values with everything hidden that is named like a secret."""
    if values is None:
        return None
    return {
        name: HIDDEN
        if value is not None and any(word in name.lower() for word in SECRET_WORDS)
        else without_secrets(value)
        if isinstance(value, Mapping)
        else value
        for name, value in values.items()
    }


def shortened(text: str | None) -> str | None:
    """As much of a text from outside as a line keeps, without what PostgreSQL or a terminal can't take."""
    return None if text is None else visible(text[:LONGEST], "\ufffd")
