"""What an audit line says, and who can have acted. No database, no clock."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct

from console.organizations.rules import Caller

INSTALLATION = 0  # stands for the organization in lines that belong to none
LONGEST = 500  # characters of a subject, name or reason
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
    return None if text is None else "".join(one if one.isprintable() else "\ufffd" for one in text[:LONGEST])
