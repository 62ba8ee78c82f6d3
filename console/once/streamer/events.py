"""Network events as 1NCE reports them: sessions, places, quotas, and causes of refusals."""

from datetime import datetime

from msgspec import MsgspecError, Struct, json

from console.iccid import known
from console.once.streamer.shapes import Detail, ImsiRef, NumberedText, RecordShape, Session
from console.once.wire.countries import country_code
from console.once.wire.radio import Cell, cell_name, rat_name
from console.once.wire.texts import LONGEST, LONGEST_SENTENCE, bounded
from console.once.wire.times import parse_time
from console.once.wire.whole_numbers import identity, whole

EVENT_NAMES = {
    0: "Generic", 1: "Update location", 2: "Update GPRS location", 3: "Create PDP Context", 4: "Update PDP Context",
    5: "Delete PDP Context", 6: "User authentication failed", 7: "Application authentication failed",
    8: "SIM activation",
    9: "SIM suspension", 10: "SIM deletion", 11: "Endpoint blocked", 12: "Organization blocked", 13: "Support access",
    14: "Multi-factor authentication", 15: "Purge location", 16: "Purge GPRS location", 17: "Self-signup",
    18: "Data quota threshold reached", 19: "Data quota used up", 20: "SMS quota threshold reached",
    21: "SMS quota used up", 29: "OpenVPN disconnect", 30: "OpenVPN authentication", 42: "Endpoint enabled",
    43: "Endpoint disabled", 50: "SIM released", 51: "SIM assigned", 52: "Data quota enabled",
    53: "Data quota disabled", 54: "SMS quota enabled", 55: "SMS quota disabled", 56: "Data quota assigned",
    57: "Data quota deleted", 58: "SMS quota assigned", 59: "SMS quota deleted", 60: "Data quota expired",
    61: "SMS quota expired",
    121: "Endpoint deleted",
}  # fmt: skip
SOURCES = {0: "Network", 1: "Policy Control", 2: "API"}

_SEVERITY_WORDS = {
    "info": "info", "information": "info", "warn": "warn", "warning": "warn", "error": "error", "critical": "critical",
    "INFO": "info", "WARN": "warn", "ERROR": "error", "CRITICAL": "critical",  # as 1NCE writes them
}  # fmt: skip
_SEVERITIES = {0: "info", 1: "warn", 2: "warn", 3: "error", 4: "critical"}
_FIRST_GENERATION_CRITICAL = 2
LARGEST_TYPE = 2**31 - 1  # that a column can hold; 1NCE's own are below 200
_detail = json.Decoder(Detail | str | None)
_NO_DETAIL = Detail()


class EventRecord(Struct, frozen=True, gc=False):
    """One event. Its id is unique among events; the same event may come more than once. Times UTC, volumes in bytes."""

    id: int
    time: datetime
    iccid: str | None  # None for events about the account
    imsi: str | None
    type_id: int | None
    name: str
    severity: str  # "info", "warn", "error", "critical"
    source: str | None
    alert: bool
    description: str
    operator: str | None = None
    country: str | None = None  # ISO 3166 alpha-2, upper case
    rat: str | None = None
    cause: str | None = None  # "QUOTA_EXHAUSTED", "IMEI_LOCK_BREACHED", ...
    apn: str | None = None
    cell: str | None = None
    detail: str | None = None  # as 1NCE wrote it, in JSON


def imsi_of(raw: RecordShape) -> str | None:
    """The IMSI: an object in events, plain text in usage records."""
    imsi = raw.imsi.imsi if isinstance(raw.imsi, ImsiRef) else raw.imsi
    return bounded(imsi or None)


def iccid_of(raw: RecordShape) -> str | None:
    """The SIM's ICCID; where the SIM is missing, the device's name normally is the ICCID."""
    if raw.sim is not None and raw.sim.iccid is not None and (iccid := known(str(raw.sim.iccid))):
        return iccid
    named = raw.endpoint.name if raw.endpoint is not None else None
    return known(str(named)) if named is not None else None


def detail_of(raw: RecordShape) -> Detail:
    """What the detail says, as far as it can be read: an event is not lost for a detail that is odd."""
    try:
        detail = _detail.decode(raw.detail)
    except (MsgspecError, ValueError):
        return _NO_DETAIL
    return detail if type(detail) is Detail else _NO_DETAIL


def _severity(raw: RecordShape) -> str:
    """The text decides. The number 2 means critical in the first generation and a warning in the second."""
    severity = raw.event_severity
    if severity is None:
        return "info"
    written = severity.description
    word = _SEVERITY_WORDS.get(written or "") or _SEVERITY_WORDS.get((written or "").strip().lower())
    if word is not None:
        return word
    number = whole(severity.id)
    if number == _FIRST_GENERATION_CRITICAL and raw.sim is not None and raw.sim.production_date is not None:
        return "critical"
    return _SEVERITIES.get(number, "info") if number is not None else "info"


def _type(entry: NumberedText) -> tuple[int | None, str]:
    number, name = _numbered(entry, EVENT_NAMES)
    return number, name or f"Event {number}"


def _source(entry: NumberedText | None) -> str | None:
    return _numbered(entry, SOURCES)[1] if entry is not None else None


def _numbered(entry: NumberedText, names: dict[int, str]) -> tuple[int | None, str | None]:
    number, text = entry.id, entry.description
    if type(number) is int and text and 0 <= number <= LARGEST_TYPE and len(text) <= LONGEST:  # as it nearly always is
        return number, text
    known = whole(number)
    if known is not None and abs(known) > LARGEST_TYPE:
        known = None
    return known, bounded(text) or (names.get(known) if known is not None else None)


def read_event(raw: RecordShape) -> EventRecord:
    """The event in a record that has an event type. Raises ValueError if it has no id or no time."""
    number = identity(raw.id)
    if number is None or raw.timestamp is None or raw.timestamp == "" or raw.event_type is None:
        raise ValueError("an event without an id or a time")
    type_id, name = _type(raw.event_type)
    details = detail_of(raw)
    session, country = details.pdp_context, details.country
    detail = str(raw.detail, "utf-8", "replace")
    return EventRecord(
        number,
        parse_time(raw.timestamp),
        iccid_of(raw),
        imsi_of(raw),
        type_id,
        name,
        _severity(raw),
        _source(raw.event_source),
        raw.alert is True,
        bounded(raw.description, LONGEST_SENTENCE) or "",
        bounded(details.name),
        country_code(
            country.iso_code if country else None,
            country.mcc if country and country.mcc else session.mcc if session else None,
        ),
        bounded(rat_name(session.rat_type)) if session else None,
        bounded(details.data_service_failure_cause or details.update_location_failure_reason),
        bounded(session.apn) if session else None,
        bounded(_cell(session)) if session else None,
        None if detail in ("null", "{}") else detail,
    )


def _cell(session: Session) -> str | None:
    found = cell_name(session.gtp_v2_uli) or cell_name(session.gtp_v1_uli)
    return found or cell_name(Cell(session.lac, session.ci))
