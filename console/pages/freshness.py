"""When 1NCE last confirmed the SIMs on open pages: kept up to date there, also when a poll has found nothing new."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from console import metrics
from console.facts.sims import SimState
from console.facts.topic_names import sims_in
from console.live.hub import Hub
from console.live.pieces import Html
from console.live.view import View
from console.polling.on_screen import show_on_screen
from console.sims import reads
from console.store.database import Database

SCREEN_SECONDS = 10.0


class Freshness:
    """Says which SIMs are on screen, so that they are polled first, and draws the confirmations that follow."""

    def __init__(self, db: Database, hub: Hub, draw: Mapping[str, Callable[[SimState], Html]]) -> None:
        """`draw`: how a view shows when a SIM was confirmed, by the view's name."""
        self._db = db
        self._hub = hub
        self._draw = draw
        self._shown: dict[tuple[int, str], datetime | None] = {}

    async def run(self) -> None:
        """Every ten seconds, until cancelled."""
        while True:
            shown = {organization_id: sims_in(topics) for organization_id, topics in self._hub.topics().items()}
            kept = {(organization_id, iccid) for organization_id, iccids in shown.items() for iccid in iccids}
            self._shown = {key: moment for key, moment in self._shown.items() if key in kept}
            for organization_id, iccids in shown.items():
                try:
                    await show_on_screen(self._db.redis, organization_id, sorted(iccids), datetime.now(UTC))
                    await self._show(organization_id, sorted(iccids))
                except (RedisError, OSError, TimeoutError, SQLAlchemyError):
                    metrics.loop_errors.labels("on_screen").inc()
                    continue  # Redis or the database does not answer: the ages on the pages go on rising by themselves
            await asyncio.sleep(SCREEN_SECONDS)

    async def _show(self, organization_id: int, iccids: list[str]) -> None:
        """One read for all of an organization's SIMs on screen. Confirmations are no facts: programs ask for them."""
        if not iccids:
            return
        async with self._db.reading() as reading:
            found = await reads.many(reading, organization_id, iccids)
        for sim in found:
            key = (organization_id, sim.iccid)
            if self._shown.get(key) != sim.confirmed_at:
                self._shown[key] = sim.confirmed_at
                for subscriber in self._hub.listening(organization_id, f"sim:{sim.iccid}"):
                    if draw := self._draw.get(subscriber.view.name if subscriber.view else ""):
                        subscriber.put(draw(sim))

    def on_return(self, view: View, organization_id: int, topics: Iterable[str]) -> None:
        """Show its SIMs' confirmations again."""
        for iccid in sims_in(topics):
            self._shown.pop((organization_id, iccid), None)
