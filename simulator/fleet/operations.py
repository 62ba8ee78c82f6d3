"""What an operator or 1NCE does to a SIM, as against what its device does: enable, block, lock, reset, top up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.fleet import behaviour, metering, network
from simulator.fleet.card import PACK, PACK_SMS, Card, Connection
from simulator.fleet.event_types import EventType

if TYPE_CHECKING:
    from simulator.fleet.fleet import Fleet

BACK_AFTER = 5.0  # simulated seconds until a device finds its network again


def enable(fleet: Fleet, card: Card, enabled: bool) -> None:
    """Switch the SIM on or off; off, it leaves the network. Nothing happens when it is so already."""
    if enabled == card.enabled:
        return
    if enabled:
        card.enabled = True
        fleet.note(card, EventType.SIM_ACTIVATION)
        fleet.note(card, EventType.ENDPOINT_ENABLED)
    else:
        fleet.note(card, EventType.ENDPOINT_DISABLED)
        fleet.note(card, EventType.SIM_SUSPENSION)
        if card.connection in (Connection.ONLINE, Connection.ATTACHED):
            network.detach(fleet, card, "DATA_SERVICE_BARRED")
        card.enabled = False
    card.inventory_json = None
    behaviour.plan(fleet, card)


def block(fleet: Fleet, card: Card) -> None:
    """1NCE bars the SIM from all networks."""
    if card.blocked:
        return
    card.blocked = True
    network.close(fleet, card, "DATA_SERVICE_BARRED")
    card.connection = Connection.BLOCKED
    fleet.changes += 1
    fleet.note(card, EventType.ENDPOINT_BLOCKED)


def unblock(fleet: Fleet, card: Card) -> None:
    if card.blocked:
        card.blocked = False
        card.connection = Connection.OFFLINE
        fleet.changes += 1


def lock(fleet: Fleet, card: Card, locked: bool) -> None:
    """Tie the SIM to its device, or free it; locking ends a running session. Nothing happens when it is so already."""
    if locked == card.imei_lock:
        return
    if locked and card.session is not None:
        network.close(fleet, card, "IMEI_LOCK_ENFORCED")
    card.imei_lock = locked
    card.misplaced = False  # the lock is to the device that it is in now
    card.inventory_json = None
    behaviour.plan(fleet, card)


def reset(fleet: Fleet, card: Card) -> None:
    """Suspend and activate: the session ends, the network forgets the device, and soon it is back."""
    fleet.note(card, EventType.SIM_SUSPENSION)
    if card.connection in (Connection.ONLINE, Connection.ATTACHED):
        network.detach(fleet, card)
    fleet.note(card, EventType.SIM_ACTIVATION)
    if card.acts:
        fleet.schedule.put(card, fleet.seconds + BACK_AFTER)


def top_up(fleet: Fleet, card: Card) -> None:
    """A paid pack arrives: data and SMS are there at once."""
    metering.settle(fleet, card)
    left = card.left + PACK
    card.total = left
    card.packs += 1
    card.expired = False
    metering.refill(card, left)
    card.sms_left += PACK_SMS
    card.sms_total = card.sms_left
    fleet.note(card, EventType.DATA_QUOTA_ASSIGNED)
    fleet.note(card, EventType.SMS_QUOTA_ASSIGNED)
    metering.watch(fleet, card)
    behaviour.plan(fleet, card)
