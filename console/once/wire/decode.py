"""From 1NCE's JSON to our models: strict about the fields that we rely on, and about no others.

Every function raises ValueError or msgspec's own error for a body that it cannot read.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from msgspec import MsgspecError, Raw, json

from console import iccid
from console.once.models import Quota, Sim, Sms
from console.once.wire.shapes import QuotaClass, QuotaShape, SimShape, SmsShape
from console.once.wire.texts import LONGEST_MESSAGE, bounded
from console.once.wire.times import known_time
from console.once.wire.volumes import to_bytes, to_count
from console.once.wire.whole_numbers import number_text

UNREADABLE = (
    MsgspecError,
    ValueError,
    ArithmeticError,
    RecursionError,
)  # what the functions here raise for a body they cannot read

Item = TypeVar("Item")

_STATUS_WORDS = {"enabled": "enabled", "activated": "enabled"} | dict.fromkeys(
    ("disabled", "deactivated", "suspended"), "disabled"
)
_CLASSES = {0: "plenty", 1: "low", 2: "none"}
_QUOTA_STATES = {0: "exhausted", 1: "active", 2: "expired"}
_SMS_STATES = {2: "pending", 3: "buffered", 4: "delivered", 5: "failed", 6: "expired"}
_SMS_DIRECTIONS = {1: "mt", 2: "mo"}

_items = json.Decoder(list[Raw])
_sim = json.Decoder(SimShape)
_quota = json.Decoder(QuotaShape)
_sms = json.Decoder(SmsShape)


def read_items(body: bytes, read: Callable[[Raw], Item]) -> tuple[list[Item], list[bytes]]:
    """The items of a list, each read by itself, and those that could not be read, as they came.

    One bad SIM must not hide the ninety-nine others of its page. A body that is no list is an error.
    """
    good: list[Item] = []
    bad: list[bytes] = []
    for raw in _items.decode(body):
        try:
            good.append(read(raw))
        except UNREADABLE:
            bad.append(bytes(raw))
    return good, bad


def _word(number: Decimal | None, text: str | None, words: dict[int, str]) -> str | None:
    """The meaning of a number, or else the text in lower case: the texts are less sure than the numbers."""
    if number is not None and number in words:
        return words[int(number)]
    return (bounded(text) or "").lower() or None


def _class(status: QuotaClass | None) -> str | None:
    return _word(status.id, None, _CLASSES) if status else None


def read_sim(body: bytes | Raw) -> Sim:
    """A SIM of the inventory."""
    raw = _sim.decode(body)
    word = (bounded(raw.status) or "").lower() or None
    return Sim(
        iccid=iccid.parse(raw.iccid),
        iccid_with_luhn=bounded(raw.iccid_with_luhn),
        imsi=bounded(raw.imsi),
        imsi_2=bounded(raw.imsi_2),
        current_imsi=bounded(raw.current_imsi),
        msisdn=bounded(raw.msisdn),
        imei=bounded(raw.imei),
        imei_lock=raw.imei_lock,
        status=_STATUS_WORDS.get(word, word) if word else None,
        label=bounded(raw.label),
        ip_address=bounded(raw.ip_address),
        activated_at=known_time(raw.activation_date),
        data_class=_class(raw.quota_status),
    )


def _quota_of(raw: QuotaShape, service: str, amount: Callable[[Decimal | None], int | None]) -> Quota:
    if raw.status is None and raw.volume is None:
        raise ValueError("neither a status nor a volume: this is no quota")
    return Quota(
        service=service,
        left=amount(raw.volume),
        total=amount(raw.total_volume),
        accumulated=amount(raw.accumulated_total_volume),
        last_added=amount(raw.last_volume_added),
        status=_word(raw.status.id, raw.status.description, _QUOTA_STATES) if raw.status else None,
        threshold_percent=to_count(raw.threshold_percentage),
        expires_at=known_time(raw.expiry_date),
        created_at=known_time(raw.created_at),
    )


def read_data_quota(body: bytes) -> Quota:
    """What a SIM may still use of data, in bytes."""
    return _quota_of(_quota.decode(body), "data", to_bytes)


def read_sms_quota(body: bytes) -> Quota:
    """How many messages a SIM may still use."""
    return _quota_of(_quota.decode(body), "sms", to_count)


def read_sms(body: bytes | Raw) -> Sms:
    """A message of a SIM's list."""
    raw = _sms.decode(body)
    return Sms(
        id=number_text(raw.id) or "",
        direction=_word(raw.sms_type.id, raw.sms_type.description, _SMS_DIRECTIONS) or "mt",
        status=_word(raw.status.id, raw.status.description, _SMS_STATES) if raw.status else None,
        payload=bounded(raw.payload, LONGEST_MESSAGE) if raw.payload else raw.payload,
        source_address=bounded(raw.source_address),
        dcs=to_count(raw.dcs),
        udh=bounded(raw.udh),
        submitted_at=known_time(raw.submit_date),
        delivered_at=known_time(raw.delivery_date),
        expires_at=known_time(raw.expiry_date),
        final_at=known_time(raw.final_date),
    )
