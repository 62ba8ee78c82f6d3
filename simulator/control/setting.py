"""Setting the fields of one SIM for a test: as if the device, the network or 1NCE's portal had done it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from simulator.answers import refusal
from simulator.fleet import behaviour, metering, network, operations, sms_delivery
from simulator.fleet.card import MB, PACK, PACK_SMS, Card, Connection
from simulator.fleet.event_types import EventType
from simulator.fleet.fleet import Fleet
from simulator.fleet.operators import OPERATORS, RAT_NAMES, place_of

_RATS = {name: rat for rat, name in RAT_NAMES.items()}


class Setting(Struct, forbid_unknown_fields=True, kw_only=True):
    """What may be set. Volumes in MB; `use` is data that the open session uses now, with a usage record at once."""

    connection: Connection | UnsetType = UNSET
    status: Literal["Enabled", "Disabled"] | UnsetType = UNSET
    label: str | UnsetType | None = UNSET
    imei: str | UnsetType | None = UNSET
    imei_lock: bool | UnsetType = UNSET
    operator: str | int | UnsetType = UNSET  # name, "mcc-mnc" or place in the table
    country: str | UnsetType = UNSET  # ISO code: its first operator
    rat: str | UnsetType = UNSET  # "2G", "3G", "LTE", "NB-IoT", "CAT-M"
    lac: int | UnsetType = UNSET
    cell: int | UnsetType = UNSET
    volume: float | UnsetType = UNSET
    use: float | UnsetType = UNSET
    topups: int | UnsetType = UNSET  # packs added now, paid
    sms_volume: int | UnsetType = UNSET
    says: str | UnsetType = UNSET  # its device sends this message now
    memory_full: bool | UnsetType = UNSET  # True: its device takes no more messages
    limit_reached: bool | UnsetType = UNSET
    expired: bool | UnsetType = UNSET
    listed: bool | UnsetType = UNSET  # False: the inventory no longer knows it
    held: bool | UnsetType = UNSET  # True: it does nothing of its own accord


def apply(fleet: Fleet, card: Card, asked: Any) -> None:
    """Set the fields of one SIM; refused with 400 when they are none: then nothing is set.

    Refused with 409 when the network would not connect it; the other fields are set nevertheless.
    """
    try:
        setting = msgspec.convert(asked, Setting)
    except msgspec.ValidationError as error:
        raise refusal(400, str(error)) from error
    place = _chosen_place(setting)
    if setting.rat is not UNSET and setting.rat not in _RATS:
        raise refusal(400, f"No such radio: {setting.rat}")
    _marks(fleet, card, setting)
    if setting.status is not UNSET:
        operations.enable(fleet, card, setting.status == "Enabled")
    if place is not None:
        _go(fleet, card, place)
    _cell(fleet, card, setting)
    try:
        _outcome(fleet, card, setting)
    finally:
        card.inventory_json = None
        behaviour.plan(fleet, card)


def _outcome(fleet: Fleet, card: Card, setting: Setting) -> None:
    _volumes(fleet, card, setting)
    if setting.connection is not UNSET:
        _connect(fleet, card, setting.connection)
    sms_delivery.reached(fleet, card)
    if setting.says is not UNSET and sms_delivery.send_from_device(fleet, card, setting.says) is None:
        raise refusal(409, "Its device cannot send a message now.")
    if setting.use is not UNSET:
        if card.session is None:
            raise refusal(409, "Only an open session uses data: set the connection to ONLINE.")
        metering.use(fleet, card, card.session, round(setting.use * MB))
        _noticed(fleet, card)


def _marks(fleet: Fleet, card: Card, setting: Setting) -> None:
    if setting.listed is not UNSET and setting.listed != card.listed:
        card.listed = setting.listed
        fleet.unlisted += -1 if setting.listed else 1
    if setting.held is not UNSET:
        card.held = setting.held
    if setting.label is not UNSET:
        card.label = setting.label
    if setting.imei is not UNSET:
        card.misplaced = setting.imei != card.imei
        card.imei = setting.imei
    if setting.memory_full is not UNSET:
        card.memory_full = setting.memory_full
    if setting.imei_lock is not UNSET:
        operations.lock(fleet, card, setting.imei_lock)
    if setting.limit_reached is not UNSET:
        card.limited = setting.limit_reached
    if setting.expired is not UNSET:
        card.expired = setting.expired
    if card.session is not None and card.refusal is not None:
        network.close(fleet, card, card.refusal)


def _chosen_place(setting: Setting) -> int | None:
    """The operator asked for, by its place in the table; refused with 400 when there is none such."""
    wanted = setting.operator if setting.operator is not UNSET else setting.country
    if wanted is UNSET:
        return None
    place = place_of(wanted) if isinstance(wanted, str) else wanted
    if place is None or not 0 <= place < len(OPERATORS):
        raise refusal(400, f"No such operator: {wanted}")
    return place


def _cell(fleet: Fleet, card: Card, setting: Setting) -> None:
    if setting.rat is not UNSET:
        card.rat = int(_RATS[setting.rat])
    if setting.lac is not UNSET:
        card.lac = setting.lac
    if setting.cell is not UNSET:
        card.cell = setting.cell
    if card.session is not None and {setting.rat, setting.lac, setting.cell} != {UNSET}:
        card.located_at = fleet.wall()
        fleet.note(card, EventType.UPDATE_PDP, session=card.session.id)


def _go(fleet: Fleet, card: Card, place: int) -> None:
    if card.session is not None:
        network.roam(fleet, card, place)
    elif card.connection is Connection.ATTACHED:
        network.attach(fleet, card, place)
    else:
        card.place = place
        network.choose_cell(fleet, card)


def _volumes(fleet: Fleet, card: Card, setting: Setting) -> None:
    metering.settle(fleet, card)
    if setting.topups is not UNSET:
        for _ in range(setting.topups):
            operations.top_up(fleet, card)
    if setting.volume is not UNSET:
        card.total = max(card.total, round(setting.volume * MB))
        card.packs = max(card.packs, -(-card.total // PACK))
        metering.refill(card, round(setting.volume * MB))
    if setting.sms_volume is not UNSET:
        card.sms_total = max(card.sms_total, setting.sms_volume, PACK_SMS)
        sms_delivery.spend(fleet, card, setting.sms_volume)
        card.inventory_json = None
    _noticed(fleet, card)


def _noticed(fleet: Fleet, card: Card) -> None:
    """The network sees what is left, and acts on it."""
    metering.watch(fleet, card)
    if card.exceeded_at is not None:
        network.close(fleet, card, "QUOTA_EXHAUSTED")


def _connect(fleet: Fleet, card: Card, wanted: Connection) -> None:
    if wanted is Connection.BLOCKED:
        operations.block(fleet, card)
        return
    operations.unblock(fleet, card)
    if wanted is Connection.OFFLINE:
        if card.connection is not Connection.OFFLINE:
            network.detach(fleet, card)
        return
    if not card.enabled:
        raise refusal(409, "A disabled SIM finds no network.")
    if card.connection is Connection.OFFLINE:
        if not card.rat:
            network.choose_cell(fleet, card)
        network.attach(fleet, card)
    card.silent = False
    if wanted is Connection.ATTACHED:
        network.close(fleet, card)
    elif card.session is None and not network.open_(fleet, card):
        raise refusal(409, f"The network refuses a session: {card.refusal}")
