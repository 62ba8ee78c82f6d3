"""Questions about the Data Streamer's health."""

from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct, structs
from sqlalchemy.ext.asyncio import AsyncConnection

from console.streamer.rules import Heard, StreamState, is_alive, stream_state
from console.streamer.tables import stream_health

c = stream_health.c
KINDS = ("event", "usage")


class Stream(Struct, frozen=True, kw_only=True):
    """The Data Streamer as it is now: the worse of its two kinds first."""

    state: StreamState
    kinds: list[Heard]  # with their states as of now; none if nothing ever came

    @property
    def worst(self) -> Heard | None:
        """The kind that the state is about."""
        return next((heard for heard in self.kinds if heard.state == self.state), None)


async def heard(connection: AsyncConnection, organization_id: int) -> dict[str, Heard]:
    """What is stored, by kind of record."""
    query = sa.select(*(c[name] for name in Heard.__struct_fields__)).where(c.organization_id == organization_id)
    return {row.kind: Heard(**row._mapping) for row in await connection.execute(query.order_by(c.kind))}


async def stream(connection: AsyncConnection, organization_id: int, now: datetime) -> Stream:
    """How the stream is now."""
    found = [
        structs.replace(one, state=stream_state(one, now))
        for one in (await heard(connection, organization_id)).values()
    ]
    order = (StreamState.MISSED, StreamState.FLOWING, StreamState.QUIET, StreamState.UNUSED)
    states = {one.state for one in found}
    return Stream(state=next((state for state in order if state in states), StreamState.UNUSED), kinds=found)


class UsageStream(Struct, frozen=True):
    """Whether usage records come now, and whether the organization takes them at all."""

    alive: bool
    used: bool


async def usage_stream(connection: AsyncConnection, organization_id: int, now: datetime) -> UsageStream:
    """For those who put down usage that no record explains."""
    found = (await heard(connection, organization_id)).get("usage")
    return UsageStream(is_alive(found, now), stream_state(found, now) is not StreamState.UNUSED)
