"""Questions about sessions: of one user, and of all members of an organization."""

from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.sessions.rules import SessionKind
from console.sessions.tables import sessions


class Session(Struct, frozen=True, kw_only=True):
    """A session as its user and administrators see it: nothing of its id."""

    id: Annotated[int, Meta(description="Its number, to end it by.", examples=[12])]
    kind: Annotated[SessionKind, Meta(description="What holds it: a browser's cookie, or a program's tokens.")]
    user_id: Annotated[int, Meta(description="Whose it is.", examples=[3])]
    organization_id: Annotated[int, Meta(description="The organization that its user is in now.", examples=[1])]
    address: Annotated[str, Meta(description="Where it was last used from.", examples=["192.0.2.7"])]
    agent: Annotated[
        str,
        Meta(
            description="What the browser or program called itself at sign-in.", examples=["Mozilla/5.0 (X11; Linux)"]
        ),
    ]
    created_at: Annotated[datetime, Meta(description="When it began.", examples=["2026-11-20T10:00:00Z"])]
    seen_at: Annotated[
        datetime, Meta(description="When it was last used, to five minutes.", examples=["2026-11-20T10:00:00Z"])
    ]
    expires_at: Annotated[
        datetime, Meta(description="When it ends unless it is used.", examples=["2026-11-20T10:00:00Z"])
    ]


async def sessions_of(connection: AsyncConnection, user_id: int, now: datetime) -> list[Session]:
    """A user's open sessions, wherever they are, the last used first."""
    return await _sessions(connection, sessions.c.user_id == user_id, now)


async def sessions_in(connection: AsyncConnection, organization_id: int, now: datetime) -> list[Session]:
    """The open sessions in an organization, the last used first."""
    return await _sessions(connection, sessions.c.organization_id == organization_id, now)


async def session_number(connection: AsyncConnection, session: bytes) -> int | None:
    """The number of the session with this hashed id, or None."""
    found = (await connection.execute(sa.select(sessions.c.id).where(sessions.c.id_hash == session))).scalar()
    return None if found is None else int(found)


async def proved_second_factor(connection: AsyncConnection, session: bytes) -> bool:
    """Whether the session of this hashed id began with a second factor."""
    query = sa.select(sessions.c.second_factor).where(sessions.c.id_hash == session)
    return bool((await connection.execute(query)).scalar())


async def _sessions(connection: AsyncConnection, whose: "sa.ColumnElement[bool]", now: datetime) -> list[Session]:
    columns = [sessions.c[name] for name in Session.__struct_fields__]
    open_now = (sessions.c.expires_at > now, sessions.c.kind != SessionKind.FIRST_STEP)
    query = sa.select(*columns).where(whose, *open_now).order_by(sessions.c.seen_at.desc())
    return [Session(**{**row._mapping, "kind": SessionKind(row.kind)}) for row in await connection.execute(query)]
