"""The heartbeat of every open connection, and whether those who listen still may: looked up for all at once."""

import asyncio

from console import metrics
from console.auth.doors import still_signed_in
from console.live.hub import Hub
from console.live.messages import HEARTBEAT_SECONDS, SIGNED_OUT
from console.log import logger
from console.store.database import Database

PATIENCE_SECONDS = 5.0  # with the database: the next heartbeat must not wait for it


class Beating:
    """Gives each connection a sign of life, and ends those whose session or key has ended."""

    def __init__(self, db: Database, hub: Hub) -> None:
        """Nothing beats before `run`."""
        self._db = db
        self._hub = hub

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            self._hub.beat()
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self._ask_who_may_stay()
            except Exception:  # the database is away, or very slow: who was welcome stays so for the moment
                metrics.loop_errors.labels("heartbeat").inc()
                logger("live").warning("it could not be seen who is still signed in", exc_info=True)

    async def _ask_who_may_stay(self) -> None:
        if there := self._hub.subscribers():
            welcome = await still_signed_in(self._db, {subscriber.pass_ for subscriber in there})
            for subscriber in there:
                if welcome.get(subscriber.pass_) != subscriber.caller:
                    subscriber.end(SIGNED_OUT)
