"""What the figures of the overview and the wall should be now, as raw values by the names of their elements."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from console.alerts.silent import silent_direct
from console.facts.sims import Connection
from console.pages.fleet_tiles import MINUTE
from console.sims.counts.reads import Kind, counted, kinds_direct
from console.sms.undelivered import number_direct
from console.store.database import Database
from console.usage.lately import last_hour_direct

Figure = int | str | frozenset[str]
CONNECTIONS = ("online", "attached", "offline", "blocked", "unknown")


async def figures(db: Database, organization_id: int) -> tuple[Mapping[str, Figure], Mapping[str, int]]:
    """Of the fleet, and of each operator and country.

    What is counted until a whole minute may be that of the minute before: the runs of jobs draw a page anew.
    """
    found = await kinds_direct(db.direct, organization_id)
    counts = counted(found)
    minute = datetime.now(UTC).replace(second=0, microsecond=0)
    minutes = minute, minute - MINUTE
    direct = db.direct
    silent = (await silent_direct(direct, organization_id)).number
    fleet: dict[str, Figure] = {
        "total": counts.total,
        **{name: counts.connection.get(name, 0) for name in CONNECTIONS},
        **{name: counts.status.get(name, 0) for name in ("enabled", "disabled")},
        "exhausted": counts.quota.get("exhausted", 0),
        "quota_low": counts.quota.get("low", 0),
        "silent": "" if silent is None else silent,
        "hour-bytes": frozenset([str(await last_hour_direct(direct, organization_id, one)) for one in minutes]),
        "sms-failed": frozenset([str(await number_direct(direct, organization_id, one)) for one in minutes]),
    }
    return fleet, _places(found)


def _places(found: Sequence[Kind]) -> Mapping[str, int]:
    """SIMs, and those online, of each operator in a country, of each country and of each RAT."""
    values: Counter[str] = Counter()
    for one in found:
        online = one.sims if one.connection == Connection.ONLINE else 0
        operator = f"{one.operator or ''} {one.country or ''}"
        by_country, by_radio = f" {one.country or ''}", one.rat or ""
        for panel, place in (
            ("fleet-by-operator", operator),
            ("fleet-by-country", by_country),
            ("fleet-by-map", by_country),
            ("fleet-by-radio", by_radio),
        ):
            values[f"{panel}/sims {place}"] += one.sims
            values[f"{panel}/online {place}"] += online
    return values
