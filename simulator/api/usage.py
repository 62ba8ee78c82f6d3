"""Daily usage of a SIM: a guess at a call that 1NCE lists but does not describe."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from simulator import answers
from simulator.answers import Answer
from simulator.api.inventory import listed
from simulator.fleet.card import MB
from simulator.fleet.event_types import EventType
from simulator.fleet.events import recent
from simulator.fleet.fleet import Fleet
from simulator.fleet.history import past
from simulator.fleet.messages import kept
from simulator.requests import Request
from simulator.times import day


class UsageEndpoint:
    """`GET /v2/sims/{iccid}/usage`: **a guess**, path and schema alike, off unless a test turns it on.

    1NCE's index of version 2 names such a request, and no public page shows it. What is answered here has the form that
    version 1 had: `{"stats": [{"date", "data": {"volume", "volume_tx", "volume_rx"}, "sms": {…}}]}`, volumes as texts,
    in MB and in messages. It serves to try a tolerant reader, and is no evidence about 1NCE.
    """

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def daily(self, request: Request) -> Answer:
        """The days of the last week on which the SIM used anything, oldest first, from sessions that have ended."""
        fleet, card = self._fleet, listed(self._fleet, request)
        now = fleet.wall()
        data: defaultdict[str, list[float]] = defaultdict(lambda: [0, 0])
        sms: defaultdict[str, list[float]] = defaultdict(lambda: [0, 0])
        for network_event in [*past(fleet, card, now), *recent(card, now)]:
            if network_event.kind == EventType.DELETE_PDP:
                _add(data[day(network_event.at)], network_event.sent / MB, network_event.received / MB)
        for message in kept(card, fleet.seconds):
            _add(sms[day(message.submitted)], message.from_device, not message.from_device)
        dates = sorted({*data, *sms})
        return answers.json(
            {
                "stats": [
                    {"date": date, "data": _as_json(data[date], 5, "Data"), "sms": _as_json(sms[date], 6, "SMS")}
                    for date in dates
                ]
            }
        )


def _add(sums: list[float], sent: float, received: float) -> None:
    sums[0] += sent
    sums[1] += received


def _as_json(sums: list[float], traffic: int, name: str) -> dict[str, Any]:
    sent, received = sums
    return {
        "volume": f"{sent + received:.6f}",
        "volume_tx": f"{sent:.6f}",
        "volume_rx": f"{received:.6f}",
        "traffic_type": {"id": traffic, "description": name},
    }
