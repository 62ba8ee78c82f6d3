"""What happened to a SIM in the last seven days."""

from __future__ import annotations

from simulator import answers
from simulator.answers import Answer
from simulator.api.inventory import listed
from simulator.fleet.events import KEPT_PER_SIM, recent
from simulator.fleet.fleet import Fleet
from simulator.fleet.history import past
from simulator.fleet.records import event
from simulator.requests import Request, number

PAGE_SIZE = 1000  # at most


class Events:
    """`GET /v2/sims/{iccid}/events`: a bare list, newest first, without paging headers."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def events(self, request: Request) -> Answer:
        fleet = self._fleet
        card = listed(fleet, request)
        query = request.query()
        page = number(query, "page", 1)
        size = number(query, "pageSize", 10, PAGE_SIZE)
        now = fleet.wall()
        kept = sorted([*past(fleet, card, now), *recent(card, now)], key=lambda one: one.id)[-KEPT_PER_SIM:]
        newest_first = kept[::-1][(page - 1) * size : page * size]
        return answers.json([event(fleet.series, card, one) for one in newest_first])
