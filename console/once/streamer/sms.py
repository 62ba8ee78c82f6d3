"""Messages that 1NCE sends by itself: what a device has sent, and what became of a message to a device."""

from datetime import datetime

from msgspec import Struct

from console.once.streamer.events import detail_of, iccid_of
from console.once.streamer.shapes import NumberedText, PartShape, RecordShape
from console.once.wire.texts import LONGEST_MESSAGE, bounded
from console.once.wire.times import maybe_time
from console.once.wire.volumes import to_count
from console.once.wire.whole_numbers import number_text, whole

STATES = {2: "pending", 3: "buffered", 4: "delivered", 5: "failed", 6: "expired"}

_WHOLE = PartShape()


class SmsRecord(Struct, frozen=True, gc=False, kw_only=True):
    """A message from a device, or the report on a message to one. It may come more than once."""

    id: str
    direction: str  # "mo": from the device; "mt": to the device
    status: str  # "delivered", "failed", "expired", ...: what came from a device has been delivered, namely to us
    iccid: str | None  # None: a report that names no SIM
    other_id: str | None = None  # the id under which 1NCE took the order, if the report has it
    payload: str | None = None
    source_address: str | None = None
    dest_address: str | None = None
    dcs: int | None = None  # 0 GSM 7-bit, 4 binary as hex, 8 UCS-2
    udh: str | None = None
    part_of: str | None = None  # what the parts of one long message have in common
    part: int | None = None
    parts: int | None = None
    submitted_at: datetime | None = None
    final_at: datetime | None = None
    raw: bytes | None = None  # as it came, where it names no SIM


def is_message(raw: RecordShape) -> bool:
    """Whether a device has sent this."""
    return raw.payload is not None and not (raw.dest_address is None and raw.destination_address is None)


def is_report(raw: RecordShape) -> bool:
    """Whether this is what became of a message to a device."""
    return raw.status is not None and raw.status.status is not None and raw.final_date is not None


def _id(raw: RecordShape) -> str:
    if (number := number_text(raw.id)) is None:
        raise ValueError("a message without an id")
    return number


def _state(entry: NumberedText | None) -> str:
    """By the text if it is known, else by the number."""
    word = ((entry.status if entry else None) or "").strip().lower()
    number = whole(entry.id) if entry else None
    if word in STATES.values():
        return word
    if number in STATES:
        return STATES[number]
    raise ValueError(f"a report with an unknown status: {number} {word!r}")


def read_message(raw: RecordShape) -> SmsRecord:
    """The message in a record that `is_message`. Raises ValueError without an id."""
    parts = raw.multi_part_info or _WHOLE
    several = (to_count(parts.total) or 1) > 1
    return SmsRecord(
        id=_id(raw),
        direction="mo",
        status="delivered",
        iccid=iccid_of(raw),
        payload=bounded(raw.payload, LONGEST_MESSAGE) or "",
        source_address=bounded(raw.source_address),
        dest_address=bounded(raw.dest_address) or bounded(raw.destination_address),
        dcs=to_count(raw.dcs),
        udh=bounded(raw.udh),
        part_of=number_text(parts.identifier) if several else None,
        part=to_count(parts.partno) if several else None,
        parts=to_count(parts.total) if several else None,
        submitted_at=maybe_time(raw.submit_date),
    )


def read_report(raw: RecordShape) -> SmsRecord:
    """The report in a record that `is_report`. Raises ValueError without an id or a status that is known."""
    ordered = detail_of(raw).sms
    return SmsRecord(
        id=_id(raw),
        direction="mt",
        status=_state(raw.status),
        iccid=iccid_of(raw),
        other_id=number_text(ordered.id) if ordered else None,
        submitted_at=maybe_time(raw.submit_date),
        final_at=maybe_time(raw.final_date),
    )
