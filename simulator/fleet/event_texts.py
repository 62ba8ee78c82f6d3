"""The descriptions of network events, as 1NCE writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.fleet.event_types import EventType
from simulator.fleet.operators import OPERATORS

if TYPE_CHECKING:
    from simulator.fleet.card import Card
    from simulator.fleet.events import NetworkEvent
    from simulator.fleet.identity import Series


def node(place: int) -> str:
    """The number of the exchange that a network's devices are known to."""
    operator = OPERATORS[place]
    return f"{operator.country.calling_code}{170_000 + operator.id}0000"


def description(series: Series, card: Card, network_event: NetworkEvent) -> str:
    """One sentence on what happened."""
    kind = EventType(network_event.kind)
    imsi = series.imsi(card.index)
    if kind is EventType.CREATE_PDP and network_event.cause:
        return f"PDP Context refused for IMSI='{imsi}': {network_event.cause}."
    if kind in (EventType.UPDATE_LOCATION, EventType.UPDATE_GPRS_LOCATION):
        if network_event.cause:
            return f"Location update refused for IMSI='{imsi}': {network_event.cause}."
        where = "VLR" if kind is EventType.UPDATE_LOCATION else "SGSN"
        attached = f"now attached to {where}='{node(network_event.place)}'"
        return f"New location received from {where} for IMSI='{imsi}', {attached}."
    return SENTENCES[kind]


SENTENCES = {
    EventType.CREATE_PDP: "New PDP Context activated.",
    EventType.UPDATE_PDP: "PDP Context updated.",
    EventType.DELETE_PDP: "PDP Context deleted.",
    EventType.USER_REFUSED: "User authentication failed.",
    EventType.APPLICATION_REFUSED: "Application authentication failed.",
    EventType.SIM_ACTIVATION: "SIM activated.",
    EventType.SIM_SUSPENSION: "SIM suspended.",
    EventType.ENDPOINT_BLOCKED: "Endpoint blocked.",
    EventType.SUPPORT_ACCESS: "Support may look into the account.",
    EventType.SECOND_FACTOR: "A second factor was set up.",
    EventType.PURGE_LOCATION: "Location purged.",
    EventType.PURGE_GPRS_LOCATION: "GPRS location purged.",
    EventType.DATA_THRESHOLD: "Data volume has fallen to the threshold.",
    EventType.DATA_USED_UP: "Data volume is used up.",
    EventType.SMS_THRESHOLD: "SMS volume has fallen to the threshold.",
    EventType.SMS_USED_UP: "SMS volume is used up.",
    EventType.ENDPOINT_ENABLED: "Endpoint enabled.",
    EventType.ENDPOINT_DISABLED: "Endpoint disabled.",
    EventType.DATA_QUOTA_ASSIGNED: "Data volume assigned.",
    EventType.SMS_QUOTA_ASSIGNED: "SMS volume assigned.",
}
