"""The one place that guesses what 1NCE's call for daily usage answers: read by what its keys must mean, or not at all.

The call is in 1NCE's index of version 2, its path and schema in no document that could be read. Version 1 answered
`{"stats": [{"date", "data": {"volume", "volume_tx", "volume_rx"}, "sms": {"volume"}}]}`: that form, and a bare list of
the same, are understood.
"""

from datetime import date
from decimal import Decimal

from msgspec import Struct, json

from console.once.wire.volumes import to_bytes, to_count

Number = Decimal | None


class DailyUsage(Struct, frozen=True, kw_only=True):
    """What a SIM used on one UTC day: data in bytes, messages by number."""

    day: date
    data_bytes: int | None
    sent_bytes: int | None
    received_bytes: int | None
    sms: int | None


class _Amounts(Struct):
    volume: Number = None
    volume_tx: Number = None
    volume_rx: Number = None


class _Day(Struct):
    date: str
    data: _Amounts | None = None
    sms: _Amounts | None = None


class _Stats(Struct):
    stats: list[_Day]


_wrapped = json.Decoder(_Stats, strict=False)
_bare = json.Decoder(list[_Day], strict=False)
_NOTHING = _Amounts()


def read_daily_usage(body: bytes) -> list[DailyUsage]:
    """The days of an answer, oldest first."""
    days = _bare.decode(body) if body.lstrip()[:1] == b"[" else _wrapped.decode(body).stats
    return sorted((_day(raw) for raw in days), key=lambda one: one.day)


def _day(raw: _Day) -> DailyUsage:
    data, sms = raw.data or _NOTHING, raw.sms or _NOTHING
    return DailyUsage(
        day=date.fromisoformat(raw.date[:10]),
        data_bytes=to_bytes(data.volume),
        sent_bytes=to_bytes(data.volume_tx),
        received_bytes=to_bytes(data.volume_rx),
        sms=to_count(sms.volume),
    )
