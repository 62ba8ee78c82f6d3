"""The heartbeat of every open connection, and whether those who listen still may: looked up for many at once."""

import asyncio
from collections.abc import Sequence

from console.auth.doors import still_signed_in
from console.database import Database
from console.live.frames import said
from console.live.hub import Hub
from console.live.messages import HEARTBEAT_SECONDS, SIGNED_OUT, StreamHeartbeat
from console.live.subscriber import Subscriber
from console.log import logger

TURNS = 15  # the connections take turns, so that no moment has them all


class Beating:
    """Gives each connection a sign of life, and ends those whose session or key has ended."""

    def __init__(self, db: Database, hub: Hub) -> None:
        """Nothing beats before `run`."""
        self._db = db
        self._hub = hub

    async def run(self) -> None:
        """Beat until cancelled."""
        turn = 0
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS / TURNS)
            turn = (turn + 1) % TURNS
            theirs = [one for one in self._hub.subscribers() if one.number % TURNS == turn]
            try:
                await self._beat(theirs)
            except Exception:  # the database is away: who was welcome stays so for the moment
                logger("live").warning("it could not be seen who is still signed in", exc_info=True)

    async def _beat(self, theirs: Sequence[Subscriber]) -> None:
        reached = self._hub.feed.seq
        heartbeat = said(StreamHeartbeat(seq=reached))
        for subscriber in theirs:
            # Who has heard more elsewhere than this process has is told nothing that would take it back.
            if not subscriber.holding and subscriber.heard_before <= reached:
                subscriber.put(heartbeat, "heartbeat")
        if theirs:
            welcome = await still_signed_in(self._db, {subscriber.pass_ for subscriber in theirs})
            for subscriber in theirs:
                if welcome.get(subscriber.pass_) != subscriber.caller:
                    subscriber.end(SIGNED_OUT)
