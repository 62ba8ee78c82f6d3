"""What hides alerts, and where they go outside: read at most once for all alerts of a transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from console.notifications import reads as notification_reads
from console.notifications.on_call_reads import OnCall, on_call_now
from console.notifications.rules import Route
from console.silences import reads as silence_reads
from console.silences.rules import Hiding


class Outside:
    """As the organization has set it at this time. What nobody asks for is not read."""

    def __init__(self, connection: AsyncConnection, organization_id: int, now: datetime) -> None:
        self.connection, self.organization_id, self.now = connection, organization_id, now
        self._hiding: Sequence[Hiding] | None = None
        self._on_call: OnCall | None = None
        self._routes: dict[bool, Sequence[Route]] = {}

    async def hiding(self) -> Sequence[Hiding]:
        """The silences and maintenance windows that are open."""
        if self._hiding is None:
            self._hiding = await silence_reads.active(self.connection, self.organization_id, self.now)
        return self._hiding

    async def on_call(self) -> OnCall:
        """Who is on call, and what priorities mean."""
        if self._on_call is None:
            self._on_call = await on_call_now(self.connection, self.organization_id, self.now)
        return self._on_call

    async def routes(self, *, resolved: bool) -> Sequence[Route]:
        """The channels that are informed; `resolved`: of ends."""
        if resolved not in self._routes:
            found = await notification_reads.routes(self.connection, self.organization_id, resolved=resolved)
            self._routes[resolved] = found
        return self._routes[resolved]
