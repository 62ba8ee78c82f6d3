"""The sentences of events, as a network would put them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.fleet.kinds import Kind
from simulator.fleet.operators import OPERATORS

if TYPE_CHECKING:
    from simulator.fleet.card import Card
    from simulator.fleet.diary import Happening
    from simulator.fleet.identity import Series


def node(place: int) -> str:
    """The number of the exchange that a network's devices are known to."""
    operator = OPERATORS[place]
    return f"{operator.country.calling_code}{170_000 + operator.id}0000"


def description(series: Series, card: Card, happening: Happening) -> str:
    """One sentence on what happened."""
    kind = Kind(happening.kind)
    imsi = series.imsi(card.index)
    if kind is Kind.CREATE_PDP and happening.cause:
        return f"PDP Context refused for IMSI='{imsi}': {happening.cause}."
    if kind in (Kind.UPDATE_LOCATION, Kind.UPDATE_GPRS_LOCATION):
        if happening.cause:
            return f"Location update refused for IMSI='{imsi}': {happening.cause}."
        where = "VLR" if kind is Kind.UPDATE_LOCATION else "SGSN"
        return (
            f"New location received from {where} for IMSI='{imsi}', now attached to {where}='{node(happening.place)}'."
        )
    return SENTENCES[kind]


SENTENCES = {
    Kind.CREATE_PDP: "New PDP Context activated.",
    Kind.UPDATE_PDP: "PDP Context updated.",
    Kind.DELETE_PDP: "PDP Context deleted.",
    Kind.USER_REFUSED: "User authentication failed.",
    Kind.APPLICATION_REFUSED: "Application authentication failed.",
    Kind.SIM_ACTIVATION: "SIM activated.",
    Kind.SIM_SUSPENSION: "SIM suspended.",
    Kind.ENDPOINT_BLOCKED: "Endpoint blocked.",
    Kind.SUPPORT_ACCESS: "Support may look into the account.",
    Kind.SECOND_FACTOR: "A second factor was set up.",
    Kind.PURGE_LOCATION: "Location purged.",
    Kind.PURGE_GPRS_LOCATION: "GPRS location purged.",
    Kind.DATA_THRESHOLD: "Data volume has fallen to the threshold.",
    Kind.DATA_USED_UP: "Data volume is used up.",
    Kind.SMS_THRESHOLD: "SMS volume has fallen to the threshold.",
    Kind.SMS_USED_UP: "SMS volume is used up.",
    Kind.ENDPOINT_ENABLED: "Endpoint enabled.",
    Kind.ENDPOINT_DISABLED: "Endpoint disabled.",
    Kind.DATA_QUOTA_ASSIGNED: "Data volume assigned.",
    Kind.SMS_QUOTA_ASSIGNED: "SMS volume assigned.",
}
