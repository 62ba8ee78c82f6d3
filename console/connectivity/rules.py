"""Decisions about the network that need no database: what an event says of where its SIM is now."""

from datetime import datetime

from msgspec import Struct, structs

from console.facts.sims import Connection


class Place(Struct, frozen=True, kw_only=True):
    """Where a SIM is on the network, and since when that is known."""

    connection: str | None = None
    operator: str | None = None
    country: str | None = None
    rat: str | None = None
    apn: str | None = None
    cell: str | None = None
    session_started_at: datetime | None = None
    last_seen_at: datetime | None = None
    connection_at: datetime | None = None


class EventEffect(Struct, frozen=True, kw_only=True):
    """What an event says of where its SIM is."""

    type: int | None
    time: datetime
    operator: str | None = None
    country: str | None = None
    rat: str | None = None
    apn: str | None = None
    cell: str | None = None
    cause: str | None = None


LOCATED = frozenset({1, 2})
SESSION_OPEN = frozenset({3, 4})
SESSION_CLOSED = 5
BLOCKED = 11
PURGED = frozenset({15, 16})


def after(place: Place, event: EventEffect) -> Place:
    """Where the SIM is after this event; the same place if the event is older, failed, or says nothing of it."""
    if place.connection_at is not None and event.time < place.connection_at:
        return place
    kind = event.type
    if event.cause and kind != SESSION_CLOSED:
        return place  # a refused attempt moves nobody
    seen = structs.replace(
        place,
        connection_at=event.time,
        last_seen_at=event.time,
        operator=event.operator or place.operator,
        country=event.country or place.country,
        rat=event.rat or place.rat,
        cell=event.cell or place.cell,
    )
    if kind in SESSION_OPEN:
        started = place.session_started_at if kind == 4 and place.session_started_at else event.time
        return structs.replace(
            seen, connection=Connection.ONLINE, apn=event.apn or place.apn, session_started_at=started
        )
    if kind == SESSION_CLOSED:
        return structs.replace(seen, connection=Connection.ATTACHED, session_started_at=None)
    if kind in LOCATED:
        return seen if place.connection == Connection.ONLINE else structs.replace(seen, connection=Connection.ATTACHED)
    if kind in PURGED or kind == BLOCKED:
        gone = Connection.BLOCKED if kind == BLOCKED else Connection.OFFLINE
        return structs.replace(place, connection_at=event.time, connection=gone, session_started_at=None)
    return place
