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
SESSION_UPDATED = 4
SESSION_OPEN = frozenset({3, SESSION_UPDATED})
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
    if kind in PURGED or kind == BLOCKED:
        gone = Connection.BLOCKED if kind == BLOCKED else Connection.OFFLINE
        return structs.replace(place, connection_at=event.time, connection=gone, session_started_at=None)
    connection, apn, started = place.connection, place.apn, place.session_started_at
    if kind in SESSION_OPEN:
        connection, apn = Connection.ONLINE, event.apn or apn
        started = started if kind == SESSION_UPDATED and started else event.time
    elif kind == SESSION_CLOSED:
        connection, started = Connection.ATTACHED, None
    elif kind not in LOCATED:
        return place
    elif connection != Connection.ONLINE:
        connection = Connection.ATTACHED
    return Place(
        connection=connection,
        operator=event.operator or place.operator,
        country=event.country or place.country,
        rat=event.rat or place.rat,
        apn=apn,
        cell=event.cell or place.cell,
        session_started_at=started,
        last_seen_at=event.time,
        connection_at=event.time,
    )
