"""What live pages should show, asked in plain SQL that shares nothing with the console's own queries."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from console.store.database import Database

WATCHED = """
    AND NOT EXISTS (SELECT FROM unwatched_sims u WHERE u.organization_id = {0}.organization_id AND u.iccid = {0}.iccid)
"""
MINE = f"FROM sims WHERE organization_id = :o {WATCHED.format('sims')}"
KINDS = f"""
    SELECT count(*) AS total, {{}}
    count(*) FILTER (WHERE quota = 'exhausted') AS exhausted, count(*) FILTER (WHERE quota = 'low') AS quota_low
    {MINE}
"""
CONNECTIONS = ("online", "attached", "offline", "blocked")
STATUSES = ("enabled", "disabled")
USED = """
    SELECT coalesce(sum(data_bytes) FILTER (WHERE time > date_trunc('day', now(), 'UTC')), 0),
           coalesce(sum(data_bytes), 0),
           coalesce(sum(sms) FILTER (WHERE time > date_trunc('day', now(), 'UTC')), 0),
           coalesce(sum(sms), 0)
    FROM usage_records
    WHERE organization_id = :o AND time > date_trunc('month', now(), 'UTC') {}
""".format(WATCHED.format("usage_records"))
HOURS = """
    SELECT date_trunc('hour', time - interval '1 microsecond', 'UTC') AS hour, sum(data_bytes)::bigint
    FROM usage_records
    WHERE organization_id = :o AND time > date_trunc('hour', now(), 'UTC') - interval '23 hours' {}
    GROUP BY 1
""".format(WATCHED.format("usage_records"))
EVENTS = f"""
    SELECT id FROM network_events WHERE organization_id = :o {WATCHED.format("network_events")} {{}}
    ORDER BY time DESC, id DESC LIMIT {{}}
"""
RUNS = "SELECT id FROM job_runs WHERE (organization_id = :o OR organization_id IS NULL) {} ORDER BY id DESC LIMIT 50"
MESSAGES = """
    SELECT direction || '-' || id FROM sms WHERE organization_id = :o AND iccid = :iccid
    ORDER BY time DESC, direction DESC, id DESC LIMIT 50
"""
CONVERSATIONS = f"""
    SELECT iccid, label, direction, status, payload FROM (
        SELECT DISTINCT ON (iccid) iccid, time, direction, status, payload, label FROM sms
        JOIN (SELECT iccid AS own, label {MINE}) named ON own = iccid
        WHERE organization_id = :o ORDER BY iccid, time DESC, direction DESC, id DESC
    ) latest ORDER BY time DESC, iccid DESC LIMIT 50
