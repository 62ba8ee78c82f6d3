"""1NCE's records as rows of our tables."""

from datetime import datetime
from typing import Any

from console.connectivity.rules import EventEffect
from console.connectivity.writes import EVENT_VALUES
from console.facts.masking import masked_text
from console.facts.sms import Sms, SmsStatus
from console.facts.source import Source
from console.once.models import Sms as ListedSms
from console.once.streamer.events import EventRecord
from console.once.streamer.sms import SmsRecord
from console.once.streamer.usage import AN_INSTANT, UsageRecord
from console.store.bulk import Row


def event_row(event: EventRecord) -> Row:
    """An event as a row of `network_events`: its sentence names no IMSI and no MSISDN, which not everybody may read."""
    return dict(zip(EVENT_VALUES, event_values(0, event)[1:], strict=True))


def event_values(organization_id: int, event: EventRecord) -> tuple[Any, ...]:
    """The same as a tuple: the organization, then EVENT_VALUES."""
    return (
        organization_id,
        event.time,
        event.id,
        event.iccid,
        event.type_id,
        event.name,
        event.severity,
        masked_text(event.description),
        event.operator,
        event.country,
        event.cause,
        event.detail,
    )


def event_effect(event: EventRecord) -> EventEffect:
    """What an event says of where its SIM is."""
    return EventEffect(
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
        "time": record.end_at - AN_INSTANT if record.end_at > record.start_at else record.end_at,
        "source": Source.STREAMER,
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


def message(record: SmsRecord, iccid: str, now: datetime, source: str) -> Sms:
    """A pushed message, or a report on one, as it is kept."""
    return Sms(
        iccid=iccid,
        direction=record.direction,
        id=record.id,
        other_id=record.other_id,
        time=record.submitted_at or now,
        status=record.status,
        payload=record.payload,
        source_address=record.source_address,
        dest_address=record.dest_address,
        dcs=record.dcs,
        udh=record.udh,
        part_of=record.part_of,
        part=record.part,
        parts=record.parts,
        submitted_at=record.submitted_at,
        final_at=record.final_at,
        source=source,
    )


def listed_message(listed: ListedSms, iccid: str, now: datetime) -> Sms:
    """A message of a SIM's list, as it is kept."""
    return Sms(
        iccid=iccid,
        direction=listed.direction,
        id=listed.id,
        time=listed.submitted_at or now,
        status=listed.status or SmsStatus.PENDING,
        payload=listed.payload,
        source_address=listed.source_address,
        dcs=listed.dcs,
        udh=listed.udh,
        submitted_at=listed.submitted_at,
        final_at=listed.final_at or listed.delivered_at,
        expires_at=listed.expires_at,
        source="poll",
    )
