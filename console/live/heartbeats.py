"""The heartbeat of every open connection, and the check whether its session or key still holds, for all at once."""

import asyncio

from console import metrics
from console.live.access import StillAllowed
from console.live.hub import Hub
from console.live.messages import HEARTBEAT_SECONDS, SIGNED_OUT
from console.log import logger

PATIENCE_SECONDS = 5.0  # for the check: the next heartbeat must not wait for the database


class Heartbeats:
    """Sends each connection a heartbeat, and closes those whose session, key or permissions have changed."""

    def __init__(self, still_allowed: StillAllowed, hub: Hub) -> None:
        self._still_allowed = still_allowed
        self._hub = hub

    async def run(self) -> None:
        """Send heartbeats until cancelled."""
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            self._hub.heartbeat()
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self._check()
            except (
                Exception
            ):  # the database does not answer, or very slowly: connections stay open until it can be asked
                metrics.loop_errors.labels("heartbeat").inc()
                logger("live").warning("could not check whose sessions still hold", exc_info=True)

    async def _check(self) -> None:
        if subscribers := self._hub.subscribers():
            allowed = await self._still_allowed({one.client.credential for one in subscribers})
            for subscriber in subscribers:
                if allowed.get(subscriber.client.credential) != subscriber.client.permissions:
                    subscriber.end(SIGNED_OUT)
