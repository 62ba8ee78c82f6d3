"""The list of SIMs and the single SIM, in the order and the words of 1NCE's inventory."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from simulator.answers import JSON, Answer, refusal
from simulator.api.paging import page_headers
from simulator.api.quirks import Quirks
from simulator.fleet.card import MB, PACK_SMS, Card, QuotaClass
from simulator.fleet.fleet import Fleet
from simulator.requests import Request, number
from simulator.times import offset_millis

PAGE_SIZE = 100  # at most
SHIFT = 7  # SIMs by which the order of the pages moves on with a request, when it is made to
QUOTA_WORDS = {
    QuotaClass.PLENTY: "More than 20% available",
    QuotaClass.LOW: "Less than 20% available",
    QuotaClass.NONE: "No volume available",
}


class _QuotaStatus(Struct, omit_defaults=True):
    id: int
    description: str
    threshold_reached_date: str | None = None
    quota_exceeded_date: str | None = None


class _Sim(Struct, omit_defaults=True, kw_only=True):
    iccid: str
    iccid_with_luhn: str
    imsi: str
    current_imsi: str
    msisdn: str
    imei: str | None = None
    imei_lock: bool
    status: str
    activation_date: str
    ip_address: str
    current_quota: int
    quota_status: _QuotaStatus
    current_quota_SMS: int
    quota_status_SMS: _QuotaStatus
    label: str | None = None


_encoder = msgspec.json.Encoder()


def _data_status(card: Card) -> _QuotaStatus:
    reached, exceeded = card.threshold_at, card.exceeded_at
    return _QuotaStatus(
        int(card.quota_class),
        QUOTA_WORDS[card.quota_class],
        offset_millis(reached) if reached is not None else None,
        offset_millis(exceeded) if exceeded is not None else None,
    )


def _sms_status(card: Card) -> _QuotaStatus:
    if card.sms_left <= 0:
        quota = QuotaClass.NONE
    else:
        quota = QuotaClass.LOW if card.sms_left * 5 <= card.sms_total else QuotaClass.PLENTY
    return _QuotaStatus(int(quota), QUOTA_WORDS[quota])


def inventory_json(fleet: Fleet, card: Card) -> bytes:
    """The SIM's object in the inventory as JSON: kept until something in it changes."""
    if card.inventory_json is None:
        series, index = fleet.series, card.index
        card.inventory_json = _encoder.encode(
            _Sim(
                iccid=series.iccid(index),
                iccid_with_luhn=series.iccid_with_luhn(index),
                imsi=series.imsi(index),
                current_imsi=series.imsi(index),
                msisdn=series.msisdn(index),
                imei=card.imei,
                imei_lock=card.imei_lock,
                status="Enabled" if card.enabled else "Disabled",
                activation_date=offset_millis(card.activated),
                ip_address=series.ip_address(index),
                current_quota=card.total // MB,
                quota_status=_data_status(card),
                current_quota_SMS=PACK_SMS,
                quota_status_SMS=_sms_status(card),
                label=card.label,
            )
        )
    return card.inventory_json


class Inventory:
    """`GET /v2/sims` and `GET /v2/sims/{iccid}`."""

    def __init__(self, fleet: Fleet, quirks: Quirks) -> None:
        self._fleet = fleet
        self._quirks = quirks
        self._shift = 0

    def sims(self, request: Request) -> Answer:
        """One page. Past the last page the list is empty, and that is no error."""
        query = request.query()
        page = number(query, "page", 1)
        size = number(query, "pageSize", 10, PAGE_SIZE)
        cards = self._chosen(query.get("q", ""), query.get("sort", ""))
        total = len(cards)
        lines = [inventory_json(self._fleet, card) for card in cards[(page - 1) * size : page * size]]
        return Answer(200, b"[" + b",".join(lines) + b"]", [JSON, *page_headers(total, page, size)])

    def sim(self, request: Request) -> Answer:
        return Answer(200, inventory_json(self._fleet, listed(self._fleet, request)), [JSON])

    def _chosen(self, wanted: str, sort: str) -> list[Card]:
        fleet = self._fleet
        cards = fleet.order
        if self._quirks.shifting_pages:
            self._shift = (self._shift + SHIFT) % max(1, len(cards))
            cards = cards[-self._shift :] + cards[: -self._shift]
        if fleet.unlisted:
            cards = [card for card in cards if card.listed]
        for criterion in filter(None, wanted.split(",")):
            field, _, value = criterion.partition(":")
            key = self._key(field.strip())
            cards = [card for card in cards if key(card) == value.strip()]
        for criterion in reversed([part.strip() for part in sort.split(",") if part.strip()]):
            key = self._key(criterion.removeprefix("-"))
            cards = sorted(cards, key=key, reverse=criterion.startswith("-"))
        return cards

    def _key(self, field: str) -> Any:
        series = self._fleet.series
        if field == "imei":
            return lambda card: card.imei or ""
        if field == "ip_address":
            return lambda card: series.ip_address(card.index)
        raise refusal(400, f"Unknown field '{field}': only imei and ip_address can be asked for.")


def listed(fleet: Fleet, request: Request) -> Card:
    """The SIM that the path names; refused with 404 when the account has no such SIM."""
    card = fleet.card(request.values[0])
    if card is None or not card.listed:
        raise refusal(404, f"SIM with ICCID {request.values[0]} not found")
    return card
