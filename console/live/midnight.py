"""At 00:00 UTC what is counted by day or month begins anew: open pages are drawn anew then, though no fact says so."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, time, timedelta

from console.live.hub import Hub
from console.live.view import View

LONGEST_SECONDS = 1.0  # a clock that is set meanwhile is noticed after so long
Refreshing = Callable[[View, int, frozenset[str]], None]


class Midnight:
    """Has every open page read anew what it reads from the database, once a day."""

    def __init__(self, hub: Hub, refresh: Refreshing, clock: Callable[[], datetime]) -> None:
        """`refresh` asks for the parts of a view that an organization's pages with these topics show."""
        self._hub = hub
        self._refresh = refresh
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled."""
        day = self._clock().astimezone(UTC).date()
        while True:
            now = self._clock().astimezone(UTC)
            if now.date() != day:
                day = now.date()
                for view, organization_id, topics in self._pages():
                    self._refresh(view, organization_id, topics)
                    await asyncio.sleep(0)  # there may be thousands of pages
            left = datetime.combine(now.date() + timedelta(days=1), time(), UTC) - now
            await asyncio.sleep(min(LONGEST_SECONDS, left.total_seconds()))

    def _pages(self) -> set[tuple[View, int, frozenset[str]]]:
        found = self._hub.subscribers()
        return {(one.view, one.client.organization_id, one.topics) for one in found if one.view is not None}

    def on_return(self, view: View, organization_id: int, topics: Iterable[str]) -> None:
        """Nothing is sent that a page could have missed: what it shows is drawn anew when it comes back."""
