"""Fragments that need a look at the database: drawn at most once a second, for all who show them."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from console import metrics
from console.live.hub import Hub
from console.live.subscriber import Subscriber
from console.live.topics import sims_in
from console.log import logger
from console.pages import fleet_numbers as fleet_reads
from console.pages.carrier import shown
from console.pages.fragments import Fragments
from console.quotas.forecast import forecast
from console.runs import reads as run_reads
from console.sims import reads as sim_reads
from console.store.database import Database
from console.streamer.reads import streamer

EVERY_SECONDS = 1.0
Wanted = tuple[str, int, str]  # what, of which organization, of which thing ("": of all)
VIEW_OF = {"counts": "fleet", "usage": "fleet", "quotas": "sim", "job": "jobs", "stream": "fleet", "carrier": "carrier"}


class Redrawing:
    """Keeps what is to be drawn anew, and draws it."""

    def __init__(self, db: Database, hub: Hub, fragments: Fragments) -> None:
        """Nothing is drawn before `run`."""
        self._db = db
        self._hub = hub
        self._fragments = fragments
        self._wanted: set[Wanted] = set()
        self._wake = asyncio.Event()

    def want(self, what: str, organization_id: int, subject: str) -> None:
        """Something has changed that this fragment shows."""
        self._wanted.add((what, organization_id, subject))
        self._wake.set()

    def look_again(self, view: str | None, organization_id: int, topics: Iterable[str]) -> None:
        """A page has come back: what was about to be drawn for it when its line was cut has not reached it."""
        for what in (what for what, of in VIEW_OF.items() if of == view):
            for subject in sims_in(topics) if what == "quotas" else ("",):
                self.want(what, organization_id, subject)

    async def run(self) -> None:
        """Draw until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            wanted, self._wanted = self._wanted, set()
            for one in wanted:
                try:
                    await self._redraw(one)
                except Exception as error:  # the database may be away: it is drawn when that is back
                    metrics.loop_errors.labels("refresh").inc()
                    logger("live").warning("a fragment could not be drawn", fragment=one[0], reason=repr(error))
                    self.want(*one)
            await asyncio.sleep(EVERY_SECONDS)

    async def _redraw(self, wanted: Wanted) -> None:
        what, organization_id, subject = wanted
        shown = [one for one in self._hub.subscribers() if self._shows(one, wanted)]
        if not shown:
            return
        async with self._db.reading() as connection:
            html = await self._drawn(connection, what, organization_id, subject)
        for subscriber in shown if html else ():
            subscriber.put(html, f"{what}:{subject}")

    def _shows(self, subscriber: Subscriber, wanted: Wanted) -> bool:
        what, organization_id, subject = wanted
        mine = subscriber.caller.organization_id == organization_id and subscriber.view == VIEW_OF[what]
        return mine and (what != "quotas" or f"sim:{subject}" in subscriber.topics)

    async def _drawn(self, connection: AsyncConnection, what: str, organization_id: int, subject: str) -> bytes:
        now = datetime.now(UTC)
        match what:
            case "counts":
                return self._fragments.counts(await fleet_reads.counts(connection, organization_id))
            case "usage":
                return self._fragments.usage(await fleet_reads.used(connection, organization_id))
            case "quotas":
                sim = await sim_reads.one(connection, organization_id, subject)
                days = sim and await forecast(connection, organization_id, sim, now)
                return self._fragments.quotas(sim, days) if sim else b""
            case "stream":
                return self._fragments.stream(await streamer(connection, organization_id, now))
            case "carrier":
                return self._fragments.carrier(await shown(connection, self._db.redis, organization_id, now))
            case _:
                jobs = await run_reads.schedule(connection, organization_id, now)
                return b"".join(self._fragments.job(job) for job in jobs if subject in (job.name, ""))
