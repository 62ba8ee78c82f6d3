"""How lists of deliveries live, and a delivery's own page."""

from collections.abc import Iterable, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts import Fact
from console.live.pieces import Html, prepend, replace
from console.live.view import Receives, Refresh
from console.notifications import deliveries_reads as reads
from console.pages.templating import Fragments

LATEST = Refresh(part="latest", topic="notifications")
EVERY_SECONDS = 3.0  # no fact reports a delivery: what waits for a worker is read again
MOST, MOST_LOGS = 20, 5


class DeliveriesView:
    """The latest deliveries, as they change; of the newest and of those under way also their attempts."""

    name = "notification-channels"
    receives = Receives(facts=(), topics=("notifications",))

    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments

    def draw(self, fact: Fact) -> Sequence[Html | Refresh]:
        """Nothing: no fact reports a delivery."""
        return []

    async def refresh(self, reading: AsyncConnection, organization_id: int, what: Refresh) -> Sequence[Html]:
        """Rows on top of the lists or in their places; logs of attempts on their pages."""
        latest = await reads.changed_lately(reading, organization_id, limit=MOST)
        drawn = []
        for one in sorted(latest, key=lambda one: one.id):
            row = self._fragments.draw("notifications/_delivery_row.html", one=one)
            drawn.append(prepend("deliveries", f"delivery-{one.id}", row))
        for one in latest[:MOST_LOGS]:
            log = await reads.log_of(reading, organization_id, one.id)
            drawn.append(replace(f"delivery-log-{one.id}", self._fragments.draw("notifications/_log.html", log=log)))
        return drawn

    def on_return(self, topics: Iterable[str]) -> Sequence[Refresh]:
        """The latest."""
        return [LATEST]
