"""Signing in by name and password: the same for a browser and for a program, in its words, its limits and its time."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from msgspec import Struct

from console.acting import Actor, ActorKind, acting, refuse
from console.audit.bounds import Refused, is_written
from console.audit.rules import INSTALLATION
from console.errors import ConsoleError, NotAllowed, NotSignedIn
from console.http.sign_in_throttle import begin_attempt, succeeded
from console.log import logger
from console.members.reads import Membership, memberships_of
from console.sessions.rules import LONGEST_AGENT, SessionKind
from console.sessions.writes import begin_session
from console.store.database import Database
from console.users import passwords, reads
from console.users.factors_reads import has_second_factor
from console.users.factors_writes import begin_second_factor
from console.users.writes import keep_hash

WRONG = "Wrong name or password"
NO_MEMBER = "You are a member of no organization, or disabled where you are one: ask an administrator"
NOT_THERE = "You are no member of that organization"
NOBODY = 0  # no user has this id
Begun = TypeVar("Begun")


class NextStep(StrEnum):
    """What follows the password."""

    NONE = "none"
    PROVE = "second"  # the user has a second factor
    SET_UP = "set-up"  # the user has none, and the organization demands one


class SignIn(Struct, frozen=True, kw_only=True):
    """Who wants to sign in, and from where."""

    name: str
    password: str
    address: str
    network: str
    agent: str
    device: str | None = None  # the id of a device that this user has signed in on before


async def check_password(db: Database, asked: SignIn, now: datetime) -> reads.KnownUser:
    """The user whose password it is.

    Raises TooMany for one try too many; NotSignedIn with the same words for a wrong name as for a wrong password.
    """
    attempt = await begin_attempt(db.redis, asked.name, asked.network, asked.device, now.timestamp())
    async with db.reading() as reading:
        known = await reads.by_name(reading, asked.name) if asked.name.isprintable() else None
    if not await passwords.is_right(known.password_hash if known else None, asked.password) or known is None:
        await _refused(db, known, asked.network, now)
        name = known.name if known else None  # what is no name may be a password in the wrong field
        logger("auth").info("sign-in refused", name=name, network=asked.network)
        raise NotSignedIn(WRONG)
    await succeeded(db.redis, attempt)
    return known


async def entered(db: Database, who: Actor, now: datetime, organization_id: int | None = None) -> Membership:
    """The organization that a user enters: this one, or the one that they were in last.

    Raises NotAllowed if they may enter none, or not this one; that stands in the audit trail.
    """
    async with db.reading() as reading:
        memberships = await memberships_of(reading, who.id or NOBODY)
    for one in memberships:
        if organization_id in (None, one.organization_id):
            return one
    error = NotAllowed(NOT_THERE if memberships else NO_MEMBER)
    await _note(db, who, memberships[0].organization_id if memberships else INSTALLATION, error, now)
    raise error


async def next_step(db: Database, known: reads.KnownUser, where: Membership, now: datetime) -> NextStep:
    """What a user who has given the right password must do before their session begins."""
    async with db.reading() as reading:
        if await has_second_factor(reading, known.id):
            return NextStep.PROVE
    return NextStep.SET_UP if where.demands_second_factor(now) else NextStep.NONE


async def enter_by_password(
    db: Database,
    known: reads.KnownUser,
    asked: SignIn,
    now: datetime,
    where: Membership,
    enters: Callable[..., Awaitable[Begun]],
) -> Begun:
    """Begin the session of a user whose password was right, by `enters`; what that returns."""
    renewed = await passwords.hash_password(asked.password) if passwords.is_dated(known.password_hash) else None
    async with (
        db.transaction() as transaction,
        acting(transaction, user_of(known), "session.begin", known.name, organization_id=where.organization_id) as act,
    ):
        act.after = {"agent": asked.agent[:LONGEST_AGENT]}
        if renewed is not None:
            await keep_hash(transaction, known.id, renewed)
        begun = await enters(
            transaction, known.id, where.organization_id, now, address=asked.address, agent=asked.agent
        )
    logger("auth").info("signed in", name=known.name, network=asked.network)
    return begun


async def begin_second_step(
    db: Database, secret_key: str, known: reads.KnownUser, asked: SignIn, now: datetime, where: Membership
) -> str:
    """What a browser holds between the password and the second factor; one that is missing is begun."""
    async with (
        db.transaction() as transaction,
        acting(transaction, user_of(known), "session.first_step", known.name, organization_id=where.organization_id),
    ):
        if not await has_second_factor(transaction.connection, known.id):
            await begin_second_factor(transaction, secret_key, known.id, now)
        begun = await begin_session(
            transaction,
            known.id,
            where.organization_id,
            now,
            kind=SessionKind.FIRST_STEP,
            address=asked.address,
            agent=asked.agent,
        )
    return begun.session_id


async def note_without_factor(
    db: Database, known: reads.KnownUser, where: Membership, error: NotSignedIn, now: datetime
) -> None:
    """Keep that a user gave the right password, and no second factor."""
    await _note(db, user_of(known), where.organization_id, error, now)


async def _note(db: Database, who: Actor, organization_id: int, error: ConsoleError, now: datetime) -> None:
    """Keep why a user whose password was right did not come in. So many an hour alone: see audit/bounds.py."""
    if not await is_written(db.redis, Refused.SIGN_IN, f"user:{who.id}", now.timestamp()):
        return
    async with db.transaction() as transaction:
        await refuse(transaction, who, "session.begin", who.name, error, organization_id=organization_id)


def user_of(known: reads.KnownUser) -> Actor:
    """The user, as the audit trail names them before they have a session."""
    return Actor(kind=ActorKind.USER, id=known.id, name=known.name)


async def _refused(db: Database, known: reads.KnownUser | None, network: str, now: datetime) -> None:
    """Keep that a known user's password was wrong; of an unknown name not the name, which may be a password.

    So many an hour alone: see audit/bounds.py.
    """
    stranger = Actor(kind=ActorKind.STRANGER, name="unknown")
    async with db.reading() as reading:  # of an unknown name too: it takes as long
        memberships = await memberships_of(reading, known.id if known else NOBODY)
    organization_id = memberships[0].organization_id if memberships else INSTALLATION
    if not await is_written(db.redis, Refused.SIGN_IN, network, now.timestamp(), organization_id=organization_id):
        return
    error = NotSignedIn("Wrong password" if known else "Unknown name")
    subject = known.name if known else None
    async with db.transaction() as transaction:
        await refuse(transaction, stranger, "session.begin", subject, error, organization_id=organization_id)
