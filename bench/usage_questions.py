"""What is asked of usage by the benchmark of its reads: by name, a function of the project or an address."""

import itertools
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from filling import iccid
from sqlalchemy.ext.asyncio import AsyncConnection

from console.pages.reader import reader
from console.pages.usage import hours_of_week
from console.pages.usage_ranges import range_of
from console.usage import reads, shares
from console.usage.totals import totals

A_DAY = timedelta(days=1)
Ask = Callable[[AsyncConnection], Awaitable[Any]]


class Questions:
    """What is asked of the database, of another SIM each time."""

    def __init__(self, organization_id: int, sims: int, now: datetime) -> None:
        numbers = random.Random(36).sample(range(1, sims + 1), sims)
        self.iccids = (iccid(number) for number in itertools.cycle(numbers))
        self.hour = now.replace(minute=0, second=0, microsecond=0)
        self.today = self.hour.replace(hour=0)
        self.yesterday = self.today - A_DAY
        self._id, self._now = organization_id, now

    def every(self) -> dict[str, Ask]:
        """By a name that begins with what is wanted of it."""
        days = {number: self.today - (number - 1) * A_DAY for number in (30, 60, 90)}
        return {
            "one SIM, 30 days by hour": self._of_sim("hour", self.hour - 30 * A_DAY),
            "one SIM, 48 hours": self._of_sim("hour", self.hour - 2 * A_DAY),
            "one SIM, 30 days": self._of_sim("day", days[30]),
            "one SIM, 90 days": self._of_sim("day", days[90]),
            "the fleet, 60 days": self._of_fleet("day", days[60]),
            "the fleet, 30 days by hour": self._of_fleet("hour", days[30]),
            "the fleet, 24 hours by minute": self._of_fleet("minute", self.hour - A_DAY),
            "the fleet, today and this month": self._totals,
            "the fleet, hours of the week": self._week,
            "ranking of a day": self._ranked("", self.yesterday),
            "ranking of a day, the last 24 hours": self._ranked("24h"),
            "ranking of 7 days": self._ranked("7d"),
            "ranking of 30 days": self._ranked("30d"),
            "24 hours by operator": self._shares("24h"),
            "7 days by operator": self._shares("7d"),
        }

    def addresses(self) -> dict[str, tuple[str, bool]]:
        """Paths in which `{}` is a SIM, by such a name; whether a program asks, or else a browser."""
        since, days = f"{self.hour - 30 * A_DAY:%Y-%m-%dT%H:%M:%SZ}", f"{self.today - 59 * A_DAY:%Y-%m-%dT%H:%M:%SZ}"
        day = self.yesterday.date().isoformat()
        return {
            "one SIM, 30 days by hour, API": (f"/api/v1/sims/{{}}/usage?by=hour&since={since}", True),
            "one SIM, 30 days, API": ("/api/v1/sims/{}/usage", True),
            "one SIM, its chart by hour": ("/sims/{}/usage.json?by=hour", False),
            "the fleet, 60 days, API": (f"/api/v1/usage?since={days}", True),
            "page of usage": ("/usage", False),
            "page of usage, 24 hours": ("/usage?range=24h", False),
            "page of usage, a day": (f"/usage?since={day}&until={day}", False),
            "page of usage, 30 days": ("/usage?range=30d", False),
            "page of usage, 7 days by operator": ("/usage?by=operator", False),
        }

    def _of_sim(self, by: reads.Step, since: datetime) -> Ask:
        async def ask(connection: AsyncConnection) -> None:
            one, until = next(self.iccids), self._now + A_DAY
            assert await reads.of_sim(connection, self._id, one, by=by, since=since, until=until), one

        return ask

    def _of_fleet(self, by: Any, since: datetime) -> Ask:
        async def ask(connection: AsyncConnection) -> None:
            assert await reads.of_fleet(connection, self._id, by=by, since=since, until=self._now)

        return ask

    async def _totals(self, connection: AsyncConnection) -> None:
        assert (await totals(connection, self._id, self._now)).month_bytes

    async def _week(self, connection: AsyncConnection) -> None:
        assert await hours_of_week(connection, self._id, self._now, reader())

    def _ranking(self, since: datetime, until: datetime) -> Ask:
        async def ask(connection: AsyncConnection) -> None:
            assert await shares.ranking(connection, self._id, since=since, until=until, now=self._now, most=50)

        return ask

    def _ranked(self, name: str, day: datetime | None = None) -> Ask:
        chosen = range_of(name, self._now, *([day.date().isoformat()] * 2 if day else ()))
        return self._ranking(chosen.since, chosen.until)

    def _shares(self, name: str) -> Ask:
        one = range_of(name, self._now)

        async def ask(connection: AsyncConnection) -> None:
            assert await shares.shares(
                connection, self._id, place="operator", by=one.step, since=one.since, until=one.until
            )

        return ask
