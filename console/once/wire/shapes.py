"""The shapes of 1NCE's answers, key by key as 1NCE writes them: everything may be absent or null, and more may come."""

from decimal import Decimal

from msgspec import Struct

from console.once.wire.radio import Cell
from console.once.wire.times import Time

Number = Decimal | None  # 1NCE writes numbers as numbers and now and then as strings; both are read exactly
Text = str | None


class QuotaClass(Struct):
    """Under `quota_status`: how much of a quota is left, in three steps."""

    id: Number = None


class SimShape(Struct):
    """An item of `GET /v2/sims`."""

    iccid: str
    iccid_with_luhn: Text = None
    imsi: str | int | None = None
    imsi_2: str | int | None = None
    current_imsi: str | int | None = None
    msisdn: str | int | None = None
    imei: str | int | None = None
    imei_lock: bool | None = None
    status: Text = None
    label: Text = None
    ip_address: Text = None
    activation_date: Time = None
    quota_status: QuotaClass | None = None


class DescribedValue(Struct):
    """A value of an enumeration, as text."""

    description: Text = None


class NumberedText(Struct):
    """A value of an enumeration, as number and text."""

    id: Number = None
    description: Text = None


class CountryShape(Struct):
    """A country."""

    iso_code: Text = None
    mcc: str | int | None = None


class OperatorShape(Struct):
    """A network operator."""

    name: Text = None
    country: CountryShape | None = None


class LocationShape(Struct):
    """Where a network last located the SIM."""

    last_updated: Time = None
    operator: OperatorShape | None = None
    country: CountryShape | None = None


class RatShape(Struct):
    """A radio technology."""

    rat_type_id: str | int | None = None
    description: Text = None


class SessionShape(Struct):
    """An open data session (PDP context)."""

    created: Time = None
    apn: Text = None
    ue_ip_address: Text = None
    mcc: str | int | None = None
    lac: str | int | None = None
    ci: str | int | None = None
    rat_type: RatShape | None = None
    gtp_v1_uli: Cell | None = None
    gtp_v2_uli: Cell | None = None


class StatusShape(Struct):
    """The answer of `GET /v2/sims/{iccid}/status`. Without a status it is something else."""

    status: DescribedValue
    location: LocationShape | None = None
    pdp_contexts: list[SessionShape] | None = None


class QuotaShape(Struct):
    """The answer of `GET /v2/sims/{iccid}/quota/…`."""

    status: NumberedText | None = None
    volume: Number = None
    total_volume: Number = None
    accumulated_total_volume: Number = None
    last_volume_added: Number = None
    threshold_percentage: Number = None
    expiry_date: Time = None
    created_at: Time = None


class SmsShape(Struct):
    """An item of `GET /v2/sims/{iccid}/sms`."""

    id: str | int
    sms_type: NumberedText
    status: NumberedText | None = None
    payload: Text = None
    source_address: str | int | None = None
    dcs: Number = None
    udh: Text = None
    submit_date: Time = None
    delivery_date: Time = None
    expiry_date: Time = None
    final_date: Time = None


class CreatedSmsShape(Struct):
    """The answer to a message that was sent."""

    id: str | int


class ErrorShape(Struct):
    """The body of a 4xx, in either of the two ways that 1NCE writes it."""

    error_code: str | int | None = None
    error_token: Text = None
    errorCode: str | int | None = None
    message: Text = None


class TokenShape(Struct):
    """The answer of a sign-in."""

    access_token: str
    expires_in: Decimal
