"""Records of the Data Streamer and the SMS Forwarder: reads lists of them, and distinguishes their kinds by shape."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Raw, Struct, json, structs

from console.once.streamer.events import EventRecord, read_event
from console.once.streamer.shapes import RecordShape
from console.once.streamer.sms import SmsRecord, is_message, is_report, read_message, read_report
from console.once.streamer.usage import UsageRecord, read_usage
from console.once.wire.decode import UNREADABLE

_batch = json.Decoder(list[RecordShape])
_parts = json.Decoder(list[Raw])
_record = json.Decoder(RecordShape)


class UnknownRecord(Struct, frozen=True):
    """A record that can't be taken in: `kind` is "broken", "nameless" (it names no SIM) or "unknown"."""

    raw: bytes
    kind: str
    why: str


Record = EventRecord | UsageRecord | SmsRecord | UnknownRecord


class Batch(Struct, frozen=True):
    """A batch, sorted by kind; within a kind in the order in which the records stood."""

    events: list[EventRecord]
    usage: list[UsageRecord]
    sms: list[SmsRecord]
    unknown: list[UnknownRecord]

    def __len__(self) -> int:
        """How many records there are."""
        return len(self.events) + len(self.usage) + len(self.sms) + len(self.unknown)


def _read(shape: RecordShape) -> EventRecord | UsageRecord | SmsRecord | None:
    """The record, or None if it is of no kind that is known. Raises one of UNREADABLE."""
    if shape.event_type is not None:
        return read_event(shape)
    if shape.traffic_type is not None and shape.volume is not None:
        return read_usage(shape)
    if is_message(shape):
        return read_message(shape)
    return read_report(shape) if is_report(shape) else None


def read_record(raw: bytes | Raw | Mapping[str, Any]) -> Record:
    """One record, from JSON or from what JSON was read into. Never raises: what cannot be read is an UnknownRecord."""
    body = json.encode(raw) if isinstance(raw, Mapping) else raw
    try:
        shape = _record.decode(body)
        record = _read(shape)
    except UNREADABLE as error:
        return UnknownRecord(bytes(body), "broken", str(error))
    if record is None:
        return UnknownRecord(bytes(body), "unknown", "of no kind that is known")
    if isinstance(record, EventRecord) or record.iccid is not None:
        return record
    if isinstance(record, SmsRecord) and record.direction == "mt":
        return structs.replace(record, raw=bytes(body))  # whose message it was may be known by its id
    return UnknownRecord(bytes(body), "nameless", "names no SIM")


def read_batch(body: bytes) -> Batch:
    """All records of a JSON list. Raises msgspec.DecodeError if it is no list; a bad record affects no other.

    A batch in which all is well is read in one go; any other one record by record, which takes half as long again.
    """
    events: list[EventRecord] = []
    usage: list[UsageRecord] = []
    sms: list[SmsRecord] = []
    singly = False
    try:
        for shape in _batch.decode(body):
            if shape.event_type is not None:
                events.append(read_event(shape))
            elif shape.traffic_type is not None and shape.volume is not None:
                usage.append(read_usage(shape))
                singly = singly or usage[-1].iccid is None
            elif isinstance(record := _read(shape), SmsRecord):
                sms.append(record)
                singly = singly or record.iccid is None
            else:
                singly = True
    except UNREADABLE:
        return read_singly(split(body))
    return read_singly(split(body)) if singly else Batch(events, usage, sms, [])


def within(batch: Batch, body: bytes, since: datetime, until: datetime) -> Batch:
    """The batch that was read from this body, but records of times outside this span are unknown.

    Such a time is a device's or a program's fault: kept as it is, it would open a chunk of its own in every table, or
    stand before all others in every list.
    """

    def outside(record: Record) -> datetime | None:
        return next((time for time in _times(record) if not since <= time <= until), None)

    every: list[Record] = [*batch.events, *batch.usage, *batch.sms]
    if not any(outside(record) for record in every):
        return batch
    odd = [(bytes(raw), time) for raw in split(body) if (time := outside(read_record(raw)))]
    return Batch(
        [event for event in batch.events if not outside(event)],
        [record for record in batch.usage if not outside(record)],
        [message for message in batch.sms if not outside(message)],
        batch.unknown
        + [UnknownRecord(raw, "broken", f"its time {time.isoformat()} is implausible") for raw, time in odd],
    )


def _times(record: Record) -> list[datetime]:
    """The times by which a record is kept."""
    if isinstance(record, EventRecord):
        return [record.time]
    if isinstance(record, UsageRecord):
        return [record.end_at]
    if isinstance(record, SmsRecord):
        return [time for time in (record.submitted_at, record.final_at) if time is not None]
    return []


def messages_alone(body: bytes) -> Batch:
    """The messages and reports of a JSON list; records of any other kind are unknown. Raises as `read_batch`."""
    raws = split(body)
    batch = read_singly(raws)
    if not batch.events and not batch.usage:
        return batch
    other = [UnknownRecord(bytes(raw), "unknown", "no message") for raw in raws if _is_other(raw)]
    return Batch([], [], batch.sms, batch.unknown + other)


def _is_other(raw: Raw) -> bool:
    return isinstance(read_record(raw), EventRecord | UsageRecord)


def as_list(body: bytes) -> bytes:
    """The post as a list: the SMS Forwarder sends one object a post."""
    return body if body.startswith(b"[") else b"[" + body + b"]"


def split(body: bytes) -> list[Raw]:
    """The records of a JSON list, unread. Raises msgspec.DecodeError if it is no list."""
    return _parts.decode(body)


def read_singly(records: Iterable[Raw]) -> Batch:
    """Each record by itself: a bad one spoils no other."""
    batch = Batch([], [], [], [])
    for raw in records:
        record = read_record(raw)
        if isinstance(record, EventRecord):
            batch.events.append(record)
        elif isinstance(record, UsageRecord):
            batch.usage.append(record)
        elif isinstance(record, SmsRecord):
            batch.sms.append(record)
        else:
            batch.unknown.append(record)
    return batch
