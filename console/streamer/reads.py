"""Queries of the Data Streamer's health and of the posts that wait."""

from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct, structs
from sqlalchemy.ext.asyncio import AsyncConnection

from console.streamer.rules import KindHealth, StreamerState, is_alive, streamer_state
from console.streamer.tables import streamer_health

c = streamer_health.c
KINDS = ("event", "usage")


class Streamer(Struct, frozen=True, kw_only=True):
    """The Data Streamer as it is now: the worse of its two kinds first."""

    state: StreamerState
    kinds: list[KindHealth]  # with their states as of now; none if nothing ever came

    @property
    def worst(self) -> KindHealth | None:
        """The kind that the state is about."""
        return next((one for one in self.kinds if one.state == self.state), None)


async def health(connection: AsyncConnection, organization_id: int) -> dict[str, KindHealth]:
    """What is stored, by kind of record."""
    query = sa.select(*(c[name] for name in KindHealth.__struct_fields__)).where(c.organization_id == organization_id)
    return {row.kind: KindHealth(**row._mapping) for row in await connection.execute(query.order_by(c.kind))}


async def streamer(connection: AsyncConnection, organization_id: int, now: datetime) -> Streamer:
    """The Data Streamer's state at `now`, by kind of record."""
    found = [
        structs.replace(one, state=streamer_state(one, now))
        for one in (await health(connection, organization_id)).values()
    ]
    order = (StreamerState.MISSED, StreamerState.FLOWING, StreamerState.QUIET, StreamerState.UNUSED)
    states = {one.state for one in found}
    return Streamer(state=next((state for state in order if state in states), StreamerState.UNUSED), kinds=found)


class UsageStreamer(Struct, frozen=True):
    """Whether usage records come now, and whether the organization takes them at all."""

    alive: bool
    used: bool


async def usage_streamer(connection: AsyncConnection, organization_id: int, now: datetime) -> UsageStreamer:
    """Whether the streamer posts usage records now, and is used at all: decides what derived usage means."""
    found = (await health(connection, organization_id)).get("usage")
    return UsageStreamer(is_alive(found, now), streamer_state(found, now) is not StreamerState.UNUSED)