"""
CELLS = f"SELECT iccid, label, connection, status, operator, country, rat {MINE} {{}}"


class Truth:
    """One organization's, read anew at each call."""

    def __init__(self, db: Database, organization_id: int) -> None:
        self._db = db
        self._organization_id = organization_id

    async def _counts(self) -> dict[str, int]:
        parts = [f"count(*) FILTER (WHERE connection = '{one}') AS {one}, " for one in CONNECTIONS]
        parts += [f"count(*) FILTER (WHERE status = '{one}') AS {one}, " for one in STATUSES]
        parts += ["count(*) FILTER (WHERE connection IS NULL) AS unknown, "]
        (row,) = await self._rows(KINDS.format("".join(parts)))
        return dict(row._mapping)

    async def overview(self) -> Mapping[str, str]:
        """Counts by state and place, usage, the latest events."""
        (used,) = await self._rows(USED)
        names = ("data-today", "data-month", "sms-today", "sms-month")
        found = {f"fleet-counts/{name}": str(number) for name, number in (await self._counts()).items()}
        for by, columns in (("operator", "operator, country"), ("country", "NULL, country")):
            rows = await self._rows(
                f"SELECT {columns}, count(*), count(*) FILTER (WHERE connection = 'online') {MINE} GROUP BY 1, 2"
            )
            for operator, country, sims, online in rows:
                place = f"{operator or ''} {country or ''}"
                found |= {f"fleet-by-{by}/sims {place}": str(sims), f"fleet-by-{by}/online {place}": str(online)}
        return {**found, **{f"fleet-usage/{name}": str(number) for name, number in zip(names, used, strict=True)}}

    async def wall(self) -> Mapping[str, str]:
        """Counts by state."""
        counts = await self._counts()
        names = ("total", "online", "attached", "offline", "blocked", "exhausted")
        return {f"wall-fleet/{name}": str(counts[name]) for name in names}

    async def sim(self, iccid: str) -> Mapping[str, str]:
        """Its revision and its latest events."""
        query = "SELECT revision FROM sims WHERE organization_id = :o AND iccid = :iccid"
        ((revision,),) = await self._rows(query, iccid=iccid)
        events = (
            "SELECT id FROM network_events WHERE organization_id = :o AND iccid = :iccid ORDER BY time DESC, id DESC"
        )
        ids = await self._ids("event", events + " LIMIT 20", iccid=iccid)
        return {"sim-state": str(revision), "sim-quotas": str(revision), "sim-events": " ".join(ids)}

    async def jobs(self, condition: str = "") -> Mapping[str, str]:
        """The last runs; `condition` in SQL."""
        return {"runs": " ".join((await self.runs(condition))[:20])}

    async def runs(self, condition: str) -> list[str]:
        """The same, of any length."""
        return await self._ids("run", RUNS.format(condition))

    async def carrier(self) -> Mapping[str, str]:
        """The circuit breaker."""
        rows = await self._rows("SELECT state, failures FROM carrier_circuits WHERE organization_id = :o")
        return {f"carrier-circuit/{name}": str(rows[0][at]) for at, name in enumerate(("circuit", "failures")) if rows}

    async def quotas(self) -> Mapping[str, str]:
        """All, and those that are low or have ended."""
        counts = await self._counts()
        return {"quota-bands/total": str(counts["total"])}

    async def usage_by_hour(self) -> Mapping[str, str]:
        """Bytes of each hour with any, by its beginning."""
        return {hour.strftime("%Y-%m-%dT%H:%M:%SZ"): str(amount) for hour, amount in await self._rows(HOURS)}

    async def events(self, condition: str, limit: int = 50) -> list[str]:
        """The latest of watched SIMs."""
        return await self._ids("event", EVENTS.format(condition, limit))

    async def messages(self, iccid: str) -> list[str]:
        """A SIM's, the newest first."""
        return await self._ids("sms", MESSAGES, iccid=iccid)

    async def conversations(self) -> list[str]:
        """Each SIM with its latest message."""
        rows = await self._rows(CONVERSATIONS)
        ways = {"mo": "From the device", "mt": "To the device"}
        return [f"{row.label or row.iccid} {ways[row.direction]} {row.status} {row.payload}" for row in rows]

    async def sims(self, rest: str = "ORDER BY iccid") -> list[str]:
        """A list of SIMs, by condition and order in SQL."""
        return [f"sim-{iccid}" for (iccid,) in await self._rows(f"SELECT iccid {MINE} {rest}")]

    async def cells(self, rest: str) -> Sequence[str]:
        """What the rows of such a list say."""
        found = []
        for iccid, label, connection, status, operator, country, rat in await self._rows(CELLS.format(rest)):
            place = " ".join(filter(None, (country, operator)))
            said = (label or "—", connection or "unknown", status or "—", place or "—", rat or "—")
            found.append(" | ".join((iccid, *said)))
        return found

    async def _ids(self, kind: str, query: str, **given: Any) -> list[str]:
        return [f"{kind}-{number}" for (number,) in await self._rows(query, **given)]

    async def _rows(self, query: str, **given: Any) -> list[Any]:
        async with self._db.reading() as reading:
            return list((await reading.execute(sa.text(query), {"o": self._organization_id, **given})).all())
