"""What live pages should show, asked in plain SQL that shares nothing with the console's own queries."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from console.store.database import Database

COUNTS = "SELECT coalesce(connection, 'unknown'), count(*) FROM sims WHERE organization_id = :o GROUP BY 1"
STATUSES = "SELECT coalesce(status, 'unknown'), count(*) FROM sims WHERE organization_id = :o GROUP BY 1"
USED = """
    SELECT coalesce(sum(data_bytes) FILTER (WHERE time > date_trunc('day', now(), 'UTC')), 0),
           coalesce(sum(data_bytes), 0),
           coalesce(sum(sms) FILTER (WHERE time > date_trunc('day', now(), 'UTC')), 0),
           coalesce(sum(sms), 0)
    FROM usage_records
    WHERE organization_id = :o AND time > date_trunc('month', now(), 'UTC')
"""
EVENTS = "SELECT id FROM network_events WHERE organization_id = :o {} ORDER BY time DESC, id DESC LIMIT 20"
RUNS = "SELECT id FROM job_runs WHERE (organization_id = :o OR organization_id IS NULL) {} ORDER BY id DESC LIMIT 50"
ROWS = "SELECT iccid FROM sims WHERE organization_id = :o {}"


class Truth:
    """One organization's, read anew at each call."""

    def __init__(self, db: Database, organization_id: int) -> None:
        self._db = db
        self._organization_id = organization_id

    async def overview(self) -> Mapping[str, str]:
        """Counts by state, usage, the latest events."""
        counted = {**dict(await self._rows(COUNTS)), **dict(await self._rows(STATUSES))}
        kinds = ("online", "attached", "offline", "blocked", "enabled", "disabled")
        figures = {name: counted.get(name, 0) for name in kinds}
        ((total,),) = await self._rows("SELECT count(*) FROM sims WHERE organization_id = :o")
        (used,) = await self._rows(USED)
        names = ("data-today", "data-month", "sms-today", "sms-month")
        return {
            **{f"fleet-counts/{name}": str(number) for name, number in (figures | {"total": total}).items()},
            **{f"fleet-usage/{name}": str(number) for name, number in zip(names, used, strict=True)},
            "events": await self._ids("event", EVENTS.format("")),
        }

    async def sim(self, iccid: str) -> Mapping[str, str]:
        """Its revision and its latest events."""
        mine = "AND iccid = :iccid"
        ((revision,),) = await self._rows(f"SELECT revision FROM sims WHERE organization_id = :o {mine}", iccid=iccid)
        events = await self._ids("event", EVENTS.format(mine), iccid=iccid)
        return {"sim-state": str(revision), "sim-quotas": str(revision), "sim-events": events}

    async def jobs(self, condition: str = "") -> Mapping[str, str]:
        """The last runs; `condition` in SQL."""
        ids = (await self._ids("run", RUNS.format(condition))).split()
        return {"runs": " ".join(ids[:20])}

    async def carrier(self) -> Mapping[str, str]:
        """The circuit breaker."""
        rows = await self._rows("SELECT state, failures FROM carrier_circuits WHERE organization_id = :o")
        return {f"carrier-circuit/{name}": str(rows[0][at]) for at, name in enumerate(("circuit", "failures")) if rows}

    async def sims(self, rest: str = "ORDER BY iccid") -> list[str]:
        """A list of SIMs, by condition and order in SQL."""
        return [iccid for (iccid,) in await self._rows(ROWS.format(rest))]

    async def _ids(self, kind: str, query: str, **given: Any) -> str:
        return " ".join(f"{kind}-{number}" for (number,) in await self._rows(query, **given))

    async def _rows(self, query: str, **given: Any) -> list[Any]:
        async with self._db.reading() as reading:
            return list((await reading.execute(sa.text(query), {"o": self._organization_id, **given})).all())
