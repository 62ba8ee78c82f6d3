"""The JSON of the Data Streamer's and SMS Forwarder's records, key by key, both formats of them in one.

All kinds of records share one shape in which everything may be absent or null: the fields that are there determine
the kind. Decoding three thousand of them into one shape is many times faster than looking into each first.
"""

from decimal import Decimal

from msgspec import Raw, Struct

from console.once.wire.radio import Cell
from console.once.wire.times import Time
from console.once.wire.whole_numbers import Whole

Text = str | None
Digits = int | str | None  # numbers that were also seen as strings
Number = Decimal | None

NOTHING = Raw(b"null")


class NumberedText(Struct, gc=False):
    """A number and its meaning as text."""

    id: Whole = None
    description: Text = None
    status: Text = None  # in delivery reports, in place of a description


class EndpointShape(Struct, gc=False):
    """The device as 1NCE names it: normally by its ICCID."""

    name: Digits = None


class SimRef(Struct, gc=False):
    """The SIM. Only the first format has the time of its creation."""

    iccid: Digits = None
    production_date: Time = None


class ImsiRef(Struct, gc=False):
    """The IMSI, in events."""

    imsi: str | int | None = None


class Volumes(Struct, gc=False):
    """Volumes of a session or a record: sent and received as the device sees it."""

    total: Number = None
    tx: Number = None
    rx: Number = None


class Country(Struct, gc=False):
    """A country; usage records have only its network code."""

    iso_code: Text = None
    mcc: Digits = None


class Operator(Struct, gc=False):
    """A network operator, in usage records."""

    name: Text = None
    country: Country | None = None


class Session(Struct, gc=False):
    """A data session."""

    apn: Text = None
    rat_type: Digits = None
    mcc: Digits = None
    lac: Digits = None
    ci: Digits = None
    gtp_v1_uli: Cell | None = None
    gtp_v2_uli: Cell | None = None


class SmsRef(Struct, gc=False):
    """A message, by the id under which 1NCE took the order to send it."""

    id: Whole = None


class PartShape(Struct, gc=False):
    """Which part of a long message this is."""

    identifier: Whole = None
    partno: Number = None
    total: Number = None


class Detail(Struct, gc=False):
    """The details of an event beside its text. `name` is the operator's."""

    name: Text = None
    country: Country | None = None
    pdp_context: Session | None = None
    data_service_failure_cause: Text = None
    update_location_failure_reason: Text = None
    sms: SmsRef | None = None


class RecordShape(Struct, gc=False):
    """Any record."""

    id: Whole = None
    imsi: ImsiRef | str | int | None = None
    sim: SimRef | None = None
    endpoint: EndpointShape | None = None
    detail: Raw = NOTHING
    # events
    event_type: NumberedText | None = None
    event_severity: NumberedText | None = None
    event_source: NumberedText | None = None
    timestamp: Time = None
    alert: bool | None = None
    description: Text = None
    # usage
    traffic_type: NumberedText | None = None
    volume: Volumes | None = None
    start_timestamp: Time = None
    end_timestamp: Time = None
    operator: Operator | None = None
    # messages and delivery reports
    payload: Text = None
    source_address: Digits = None
    dest_address: Digits = None
    destination_address: Digits = None
    dcs: Number = None
    udh: Text = None
    multi_part_info: PartShape | None = None
    submit_date: Time = None
    status: NumberedText | None = None
    final_date: Time = None
