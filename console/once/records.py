"""What 1NCE sends by itself: reads whole batches of records, and tells events and usage apart by their shape."""

from collections.abc import Mapping
from typing import Any

from msgspec import Raw, Struct, json

from console.once.decode import UNREADABLE
from console.once.events import EventRecord, read_event
from console.once.record_shapes import RecordShape
from console.once.usage import UsageRecord, read_usage

_batch = json.Decoder(list[RecordShape])
_parts = json.Decoder(list[Raw])
_record = json.Decoder(RecordShape)


class UnknownRecord(Struct, frozen=True):
    """A record that is neither. `kind` says what it looks like: "mo-sms", "delivery-report", "broken" or "unknown"."""

    raw: bytes
    kind: str
    why: str


Record = EventRecord | UsageRecord | UnknownRecord


class Batch(Struct, frozen=True):
    """A batch, sorted by kind; within a kind in the order in which the records stood."""

    events: list[EventRecord]
    usage: list[UsageRecord]
    unknown: list[UnknownRecord]


def _read(shape: RecordShape) -> EventRecord | UsageRecord | None:
    """The record, or None if it is neither an event nor usage. Raises one of UNREADABLE."""
    if shape.event_type is not None:
        return read_event(shape)
    if shape.traffic_type is not None and shape.volume is not None:
        return read_usage(shape)
    return None


def _looks_like(shape: RecordShape) -> str:
    if shape.payload is not None and shape.dest_address is not None:
        return "mo-sms"
    if shape.status is not None and shape.status.status is not None and shape.final_date is not None:
        return "delivery-report"
    return "unknown"


def read_record(raw: bytes | Raw | Mapping[str, Any]) -> Record:
    """One record, from JSON or from what JSON was read into. Never raises: what cannot be read is an UnknownRecord."""
    body = json.encode(raw) if isinstance(raw, Mapping) else raw
    try:
        shape = _record.decode(body)
        record = _read(shape)
    except UNREADABLE as error:
        return UnknownRecord(bytes(body), "broken", str(error))
    return record or UnknownRecord(bytes(body), _looks_like(shape), "neither an event nor usage")


def read_batch(body: bytes) -> Batch:
    """All records of a JSON list. Raises msgspec.DecodeError if it is no list; a bad record spoils only itself.

    A batch in which all is well is read in one go; any other one record by record, which takes half as long again.
    """
    events: list[EventRecord] = []
    usage: list[UsageRecord] = []
    try:
        for shape in _batch.decode(body):
            if shape.event_type is not None:
                events.append(read_event(shape))
            elif shape.traffic_type is not None and shape.volume is not None:
                usage.append(read_usage(shape))
            else:
                return _read_batch_singly(body)
    except UNREADABLE:
        return _read_batch_singly(body)
    return Batch(events, usage, [])


def _read_batch_singly(body: bytes) -> Batch:
    batch = Batch([], [], [])
    for raw in _parts.decode(body):
        record = read_record(raw)
        if isinstance(record, EventRecord):
            batch.events.append(record)
        elif isinstance(record, UsageRecord):
            batch.usage.append(record)
        else:
            batch.unknown.append(record)
    return batch
