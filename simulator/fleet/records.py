"""The records that 1NCE hands out: an event as the events call and the Data Streamer tell it, and a usage record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulator.fleet.card import MB, THRESHOLD_PERCENT
from simulator.fleet.kinds import LOCATION_KINDS, QUOTA_KINDS, REFUSED, SESSION_KINDS, SMS_QUOTA_KINDS, TELLINGS, Kind
from simulator.fleet.operators import GTP_V2, OPERATORS, Operator
from simulator.fleet.wording import description
from simulator.times import zulu_millis

if TYPE_CHECKING:
    from simulator.fleet.card import Card
    from simulator.fleet.diary import Happening, Usage
    from simulator.fleet.identity import Series

Record = dict[str, Any]

ORGANISATION: Record = {"id": 4711, "name": "Simulated Fleet"}
APN = "sensor.net"
TARIFF_ID = 398
REGION = "eu-west-1"


def _endpoint(series: Series, card: Card) -> Record:
    endpoint: Record = {
        "id": series.endpoint_id(card.index),
        "name": series.iccid(card.index),
        "ip_address": series.ip_address(card.index),
    }
    if card.imei is not None:
        endpoint["imei"] = card.imei[:15]
    return endpoint


def _sim(series: Series, card: Card) -> Record:
    index = card.index
    return {"id": series.sim_id(index), "iccid": series.iccid(index), "msisdn": series.msisdn(index)}


def _country(operator: Operator) -> Record:
    country = operator.country
    return {
        "id": country.id,
        "name": country.name,
        "country_code": country.calling_code,
        "mcc": country.mcc,
        "iso_code": country.iso,
    }


def event(series: Series, card: Card, happening: Happening) -> Record:
    """The full record of something that happened to a SIM."""
    kind = Kind(happening.kind)
    telling = REFUSED if kind is Kind.CREATE_PDP and happening.cause else TELLINGS[kind]
    record: Record = {
        "id": happening.id,
        "event_type": {"id": int(kind), "description": telling.name},
        "timestamp": zulu_millis(happening.at),
        "alert": telling.alert,
        "description": description(series, card, happening),
        "event_source": {"id": telling.source[0], "description": telling.source[1]},
        "event_severity": {"id": telling.severity[0], "description": telling.severity[1]},
        "organisation": ORGANISATION,
        "endpoint": _endpoint(series, card),
        "sim": _sim(series, card),
        "imsi": {"id": series.imsi_id(card.index), "imsi": series.imsi(card.index)},
    }
    if kind in QUOTA_KINDS:
        record["detail"] = {"quota": _quota(series, card, happening)}
    elif kind in LOCATION_KINDS | SESSION_KINDS:
        record["detail"] = _place(series, card, happening, kind)
    return record


def _quota(series: Series, card: Card, happening: Happening) -> Record:
    of_sms = happening.kind in SMS_QUOTA_KINDS
    unit = 1 if of_sms else MB
    return {
        "id": series.sim_id(card.index) * 2 + of_sms,
        "volume": happening.left / unit,
        "total_volume": happening.total / unit,
        "threshold": {
            "percentage": THRESHOLD_PERCENT,
            "volume": happening.total * THRESHOLD_PERCENT // 100 / unit,
        },
    }


def _place(series: Series, card: Card, happening: Happening, kind: Kind) -> Record:
    operator = OPERATORS[happening.place]
    detail: Record = {"id": operator.id, "name": operator.name, "country": _country(operator)}
    if kind in LOCATION_KINDS:
        detail["mnc"] = [{"id": operator.id, "mnc": operator.mnc}]
        if happening.cause:
            detail["update_location_failure_reason"] = happening.cause
        return detail
    if happening.cause:
        detail["data_service_failure_cause"] = happening.cause
    if kind is Kind.DELETE_PDP:
        total = happening.sent + happening.received
        detail["volume"] = {"tx": happening.sent / MB, "rx": happening.received / MB, "total": total / MB}
    detail["pdp_context"] = _context(series, card, happening, operator)
    return detail


def _context(series: Series, card: Card, happening: Happening, operator: Operator) -> Record:
    context: Record = {
        "tariff_id": str(TARIFF_ID),
        "operator_id": str(operator.id),
        "pdp_context_id": happening.session,
        "ipcan_session_id": str(happening.session),
        "nsapi": 5,
        "apn": APN,
        "imsi": series.imsi(card.index),
        "mcc": operator.country.mcc,
        "mnc": operator.mnc,
        "rat_type": happening.rat,
        "region": REGION,
        "ue_ip_address": series.ip_address(card.index),
        "sgsn_control_plane_ip_address": f"{operator.host}.{1 + happening.lac % 250}",
        "gtp_version": 2 if happening.rat in GTP_V2 else 1,
    }
    if card.imei is not None:
        context["imeisv"] = card.imei
    if happening.rat in GTP_V2:
        context["gtp_v2_uli"] = {"tac": happening.lac, "eci": happening.cell}
    else:
        context["gtp_v1_uli"] = {"lac": happening.lac, "ci": happening.cell}
    return context


def usage(series: Series, card: Card, used: Usage) -> Record:
    """A usage record of Data Streamer 2.0: without cost, with the session it belongs to; a message has none."""
    operator = OPERATORS[used.place]
    unit = 1 if used.messages else MB
    record: Record = {
        "id": used.id,
        "start_timestamp": zulu_millis(used.start),
        "end_timestamp": zulu_millis(used.end),
        "organisation": ORGANISATION,
        "endpoint": _endpoint(series, card),
        "sim": _sim(series, card),
        "imsi": series.imsi(card.index),
        "operator": {"id": operator.id, "name": operator.name, "mnc": operator.mnc, "country": _country(operator)},
        "tariff": {"id": TARIFF_ID, "name": "1NCE 01", "ratezone": {"id": 1, "name": "Global"}},
        "traffic_type": {"id": 6, "description": "SMS"} if used.messages else {"id": 5, "description": "Data"},
        "volume": {
            "total": (used.sent + used.received) / unit,
            "tx": used.sent / unit,
            "rx": used.received / unit,
        },
    }
    if not used.messages:
        record["detail"] = {"pdp_context": {"rat_type": used.rat, "ipcan_session_id": str(used.session)}}
    return record
