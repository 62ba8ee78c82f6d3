"""Who calls and what they may do, by what they hold: a cookie, an API key, an access token."""

from collections.abc import Collection, Hashable, Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncConnection

from console.api_keys.reads import callers_of_keys
from console.errors import NotAllowed
from console.members.tables import members
from console.organizations.preferences import NOTHING_CHOSEN, Preferences
from console.organizations.rules import PERMISSIONS, Caller, Credential, Role
from console.organizations.tables import organizations
from console.sessions.rules import SessionKind
from console.sessions.tables import sessions
from console.store.database import Confirm
from console.store.direct_reads import DirectReads, Question
from console.users.tables import users

Moment = datetime | sa.BindParameter[datetime]


async def callers_of_sessions(
    connection: AsyncConnection, id_hashes: Collection[bytes], now: datetime, *, issuer: str | None = None
) -> dict[bytes, tuple[Caller, datetime]]:
    """Who has these browsers' sessions and when each was last used, by hashed id.

    Sessions that have ended and those of disabled members are left out. `issuer`: the identity provider that is set;
    sessions that began at another do not hold.
    """
    s = sessions.c
    query = _holders(now).where(
        s.issuer.is_(None) | (s.issuer == issuer), s.kind == SessionKind.BROWSER, s.id_hash.in_(id_hashes)
    )
    found = {}
    for row in await connection.execute(query):
        found[row.id_hash] = (_caller(row._mapping, session=row.id_hash), row.seen_at)
    return found


async def callers_of_programs(
    connection: AsyncConnection, numbers: Collection[int], now: datetime
) -> dict[int, Caller]:
    """As whom the programs with these sessions signed in, by the session's number; without their tokens.

    Sessions that have ended and those of disabled members are left out.
    """
    s = sessions.c
    query = _holders(now).where(s.kind == SessionKind.PROGRAM, s.id.in_(numbers))
    return {row.id: _caller(row._mapping) for row in await connection.execute(query)}


async def caller_of_session(
    direct: DirectReads, id_hash: bytes, now: datetime, *, issuer: str | None
) -> tuple[Caller, datetime] | None:
    """Who has this browser's session and when it was last used; None as `callers_of_sessions` leaves it out."""
    row = await direct.row(BY_COOKIE, id_hash=id_hash, now=now, issuer=issuer)
    return None if row is None else (_caller(row, session=id_hash), row["seen_at"])


async def caller_of_program(direct: DirectReads, number: int, now: datetime) -> Caller | None:
    """As whom the program with this session signed in; None as `callers_of_programs` leaves it out."""
    row = await direct.row(BY_NUMBER, number=number, now=now)
    return None if row is None else _caller(row)


def _holders(now: Moment) -> "sa.Select[Any]":
    s, m = sessions.c, members.c
    return (
        sa.select(
            s.id,
            s.id_hash,
            s.seen_at,
            s.proved_at,
            s.organization_id,
            s.user_id,
            m.role,
            users.c.name,
            *(users.c[name] for name in Preferences.__struct_fields__),
            organizations.c.name.label("there"),
        )
        .join(members, (m.organization_id == s.organization_id) & (m.user_id == s.user_id))
        .join(users, users.c.id == s.user_id)
        .join(organizations, organizations.c.id == s.organization_id)
        .where(s.expires_at > now, m.disabled_at.is_(None), users.c.disabled_at.is_(None))
        .where(s.second_factor | ~demanded(now))
    )


def demanded(now: Moment) -> "sa.ColumnElement[bool]":
    """Whether an organization demands a second factor: sessions without one hold no more."""
    return sa.func.coalesce(organizations.c.second_factor_from <= now, sa.false())


def _caller(row: Mapping[str, Any], session: bytes | None = None) -> Caller:
    role = Role(row["role"])
    return Caller(
        organization_id=row["organization_id"],
        organization=row["there"],
        name=row["name"],
        permissions=PERMISSIONS[role],
        role=role,
        user_id=row["user_id"],
        session=session,
        proved_at=row["proved_at"],
        preferences=_preferences(row),
    )


def _preferences(row: Mapping[str, Any]) -> Preferences:
    chosen = {name: row[name] for name in Preferences.__struct_fields__ if row[name] is not None}
    return Preferences(**chosen) if chosen else NOTHING_CHOSEN


def _now() -> "sa.BindParameter[datetime]":
    return sa.bindparam("now", type_=sa.TIMESTAMP(timezone=True))


def _by_cookie() -> "sa.Select[Any]":
    s = sessions.c
    return _holders(_now()).where(
        s.issuer.is_(None) | (s.issuer == sa.bindparam("issuer", type_=sa.Text)),
        s.kind == SessionKind.BROWSER.value,
        s.id_hash == sa.bindparam("id_hash", type_=sa.LargeBinary),
    )


def _by_number() -> "sa.Select[Any]":
    s = sessions.c
    return _holders(_now()).where(
        s.kind == SessionKind.PROGRAM.value, s.id == sa.bindparam("number", type_=sa.BigInteger)
    )


BY_COOKIE, BY_NUMBER = Question(_by_cookie), Question(_by_number)


def confirming(issuer: str | None) -> Confirm:
    """What raises NotAllowed if a caller has ended, or may do something else now than when they were found."""

    async def confirm(connection: AsyncConnection, caller: Caller) -> None:
        found = await access_of_credentials(connection, [caller.credential], datetime.now(UTC), issuer=issuer)
        if found.get(caller.credential) != caller.access:
            raise NotAllowed("Your rights have changed since this was asked for")

    return confirm


async def access_of_credentials(
    connection: AsyncConnection, credentials: Collection[Hashable], now: datetime, *, issuer: str | None
) -> Mapping[Hashable, Hashable]:
    """What the caller of each credential may do now; one that has ended is left out. Extends no session.

    `issuer`: the identity provider that is set.
    """
    asked = [credential for credential in credentials if isinstance(credential, Credential)]
    sessions = [one.session for one in asked if one.session is not None]
    key_ids = [one.key_id for one in asked if one.key_id is not None]
    tokens = [one.token for one in asked if one.token is not None and one.token.expires_at > now]
    found: list[Caller] = []
    if sessions:
        found += [
            caller for caller, _ in (await callers_of_sessions(connection, sessions, now, issuer=issuer)).values()
        ]
    if key_ids:
        found += (await callers_of_keys(connection, key_ids, now)).values()
    if tokens:
        users = await callers_of_programs(connection, {one.session for one in tokens}, now)
        found += [structs.replace(users[one.session], token=one) for one in tokens if one.session in users]
    return {caller.credential: caller.access for caller in found}
