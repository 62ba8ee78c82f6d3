"""Where a SIM is and whether it is online: connection, location, and its open data sessions."""

from __future__ import annotations

from typing import Any

from simulator import answers
from simulator.answers import Answer
from simulator.api.inventory import listed
from simulator.fleet.card import Card, Connection, Session
from simulator.fleet.event_texts import node
from simulator.fleet.fleet import Fleet
from simulator.fleet.identity import Series
from simulator.fleet.operators import GTP_V2, OPERATORS, RAT_NAMES, Rat
from simulator.fleet.records import APN, ORGANISATION, REGION, TARIFF_ID
from simulator.requests import Request
from simulator.times import spaced, zulu_millis

SECOND_APN = "iot.1nce.net"  # of further sessions of the same device


class Connectivity:
    """`GET /v2/sims/{iccid}/status`."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def status(self, request: Request) -> Answer:
        card = listed(self._fleet, request)
        series = self._fleet.series
        body: dict[str, Any] = {
            "status": {"description": card.connection.value},
            "data_traffic_limit_state": {"description": "REACHED" if card.limited else "NOT_REACHED"},
            "services": ["GPRS", "SMS"] if card.connection in (Connection.ONLINE, Connection.ATTACHED) else [],
        }
        if card.located_at:
            body["location"] = _location(series, card)
        if card.session is not None:
            session = card.session
            body["pdp_contexts"] = [_context(series, card, session, nth) for nth in range(session.contexts)]
        return answers.json(body)


def _location(series: Series, card: Card) -> dict[str, Any]:
    operator = OPERATORS[card.place]
    country = operator.country
    location: dict[str, Any] = {
        "iccid": series.iccid(card.index),
        "imsi": series.imsi(card.index),
        "last_updated": spaced(card.located_at),
        "operator_id": str(operator.id),
        "operator": {
            "id": operator.id,
            "name": operator.name,
            "mnc": operator.mnc,
            "country": {"id": country.id, "name": country.name, "iso_code": country.iso},
        },
        "country": {
            "country_id": str(country.id),
            "name": country.name,
            "country_code": country.calling_code,
            "mcc": country.mcc,
            "iso_code": country.iso,
        },
    }
    if card.rat in GTP_V2:
        location["mme_name"] = f"mmec{card.lac % 100:02d}.mmegi8002.mme"
        location["mme_realm"] = f"epc.mnc{operator.mnc:0>3}.mcc{country.mcc}.3gppnetwork.org"
    else:
        location["sgsn_number"] = node(card.place)
        location["vlr_number"] = node(card.place)
        location["msc"] = node(card.place)
        location["sgsn_ip_address"] = f"{operator.host}.{1 + card.lac % 250}"
    return location


def _context(series: Series, card: Card, session: Session, nth: int) -> dict[str, Any]:
    """The `nth` of a device's sessions, from 0; all ids are strings here."""
    operator = OPERATORS[card.place]
    tunnel = str(7000 + (session.id * 7 + nth) % 900_000)
    visited = f"{operator.host}.{1 + card.lac % 250}"
    home = f"10.64.{session.id % 8}.{1 + session.id % 250}"
    modern = card.rat in GTP_V2
    context: dict[str, Any] = {
        "pdp_context_id": str(session.id * 10 + nth),
        "ipcan_session_id": str(session.id),
        "endpoint_id": str(series.endpoint_id(card.index)),
        "tariff_id": str(TARIFF_ID),
        "ratezone_id": "1",
        "organisation_id": str(ORGANISATION["id"]),
        "imsi_id": str(series.imsi_id(card.index)),
        "imsi": series.imsi(card.index),
        "sim_id": str(series.sim_id(card.index)),
        "tx_teid_data_plane": tunnel,
        "tx_teid_control_plane": tunnel,
        "rx_teid": tunnel,
        "rx_teid_data_plane": tunnel,
        "rx_teid_control_plane": tunnel,
        "gtp_version": "2" if modern else "1",
        "nsapi": str(5 + nth),
        "sgsn_control_plane_ip_address": visited,
        "sgsn_data_plane_ip_address": visited,
        "ggsn_control_plane_ip_address": home,
        "ggsn_data_plane_ip_address": home,
        "created": zulu_millis(session.opened),
        "mcc": operator.country.mcc,
        "mnc": operator.mnc,
        "operator_id": str(operator.id),
        "lac": str(card.lac),
        "ci": str(card.cell),
        "sac": "65535",
        "rac": "255",
        "ue_ip_address": series.ip_address(card.index),
        "imeisv": card.imei or "",
        "rat_type": {"rat_type_id": str(card.rat), "description": RAT_NAMES[Rat(card.rat)]},
        "region": REGION,
        "apn": SECOND_APN if nth else APN,
    }
    if modern:
        context["gtp_v2_uli"] = {"tac": str(card.lac), "eci": str(card.cell)}
    else:
        context["gtp_v1_uli"] = {"lac": str(card.lac), "ci": str(card.cell), "sac": "65535", "rac": "255"}
    return context
