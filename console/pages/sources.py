"""How fresh is what a page shows, by its two sources: 1NCE's answers and the Data Streamer's posts."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from msgspec import Struct
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from console import metrics
from console.carrier import reads as carrier_reads
from console.facts.carrier import CircuitStatus
from console.facts.streamer import StreamerStatus
from console.live.hub import Hub
from console.live.pieces import Html, replace
from console.live.view import View
from console.pages.templating import Fragments
from console.runs import reads as run_reads
from console.store.database import Database
from console.streamer.reads import KindRow, kinds, kinds_at, worst_of

# The inventory is read each quarter of an hour, whatever the size of the fleet: an answer is never older.
SILENT_AFTER = timedelta(minutes=20)
EVERY_SECONDS = 10.0
TOPIC = "carrier"  # that every page listens to


class Level(IntEnum):
    """How bad it is; `none` says that there is nothing to judge."""

    none = 0
    ok = 1
    warn = 2
    bad = 3


class Source(Struct, frozen=True, kw_only=True):
    """One source: its level, what to say of it, and since when."""

    name: str
    severity: Level
    words: str
    at: datetime | None = None
    title: str = ""  # for the title of the page, where it is wrong

    @property
    def level(self) -> str:
        """The word for templates."""
        return self.severity.name


def carrier_source(circuit: CircuitStatus, now: datetime) -> Source:
    """1NCE: whether it answers, and when it last did."""
    at = circuit.answered_at
    if circuit.state in ("open", "half_open"):
        words = "does not answer; last answer" if at else "does not answer"
        return Source(name="1NCE", severity=Level.bad, words=words, at=at, title="1NCE does not answer")
    if at is None:
        return Source(name="1NCE", severity=Level.none, words="not asked yet")
    if now - at > SILENT_AFTER:
        title = "1NCE is not asked"
        return Source(
            name="1NCE", severity=Level.warn, words="has not been asked for long; last answer", at=at, title=title
        )
    return Source(name="1NCE", severity=Level.ok, words="answers; last answer", at=at)


def streamer_source(found: Sequence[StreamerStatus]) -> Source:
    """The Data Streamer, by kind of record: whether it posts as it usually does, and when it last did."""
    name = "Data Streamer"
    at = max((kind.last_post_at for kind in found), default=None)
    match worst_of(found):
        case "flowing":
            return Source(name=name, severity=Level.ok, words="posts; last post", at=at)
        case "unused":
            return Source(name=name, severity=Level.none, words="not in use")
        case "quiet":
            return Source(name=name, severity=Level.none, words="quiet; last post", at=at)
    title = "Data Streamer silent"
    return Source(name=name, severity=Level.bad, words="posts are missing; last post", at=at, title=title)


async def inventory_read_at(connection: AsyncConnection, organization_id: int) -> datetime | None:
    """When 1NCE's inventory was last read to its end."""
    last = await run_reads.last_done(connection, organization_id, "sync_sims")
    return last.finished_at if last else None


async def sources(
    connection: AsyncConnection, organization_id: int, circuit: CircuitStatus, now: datetime
) -> Sequence[Source]:
    """Both, the worse one first; `circuit` is how the organization's circuit breaker is."""
    return _worse_first(circuit, await kinds(connection, organization_id, now), now)


def sources_of(circuit: CircuitStatus, rows: Sequence[KindRow], now: datetime) -> Sequence[Source]:
    """The same, of what was read of the Data Streamer."""
    return _worse_first(circuit, kinds_at(rows, now), now)


def _worse_first(circuit: CircuitStatus, found: Sequence[StreamerStatus], now: datetime) -> Sequence[Source]:
    return sorted([carrier_source(circuit, now), streamer_source(found)], key=lambda source: -source.severity)


def source_pieces(fragments: Fragments, found: Sequence[Source], inventory_at: datetime | None) -> list[Html]:
    """The parts of the top bar that show them, and below the page when 1NCE's inventory was last read."""
    return [
        replace("data-age", fragments.draw("parts/_age.html", inventory_confirmed_at=inventory_at)),
        replace("live-sources-short", fragments.draw("parts/_sources_short.html", sources=found)),
        replace("live-sources", fragments.draw("parts/_sources.html", sources=found)),
    ]


class SourceUpdates:
    """Shows on every open page when 1NCE last answered, in its banner too, and the Data Streamer last posted.

    And when the inventory was last read. None of them is a fact.
    """

    def __init__(self, db: Database, hub: Hub, fragments: Fragments) -> None:
        self._db, self._hub, self._fragments = db, hub, fragments
        self._sent: dict[int, Sequence[Html]] = {}

    async def run(self) -> None:
        """Every EVERY_SECONDS, until cancelled; what has not changed is not sent again."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            open_for = [number for number, topics in self._hub.topics().items() if TOPIC in topics]
            self._sent = {number: pieces for number, pieces in self._sent.items() if number in open_for}
            for organization_id in open_for:
                try:
                    await self._show(organization_id)
                except (OSError, TimeoutError, SQLAlchemyError):
                    metrics.loop_errors.labels("sources").inc()  # the ages on the pages go on rising by themselves

    async def _show(self, organization_id: int) -> None:
        async with self._db.reading() as reading:
            circuit = await carrier_reads.circuit(reading, organization_id)
            found = await sources(reading, organization_id, circuit, datetime.now(UTC))
            inventory_at = await inventory_read_at(reading, organization_id)
        banner = replace("carrier-banner", self._fragments.draw("carrier/_banner.html", circuit=circuit))
        pieces = [*source_pieces(self._fragments, found, inventory_at), banner]
        before, self._sent[organization_id] = self._sent.get(organization_id, ()), pieces
        if changed := [piece for piece in pieces if piece not in before]:
            for subscriber in self._hub.listening(organization_id, TOPIC):
                if subscriber.view is not None:
                    for piece in changed:
                        subscriber.put(piece)

    def on_return(self, view: View, organization_id: int, topics: Iterable[str]) -> None:
        """The layout's own refresh shows them."""
