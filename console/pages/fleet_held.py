"""What the figures of the overview and the wall should be now, as raw values by the names of their elements."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from console.alerts.silent import Silent, asked_silent
from console.carrier.direct import available
from console.facts.sims import Connection
from console.pages.fleet_tiles import MESSAGES, MINUTE, failed_of
from console.sims.counts_reads import Kind, counted, kinds_direct
from console.sms.undelivered import asked_number
from console.store.database import Database
from console.store.direct_reads import Question
from console.usage.lately import bytes_of_hour

Figure = int | str | frozenset[str]
HOURS, FAILED = ("hour", "hour_before"), ("failed", "failed_before")
CONNECTIONS = ("online", "attached", "offline", "blocked", "unknown")


async def figures(db: Database, organization_id: int) -> tuple[Mapping[str, Figure], Mapping[str, int]]:
    """Of the fleet, and of each operator and country.

    What is counted until a whole minute may be that of the minute before: the runs of jobs draw a page anew.
    """
    found = await kinds_direct(db.direct, organization_id)
    counts = counted(found)
    minute = datetime.now(UTC).replace(second=0, microsecond=0)
    readable = (await available(db.direct, organization_id))[MESSAGES]
    row = await db.direct.row(LATELY, organization_id=organization_id, minute=minute, before=minute - MINUTE)
    silent = Silent(**{name: row[name] for name in Silent.__struct_fields__}).number
    fleet: dict[str, Figure] = {
        "total": counts.total,
        **{name: counts.connection.get(name, 0) for name in CONNECTIONS},
        **{name: counts.status.get(name, 0) for name in ("enabled", "disabled")},
        "exhausted": counts.quota.get("exhausted", 0),
        "quota_low": counts.quota.get("low", 0),
        "silent": "" if silent is None else silent,
        "hour-bytes": frozenset(str(row[name]) for name in HOURS),
        "sms-failed": frozenset(
            "" if failed is None else str(failed) for failed in [failed_of(row[name], readable) for name in FAILED]
        ),
    }
    return fleet, _places(found)


def _lately() -> "sa.Select[Any]":
    """What is silent, and what belongs to each of the two minutes, in one row: a statement each costs twice as much."""
    organization_id = sa.bindparam("organization_id", type_=sa.Integer)
    minutes = [sa.bindparam(name, type_=sa.DateTime(timezone=True)) for name in ("minute", "before")]
    silent = asked_silent(organization_id).subquery("silent")
    hours = zip(HOURS, (bytes_of_hour(organization_id, one) for one in minutes), strict=True)
    failed = zip(FAILED, (asked_number(organization_id, one) for one in minutes), strict=True)
    return sa.select(*silent.c, *(one.scalar_subquery().label(name) for name, one in (*hours, *failed)))


LATELY = Question(_lately)


def _places(found: Sequence[Kind]) -> Mapping[str, int]:
    """SIMs, and those online, of each operator in a country, of each country and of each RAT."""
    by_operator: dict[tuple[str, str], list[int]] = {}
    by_country: dict[str, list[int]] = {}
    by_radio: dict[str, list[int]] = {}
    for one in found:  # there are hundreds of kinds, and a few dozen places
        online = one.sims if one.connection == Connection.ONLINE else 0
        operator, radio = (one.operator or "", one.country or ""), one.rat or ""
        for place in (by_operator.setdefault(operator, [0, 0]), by_radio.setdefault(radio, [0, 0])):
            place[0] += one.sims
            place[1] += online
    for (_, country), (number, online) in by_operator.items():
        place = by_country.setdefault(country, [0, 0])
        place[0] += number
        place[1] += online
    values: dict[str, int] = {}
    for panel, places in (
        ("fleet-by-operator", {f"{operator} {country}": of for (operator, country), of in by_operator.items()}),
        ("fleet-by-country", {f" {country}": of for country, of in by_country.items()}),
        ("fleet-by-map", {f" {country}": of for country, of in by_country.items()}),
        ("fleet-by-radio", by_radio),
    ):
        for name, (number, online) in places.items():
            values[f"{panel}/sims {name}"], values[f"{panel}/online {name}"] = number, online
    return values
