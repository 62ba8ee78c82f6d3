"""Where a SIM is and how it is connected, read from 1NCE's answer: network, place, cell and open sessions."""

from datetime import UTC, datetime

from msgspec import json

from console.once.models import Status
from console.once.wire.countries import country_code
from console.once.wire.radio import Cell, cell_name, rat_name
from console.once.wire.shapes import CountryShape, OperatorShape, SessionShape, StatusShape
from console.once.wire.texts import bounded
from console.once.wire.times import known_time

_LONG_AGO = datetime.min.replace(tzinfo=UTC)

_status = json.Decoder(StatusShape)


def _created(session: SessionShape) -> datetime:
    return known_time(session.created) or _LONG_AGO


def read_status(body: bytes) -> Status:
    """A SIM's place and connection."""
    raw = _status.decode(body)
    sessions = raw.pdp_contexts or []
    newest = max(sessions, key=_created, default=SessionShape())
    place = raw.location
    operator = (place and place.operator) or OperatorShape()
    country = (place and place.country) or CountryShape()
    iso = country.iso_code or (operator.country.iso_code if operator.country else None)
    rat = newest.rat_type
    return Status(
        connection=(bounded(raw.status.description) or "").lower() or None,
        operator=bounded(operator.name),
        country=country_code(iso, country.mcc or newest.mcc),
        located_at=known_time(place.last_updated) if place else None,
        rat=bounded(rat_name(rat.rat_type_id, rat.description)) if rat else None,
        apn=bounded(newest.apn),
        cell=bounded(
            cell_name(newest.gtp_v2_uli) or cell_name(newest.gtp_v1_uli) or cell_name(Cell(newest.lac, newest.ci))
        ),
        session_started_at=known_time(newest.created),
        ip_address=bounded(newest.ue_ip_address),
        sessions=len(sessions),
    )
