"""Where a SIM is and how it is connected, read from 1NCE's answer: network, place, cell and open sessions."""

from datetime import UTC, datetime

from msgspec import json

from console.once.models import Status
from console.once.wire.countries import country_code
from console.once.wire.radio import Cell, cell_name, rat_name
from console.once.wire.shapes import CountryShape, OperatorShape, SessionShape, StatusShape
from console.once.wire.texts import bounded
from console.once.wire.times import maybe_time

_LIMITS = {"REACHED": True, "NOT_REACHED": False}
_LONG_AGO = datetime.min.replace(tzinfo=UTC)

_status = json.Decoder(StatusShape)


def _created(session: SessionShape) -> datetime:
    return maybe_time(session.created) or _LONG_AGO


def read_status(body: bytes) -> Status:
    """A SIM's place and connection."""
    raw = _status.decode(body)
    sessions = raw.pdp_contexts or []
    newest = max(sessions, key=_created, default=SessionShape())
    place = raw.location
    operator = (place and place.operator) or OperatorShape()
    country = (place and place.country) or CountryShape()
    mcc, mnc = (country.mcc, operator.mnc) if country.mcc and operator.mnc else (newest.mcc, newest.mnc)
    iso = country.iso_code or (operator.country.iso_code if operator.country else None)
    rat = newest.rat_type
    limit = raw.data_traffic_limit_state
    return Status(
        connection=(bounded(raw.status.description) or "").lower() or None,
        data_limit_reached=_LIMITS.get((limit.description or "").upper()) if limit else None,
        operator=bounded(operator.name),
        operator_mccmnc=f"{mcc}{mnc}" if mcc and mnc else None,
        country=country_code(iso, country.mcc or newest.mcc),
        located_at=maybe_time(place.last_updated) if place else None,
        rat=bounded(rat_name(rat.rat_type_id, rat.description)) if rat else None,
        apn=bounded(newest.apn),
        cell=cell_name(newest.gtp_v2_uli) or cell_name(newest.gtp_v1_uli) or cell_name(Cell(newest.lac, newest.ci)),
        session_started_at=maybe_time(newest.created),
        ip_address=bounded(newest.ue_ip_address),
        sessions=len(sessions),
    )
