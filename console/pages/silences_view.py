"""How the lists of silences and maintenance windows live."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from console.alerts.informing import hidden_counts
from console.facts import Fact
from console.facts.alerts import AlertChanged
from console.facts.silences import SilenceChanged
from console.live.pieces import Html, replace
from console.live.view import Receives, Refresh
from console.pages.templating import Fragments
from console.silences import reads

LISTS = Refresh(part="lists")


class SilencesView:
    """Both lists are drawn anew when one begins, ends or is made, and when they hide another number of alerts."""

    name = "silences"
    receives = Receives(facts=(SilenceChanged, AlertChanged), topics=("alerts",))

    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments

    def draw(self, fact: Fact) -> Sequence[Html | Refresh]:
        """Nothing without the database."""
        return [LISTS]

    async def refresh(self, reading: AsyncConnection, organization_id: int, what: Refresh) -> Sequence[Html]:
        """Both lists."""
        context = await lists_of(reading, organization_id, datetime.now(UTC))
        return [replace("silence-lists", self._fragments.draw("silences/_lists.html", **context))]

    def on_return(self, topics: Iterable[str]) -> Sequence[Refresh]:
        """Both lists."""
        return [LISTS]


async def lists_of(reading: AsyncConnection, organization_id: int, now: datetime) -> dict[str, Any]:
    """What both lists show."""
    found = await reads.silences_of(reading, organization_id, now)
    return {
        "silences": [one for one in found if one.ends_at > now],
        "ended": [one for one in found if one.ends_at <= now],
        "hides": await hidden_counts(reading, organization_id),
        "windows": await reads.windows_of(reading, organization_id),
        "now": now,
    }
