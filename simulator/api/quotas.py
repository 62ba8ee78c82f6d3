"""What a SIM has left of its data and its SMS."""

from __future__ import annotations

from simulator import answers
from simulator.answers import Answer
from simulator.api.inventory import listed
from simulator.fleet.card import MB, PACK, PACK_SMS, THRESHOLD_PERCENT, Card
from simulator.fleet.fleet import Fleet
from simulator.requests import Request
from simulator.times import DAY, zulu, zulu_millis

TEN_YEARS = 3652 * DAY
SEVEN_YEARS = 2557 * DAY

EXHAUSTED: dict[str, int | str] = {"id": 0, "description": "EXHAUSTED"}
ACTIVE: dict[str, int | str] = {"id": 1, "description": "ACTIVE"}
EXPIRED: dict[str, int | str] = {"id": 2, "description": "EXPIRED"}


def _ends(card: Card) -> str:
    """At midnight, ten years after activation; a SIM of the old kind had seven."""
    end = card.activated + (SEVEN_YEARS if card.expired else TEN_YEARS)
    return zulu_millis(end // DAY * DAY)


def _status(card: Card, left: float) -> dict[str, int | str]:
    if card.expired:
        return EXPIRED
    return ACTIVE if left > 0 else EXHAUSTED


class Quotas:
    """`GET /v2/sims/{iccid}/quota/data` and `…/quota/sms`."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def data(self, request: Request) -> Answer:
        """In MB of 1,024 kB, to six places; what an open session has used up to now is taken off."""
        card = listed(self._fleet, request)
        left = card.left_at(self._fleet.seconds)
        return answers.json(
            {
                "id": self._fleet.series.sim_id(card.index) * 2,
                "status": _status(card, left),
                "volume": left / MB,
                "total_volume": card.total / MB,
                "accumulated_total_volume": card.packs * PACK // MB,
                "last_volume_added": PACK // MB,
                "service": "data",
                "threshold_percentage": THRESHOLD_PERCENT,
                "threshold_volume": card.threshold / MB,
                "expiry_date": _ends(card),
                "created_at": zulu(card.activated),
            }
        )

    def sms(self, request: Request) -> Answer:
        """In messages."""
        card = listed(self._fleet, request)
        return answers.json(
            {
                "id": self._fleet.series.sim_id(card.index) * 2 + 1,
                "status": _status(card, card.sms_left),
                "volume": card.sms_left,
                "total_volume": card.sms_total,
                "accumulated_total_volume": card.packs * PACK_SMS,
                "last_volume_added": PACK_SMS,
                "service": "sms",
                "threshold_percentage": THRESHOLD_PERCENT,
                "threshold_volume": card.sms_total * THRESHOLD_PERCENT // 100,
                "expiry_date": _ends(card),
                "created_at": zulu(card.activated),
            }
        )
