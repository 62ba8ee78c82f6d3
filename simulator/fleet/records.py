"""The records that 1NCE hands out: an event as the events call and the Data Streamer give it, and a usage record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulator.fleet.card import MB, THRESHOLD_PERCENT
from simulator.fleet.event_texts import description
from simulator.fleet.event_types import (
    EVENT_TEXTS,
    LOCATION_KINDS,
    QUOTA_KINDS,
    REFUSED,
    SESSION_KINDS,
    SMS_QUOTA_KINDS,
    EventType,
)
from simulator.fleet.operators import GTP_V2, OPERATORS, Operator
from simulator.times import zulu_millis

if TYPE_CHECKING:
    from simulator.fleet.card import Card
    from simulator.fleet.events import NetworkEvent, Usage
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


def event(series: Series, card: Card, network_event: NetworkEvent) -> Record:
    """The full record of something that happened to a SIM."""
    kind = EventType(network_event.kind)
    texts = REFUSED if kind is EventType.CREATE_PDP and network_event.cause else EVENT_TEXTS[kind]
    record: Record = {
        "id": network_event.id,
        "event_type": {"id": int(kind), "description": texts.name},
        "timestamp": zulu_millis(network_event.at),
        "alert": texts.alert,
        "description": description(series, card, network_event),
        "event_source": {"id": texts.source[0], "description": texts.source[1]},
        "event_severity": {"id": texts.severity[0], "description": texts.severity[1]},
        "organisation": ORGANISATION,
        "endpoint": _endpoint(series, card),
        "sim": _sim(series, card),
        "imsi": {"id": series.imsi_id(card.index), "imsi": series.imsi(card.index)},
    }
    if kind in QUOTA_KINDS:
        record["detail"] = {"quota": _quota(series, card, network_event)}
    elif kind in LOCATION_KINDS | SESSION_KINDS:
        record["detail"] = _place(series, card, network_event, kind)
    return record


def _quota(series: Series, card: Card, network_event: NetworkEvent) -> Record:
    of_sms = network_event.kind in SMS_QUOTA_KINDS
    unit = 1 if of_sms else MB
    return {
        "id": series.sim_id(card.index) * 2 + of_sms,
        "volume": network_event.left / unit,
        "total_volume": network_event.total / unit,
        "threshold": {
            "percentage": THRESHOLD_PERCENT,
            "volume": network_event.total * THRESHOLD_PERCENT // 100 / unit,
        },
    }


def _place(series: Series, card: Card, network_event: NetworkEvent, kind: EventType) -> Record:
    operator = OPERATORS[network_event.place]
    detail: Record = {"id": operator.id, "name": operator.name, "country": _country(operator)}
    if kind in LOCATION_KINDS:
        detail["mnc"] = [{"id": operator.id, "mnc": operator.mnc}]
        if network_event.cause:
            detail["update_location_failure_reason"] = network_event.cause
        return detail
    if network_event.cause:
        detail["data_service_failure_cause"] = network_event.cause
    if kind is EventType.DELETE_PDP:
        total = network_event.sent + network_event.received
        detail["volume"] = {"tx": network_event.sent / MB, "rx": network_event.received / MB, "total": total / MB}
    detail["pdp_context"] = _context(series, card, network_event, operator)
    return detail


def _context(series: Series, card: Card, network_event: NetworkEvent, operator: Operator) -> Record:
    context: Record = {
        "tariff_id": str(TARIFF_ID),
        "operator_id": str(operator.id),
        "pdp_context_id": network_event.session,
        "ipcan_session_id": str(network_event.session),
        "nsapi": 5,
        "apn": APN,
        "imsi": series.imsi(card.index),
        "mcc": operator.country.mcc,
        "mnc": operator.mnc,
        "rat_type": network_event.rat,
        "region": REGION,
        "ue_ip_address": series.ip_address(card.index),
        "sgsn_control_plane_ip_address": f"{operator.host}.{1 + network_event.lac % 250}",
        "gtp_version": 2 if network_event.rat in GTP_V2 else 1,
    }
    if card.imei is not None:
        context["imeisv"] = card.imei
    if network_event.rat in GTP_V2:
        context["gtp_v2_uli"] = {"tac": network_event.lac, "eci": network_event.cell}
    else:
        context["gtp_v1_uli"] = {"lac": network_event.lac, "ci": network_event.cell}
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
