"""The figures of the overview: each with what it was before, and the list that it counts."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alerts.silent import Silent, silent
from console.carrier import reads as carrier_reads
from console.connectivity.reads import FleetSample
from console.connectivity.usual import Usual
from console.sms import undelivered
from console.streamer.reads import is_known, unknown_usage
from console.usage.lately import HOUR, WEEK, Lately, lately
from console.usage.volumes import volume

BELOW_SHARE = 0.02  # so much below the usual is not shown as a loss yet
LEAST, SILENT_SHARE = 3, 0.01  # so many messages, or SIMs and that part of the fleet, are worth a look
FACTOR = 2  # so many times last week's data, or so many times less, is unusual
LEAST_BYTES = 1024 * 1024  # of data: differences of less say nothing
MINUTE = timedelta(minutes=1)
MESSAGES = "sms.list"  # what 1NCE is asked for a SIM's messages by
ICONS = {"silent": "interrupted", "hour-bytes": "usage", "sms-failed": "sms"}


class Tile(Struct, frozen=True, kw_only=True):
    """A figure that leads to what it counts."""

    name: str
    kind: str  # its icon and colour, and the name of its value
    number: int | None  # None: not known
    href: str
    is_bytes: bool = False
    at_least: bool = False  # a part of it is not known
    difference: int | None = None  # to a quarter of an hour ago; None where it is not known
    usual: Usual | None = None  # at this hour; None where nothing is usual yet
    note: str = ""
    over_threshold: bool = False

    @property
    def value(self) -> int | str:
        """As it is compared with the database: bytes that are not known are none so far."""
        return self.number if self.number is not None else 0 if self.is_bytes else ""

    @property
    def icon(self) -> str:
        """Its name."""
        return ICONS.get(self.kind, self.kind)


class Recent(Struct, frozen=True, kw_only=True):
    """What is counted of the last hour and day."""

    used: Lately
    hour_known: bool
    week_ago_known: bool
    undelivered: int | None  # None: no message was ever read
    silent: Silent


async def recent(connection: AsyncConnection, organization_id: int, now: datetime) -> Recent:
    """Until the last whole minute."""
    minute = now.replace(second=0, microsecond=0)
    unknown = await unknown_usage(connection, organization_id, minute - WEEK - HOUR, minute, now)
    return Recent(
        used=await lately(connection, organization_id, minute),
        hour_known=is_known(unknown, minute - HOUR, minute),
        week_ago_known=is_known(unknown, minute - WEEK - HOUR, minute - WEEK),
        undelivered=failed_of(
            await undelivered.number(connection, organization_id, minute),
            (await carrier_reads.operation(connection, organization_id, MESSAGES)).available,
        ),
        silent=await silent(connection, organization_id),
    )


def failed_of(number: int, readable: bool | None) -> int | None:
    """How many messages have failed, by how many are known. None where 1NCE has never listed a SIM's messages."""
    return number if number or readable else None


def tiles(
    found: Mapping[str, int], before: FleetSample | None, usual: Usual | None = None, lately: Recent | None = None
) -> list[Tile]:
    """Those over their threshold first: nothing blocked, no quota exhausted, online and used as usual."""
    made = [*of_sims(found, before, usual), *([] if lately is None else of_time(lately, found["total"]))]
    return sorted(made, key=lambda tile: not tile.over_threshold)


def of_sims(found: Mapping[str, int], before: FleetSample | None, usual: Usual | None) -> list[Tile]:
    """How many SIMs are where, and without data."""
    fewer = usual is not None and found["online"] < usual.low * (1 - BELOW_SHARE)
    exhausted = found["quota_exhausted"]
    over = {"online": fewer, "blocked": found["blocked"] > 0}
    made = [
        Tile(
            name=name,
            kind=name,
            number=found[name],
            href=f"/sims?connection={name}",
            difference=None if before is None else found[name] - getattr(before, name),
            usual=usual if name == "online" else None,
            over_threshold=over.get(name, False),
        )
        for name in ("online", "offline", "blocked")
    ]
    made.append(
        Tile(
            name="quota exhausted",
            kind="exhausted",
            number=exhausted,
            href="/sims?quota=exhausted",
            difference=None if before is None or before.exhausted is None else exhausted - before.exhausted,
            over_threshold=exhausted > 0,
            note=f"{found['quota_low']:,} low",
        )
    )
    return made


def _said_of(found: Silent) -> str:
    if not found.rules:
        return "no rule looks for it"
    return "longer than usual" if found.number is not None else "no rhythm known yet"


def of_time(found: Recent, total: int) -> list[Tile]:
    """Who is silent, what was used, and what has not arrived."""
    used, known = found.used, found.hour_known and found.week_ago_known
    rule = found.silent.rule_id if found.silent.rules == 1 else None
    hour, before = used.hour_bytes, used.week_ago_bytes
    unusual = max(hour, before) >= LEAST_BYTES and (hour > before * FACTOR or hour * FACTOR < before)
    return [
        Tile(
            name="silent",
            kind="silent",
            number=found.silent.number,
            href="/alert-rules"
            if not found.silent.rules
            else f"/alerts?state=firing&rule={rule}"
            if rule
            else "/alerts",
            note=_said_of(found.silent),
            over_threshold=(found.silent.number or 0) >= max(LEAST, total * SILENT_SHARE),
        ),
        Tile(
            name="data, last hour",
            kind="hour-bytes",
            number=hour if hour or found.hour_known else None,
            href="/usage?range=24h",
            is_bytes=True,
            at_least=not found.hour_known,
            note=f"{volume(before)} a week ago" if before or found.week_ago_known else "a week ago not known",
            over_threshold=known and unusual,
        ),
        Tile(
            name="SMS failed",
            kind="sms-failed",
            number=found.undelivered,
            href="/sms?failed=24h",
            note="in 24 h" if found.undelivered is not None else "no message read yet",
            over_threshold=(found.undelivered or 0) >= LEAST,
        ),
    ]
