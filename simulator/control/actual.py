"""What is really so: of one SIM and of the fleet, for tests to hold other things against."""

from __future__ import annotations

from collections import Counter
from typing import Any

from simulator.fleet.card import MB, PACK, Card
from simulator.fleet.devices import DEVICES
from simulator.fleet.fleet import Fleet
from simulator.fleet.messages import kept
from simulator.fleet.operators import OPERATORS, RAT_NAMES, Rat


def of_card(fleet: Fleet, card: Card) -> dict[str, Any]:
    """One SIM. Volumes in MB; `used` is all since the start, `reported` what usage records say of it."""
    operator = OPERATORS[card.place]
    session = card.session
    return {
        "iccid": fleet.series.iccid(card.index),
        "index": card.index,
        "label": card.label,
        "device": DEVICES[card.device].name,
        "connection": card.connection.value,
        "status": "Enabled" if card.enabled else "Disabled",
        "imei": card.imei,
        "imei_lock": card.imei_lock,
        "operator": operator.name,
        "operator_index": card.place,
        "country": operator.country.iso,
        "rat": RAT_NAMES[Rat(card.rat)] if card.rat else None,
        "lac": card.lac,
        "cell": card.cell,
        "session": session.id if session else None,
        "contexts": session.contexts if session else 0,
        "volume": card.left_at(fleet.seconds) / MB,
        "total_volume": card.total / MB,
        "accumulated_total_volume": card.packs * PACK / MB,
        "sms_volume": card.sms_left,
        "messages": len(kept(card, fleet.seconds)),
        "quota_class": int(card.quota_class),
        "used": card.used_at(fleet.seconds) / MB,
        "reported": card.reported / MB,
        "memory_full": card.memory_full,
        "limit_reached": card.limited,
        "expired": card.expired,
        "listed": card.listed,
        "held": card.held,
        "silent": card.silent,
        "next_in_seconds": None if card.due == float("inf") else round(card.due - fleet.seconds, 3),
    }


def of_fleet(fleet: Fleet) -> dict[str, Any]:
    """Counts over all SIMs, and what has happened since the start."""
    cards = fleet.cards
    return {
        "sims": len(cards),
        "first_iccid": fleet.series.iccid(0) if cards else None,
        "seed": fleet.seed,
        "seconds": fleet.seconds,
        "changes": fleet.changes,
        "connections": Counter(card.connection.value for card in cards),
        "statuses": Counter("Enabled" if card.enabled else "Disabled" for card in cards),
        "quota_classes": Counter(str(int(card.quota_class)) for card in cards),
        "countries": Counter(OPERATORS[card.place].country.iso for card in cards),
        "devices": Counter(DEVICES[card.device].name for card in cards),
        "never_used": sum(1 for card in cards if card.imei is None),
        "unlisted": fleet.unlisted,
        "used": sum(card.used_at(fleet.seconds) for card in cards) / MB,
        "reported": sum(card.reported for card in cards) / MB,
    }
