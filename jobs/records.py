"""1NCE's records as rows of our tables."""

from console.connectivity.rules import Happening
from console.once.events import EventRecord
from console.once.usage import UsageRecord
from console.rows import Row


def event_row(event: EventRecord) -> Row:
    """An event as a row of `network_events`."""
    return {
        "id": event.id,
        "time": event.time,
        "iccid": event.iccid,
        "type": event.type_id,
        "name": event.name,
        "severity": event.severity,
        "description": event.description,
        "operator": event.operator,
        "country": event.country,
        "cause": event.cause,
        "detail": event.detail.decode() if event.detail else None,
    }


def happening(event: EventRecord) -> Happening:
    """What an event says of where its SIM is."""
    return Happening(
        type=event.type_id,
        time=event.time,
        operator=event.operator,
        country=event.country,
        rat=event.rat,
        apn=event.apn,
        cell=event.cell,
        cause=event.cause,
    )


def usage_row(record: UsageRecord) -> Row:
    """A usage record as a row of `usage_records`. Only for records that name a SIM."""
    data = record.kind == "data"
    return {
        "iccid": record.iccid,
        "time": record.end_at,
        "source": "stream",
        "record_id": record.id,
        "started_at": record.start_at,
        "data_bytes": record.total if data else 0,
        "sent_bytes": record.tx if data else None,
        "received_bytes": record.rx if data else None,
        "sms": 0 if data else record.total,
        "operator": record.operator,
        "country": record.country,
        "rat": record.rat,
    }
