"""Whom the identity provider says has signed in: known by issuer and subject, with the roles that their groups give."""

from datetime import datetime

from msgspec import Struct

from console.acting import Actor, ActorKind, acting, refuse
from console.audit.bounds import Refused, is_written
from console.audit.rules import INSTALLATION
from console.errors import NotAllowed
from console.members.entering import enter
from console.members.group_roles import follow_groups, roles_given
from console.members.reads import memberships_of
from console.sessions.oidc_tokens import Identity
from console.sessions.rules import ProviderSession
from console.store.database import Database, Transaction
from console.store.locks import AdvisoryLock, transaction_lock
from console.users.reads import by_identity, has_password
from console.users.writes import add_identified_user, note_groups

NO_GROUP = (
    "The identity provider knows you, but none of your groups has a role here: ask an administrator to map one of them"
)
DISABLED = "Your user is disabled here: ask an administrator"


class Admitted(Struct, frozen=True):
    """What came of it: a session, or why there is none."""

    name: str
    session_id: str | None = None
    fault: NotAllowed | None = None


async def admit(db: Database, identity: Identity, now: datetime, *, address: str, agent: str) -> Admitted:
    """Let somebody in as their groups say, as a new user if they have never been here.

    Rights that no group gives any more end also if they are refused. Refusals are in the audit trail then, so many an
    hour of one identity. A user with a password here, to whom the identity was linked, keeps what administrators have
    given.
    """
    async with db.transaction() as transaction:
        admitted = await _admit(transaction, identity, now, address, agent)
    whose = f"identity:{identity.issuer} {identity.subject}"
    if admitted.fault and await is_written(db.redis, Refused.SIGN_IN, whose, now.timestamp()):
        async with db.transaction() as transaction:
            provider = Actor(kind=ActorKind.IDP, name=identity.issuer)
            fault, of = admitted.fault, INSTALLATION
            await refuse(transaction, provider, "session.begin", admitted.name, fault, organization_id=of)
    return admitted


async def _admit(transaction: Transaction, identity: Identity, now: datetime, address: str, agent: str) -> Admitted:
    connection = transaction.connection
    provider = Actor(kind=ActorKind.IDP, name=identity.issuer)
    await connection.execute(transaction_lock(AdvisoryLock.IDENTITY, f"{identity.issuer} {identity.subject}"))
    user = await by_identity(connection, identity.issuer, identity.subject)
    given = await roles_given(connection, identity.groups)
    if user is None:
        if not given:
            return Admitted(identity.names[0], fault=NotAllowed(NO_GROUP))
        await add_identified_user(transaction, identity.issuer, identity.subject, identity.names, now)
        user = await by_identity(connection, identity.issuer, identity.subject)
        assert user is not None
    await note_groups(transaction, identity.issuer, identity.subject, identity.groups, now)
    await follow_groups(transaction, provider, user.id, user.name, given, now)
    memberships = await memberships_of(connection, user.id)
    if user.disabled or (given and not memberships):
        return Admitted(user.name, fault=NotAllowed(DISABLED))
    if not given and not (memberships and await has_password(connection, user.id)):
        return Admitted(user.name, fault=NotAllowed(NO_GROUP))
    who = Actor(kind=ActorKind.USER, id=user.id, name=user.name)
    organization_id = memberships[0].organization_id
    async with acting(transaction, who, "session.begin", user.name, organization_id=organization_id) as act:
        act.after = {"identity_provider": identity.issuer}
        began_at = ProviderSession(identity.issuer, identity.session)
        session_id = await enter(
            transaction, user.id, organization_id, now, address=address, agent=agent, began_at=began_at
        )
    return Admitted(user.name, session_id)
