"""What a SIM has used: one record at the end of a session, or every quarter of an hour, or for each message."""

from datetime import datetime, timedelta

from msgspec import Struct

from console.once.streamer.events import detail_of, iccid_of, imsi_of
from console.once.streamer.shapes import RecordShape, Volumes
from console.once.wire.countries import country_code
from console.once.wire.radio import rat_name
from console.once.wire.texts import bounded
from console.once.wire.times import maybe_time
from console.once.wire.volumes import to_bytes, to_count
from console.once.wire.whole_numbers import identity, whole

DATA_TRAFFIC = 5
SMS_TRAFFIC = 6

# A record counts where its last instant lies, so one that ends at midnight counts to the day before. One that spans
# midnight counts to the day in which it ends, for 1NCE does not say what was used when.
AN_INSTANT = timedelta(microseconds=1)

_NO_VOLUMES = Volumes()


class UsageRecord(Struct, frozen=True, gc=False):
    """What a SIM used since its last usage record. Its id is unique among usage records, which may come more than once.

    `total`, `tx` (sent by the device) and `rx` are bytes where `kind` is "data", and messages where it is "sms".
    """

    id: int
    iccid: str | None
    imsi: str | None
    start_at: datetime
    end_at: datetime
    kind: str  # "data" or "sms"
    total: int
    tx: int | None
    rx: int | None
    operator: str | None = None
    country: str | None = None  # ISO 3166 alpha-2, upper case
    rat: str | None = None
    complete: bool = True  # its start and its end were both given, as 1NCE writes them


def _kind(raw: RecordShape) -> str:
    traffic = raw.traffic_type
    number = whole(traffic.id) if traffic else None
    if number == DATA_TRAFFIC:
        return "data"
    if number == SMS_TRAFFIC:
        return "sms"
    word = ((traffic.description if traffic else None) or "").strip().lower()
    if number is None and word in ("data", "sms"):
        return word
    raise ValueError(f"usage of an unknown kind of traffic: {number} {word!r}")


def read_usage(raw: RecordShape) -> UsageRecord:
    """The usage in a record with a traffic type and a volume. Raises ValueError without an id, a time or an amount.

    A record without a start says what was used up to its end, and one without an end what was used at its start. 1NCE
    writes whole milliseconds: one that ends at a finer time may come in another spelling too, so it is not `complete`.
    """
    number = identity(raw.id)
    start, end = maybe_time(raw.start_timestamp), maybe_time(raw.end_timestamp)
    if number is None or (start is None and end is None):
        raise ValueError("a usage record without an id or a time")
    complete = start is not None and end is not None
    end = end or start
    assert end is not None
    start = start or end - AN_INSTANT
    if start > end:  # 1NCE's own examples have them the wrong way round
        start, end = end, start
    complete = complete and not end.microsecond % 1000
    kind = _kind(raw)
    amount = to_bytes if kind == "data" else to_count
    volumes = raw.volume or _NO_VOLUMES
    total, tx, rx = amount(volumes.total), amount(volumes.tx), amount(volumes.rx)
    if total is None:
        if tx is None and rx is None:
            raise ValueError("a usage record without a volume")
        total = (tx or 0) + (rx or 0)
    operator = raw.operator
    country = operator.country if operator else None
    session = detail_of(raw).pdp_context
    return UsageRecord(
        number,
        iccid_of(raw),
        imsi_of(raw),
        start,
        end,
        kind,
        total,
        tx,
        rx,
        bounded(operator.name) if operator else None,
        country_code(country.iso_code, country.mcc) if country else None,
        bounded(rat_name(session.rat_type)) if session else None,
        complete,
    )
