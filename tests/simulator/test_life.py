"""What the fleet does: the same for the same seed, within bounds, and with usage that adds up."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import pytest

from simulator.control.actual import of_card
from simulator.fleet.card import MB, Card
from simulator.fleet.event_types import EventType
from simulator.fleet.events import KEPT_PER_SIM, NetworkEvent, Usage, recent
from simulator.fleet.fleet import Fleet
from simulator.fleet.history import past
from simulator.fleet.identity import Series, check_digit
from simulator.fleet.metering import RECORD_EVERY
from simulator.times import DAY


class Recorder:
    """Keeps all that the Data Streamer would send."""

    def __init__(self) -> None:
        self.network_events: list[tuple[Card, NetworkEvent]] = []
        self.usage: list[tuple[Card, Usage]] = []
        self.texts: list[tuple[Card, Usage]] = []

    def on_event(self, card: Card, network_event: NetworkEvent) -> None:
        self.network_events.append((card, network_event))

    def on_usage(self, card: Card, usage: Usage) -> None:
        (self.texts if usage.messages else self.usage).append((card, usage))


def _fleet(sims: int, seed: int = 7) -> tuple[Fleet, Recorder]:
    fleet, listener = Fleet(sims, seed, wall=lambda: 1_795_000_000.0), Recorder()
    fleet.listener = listener
    return fleet, listener


def _truth(fleet: Fleet) -> list[dict[str, Any]]:
    return [of_card(fleet, card) for card in fleet.cards]


def test_the_same_seed_and_the_same_seconds_give_the_same_lives() -> None:
    (one, first), (other, again) = _fleet(400), _fleet(400)
    one.advance(7200)
    for _ in range(720):
        other.advance(10)
    assert _truth(one) == _truth(other)
    assert [(card.index, it.kind, it.session, it.cell) for card, it in first.network_events] == [
        (card.index, it.kind, it.session, it.cell) for card, it in again.network_events
    ]
    assert _truth(_fleet(400, seed=8)[0]) != _truth(_fleet(400, seed=7)[0])


def test_two_thousand_sims_change_a_few_times_a_second_and_a_large_fleet_not_much_more() -> None:
    small, _ = _fleet(2000)
    small.advance(1200)
    assert 3 < small.changes / 1200 < 8
    large, _ = _fleet(50_000)
    large.advance(300)
    assert 30 < large.changes / 300 < 65


@pytest.mark.xdist_group("time")
def test_life_costs_nothing_but_its_changes() -> None:
    fleet, _ = _fleet(50_000)
    begin = time.process_time()
    for _ in range(600):
        fleet.advance(0.1)
    assert time.process_time() - begin < 1.5  # a minute of life, some 3,000 changes


def test_what_is_reported_used_and_taken_from_the_quota_agrees_to_the_last_digit() -> None:
    fleet, listener = _fleet(500)
    left = [card.left for card in fleet.cards]
    for _ in range(40):
        fleet.advance(313.7)
        reported = Counter[int]()
        for card, usage in listener.usage:
            reported[card.index] += usage.sent + usage.received
        for card in fleet.cards:
            unreported = card.used_at(fleet.seconds) - card.reported
            assert card.reported == reported[card.index]
            assert left[card.index] - card.left_at(fleet.seconds) == reported[card.index] + unreported
            assert card.session is not None or unreported == 0
    assert sum(reported.values()) > 100 * MB


def test_an_open_session_is_reported_at_most_every_quarter_of_an_hour_and_over_100_kb() -> None:
    fleet, listener = _fleet(500)
    begun: dict[int, float] = {}
    for _ in range(7200):
        fleet.advance(2)
        for card, usage in listener.usage:
            open_still = card.session is not None and card.session.id == usage.session
            if open_still:
                assert usage.sent + usage.received > 100 * MB // 1024
                assert fleet.seconds - begun.get(usage.session, -RECORD_EVERY) > RECORD_EVERY - 2
                begun[usage.session] = fleet.seconds
        listener.usage.clear()
    assert len(begun) > 50


def test_a_session_that_ends_is_charged_to_the_next_full_kb() -> None:
    fleet, listener = _fleet(300)
    fleet.advance(3600)
    ends = [it for _, it in listener.network_events if it.kind == EventType.DELETE_PDP]
    assert len(ends) > 100
    for it in ends:
        kilobytes = (it.sent + it.received) * 1024 / MB
        assert abs(kilobytes - round(kilobytes)) < 0.002


def test_a_sim_that_runs_out_is_warned_of_cut_off_and_refused() -> None:
    fleet, listener = _fleet(2000)
    fleet.advance(4 * 3600)
    kinds: dict[int, list[NetworkEvent]] = {}
    for card, it in listener.network_events:
        kinds.setdefault(card.index, []).append(it)
    emptied = [its for its in kinds.values() if any(it.kind == EventType.DATA_USED_UP for it in its)]
    assert len(emptied) > 5
    for its in emptied:
        at = next(place for place, it in enumerate(its) if it.kind == EventType.DATA_USED_UP)
        assert its[at].left <= 0
        assert (its[at + 1].kind, its[at + 1].cause) == (EventType.DELETE_PDP, "QUOTA_EXHAUSTED")
        later = [it for it in its[at + 2 :] if it.kind == EventType.CREATE_PDP]
        assert {it.cause for it in later} <= {"QUOTA_EXHAUSTED"}
    warned = [it for its in kinds.values() for it in its if it.kind == EventType.DATA_THRESHOLD]
    assert warned
    assert all(it.left * 5 <= it.total for it in warned)


def test_devices_roam_fall_silent_and_come_back() -> None:
    fleet, listener = _fleet(600)
    places = [card.place for card in fleet.cards]
    fleet.advance(DAY / 2)
    kinds = Counter(it.kind for _, it in listener.network_events)
    assert sum(1 for card in fleet.cards if card.place != places[card.index]) > 10
    assert any(card.silent for card in fleet.cards)
    assert kinds[EventType.PURGE_LOCATION] > 100
    assert kinds[EventType.UPDATE_PDP] > 1000


def test_a_sim_in_another_device_than_its_own_is_refused() -> None:
    fleet, listener = _fleet(2000)
    thieves = {card.index for card in fleet.cards if card.imei_lock and card.misplaced}
    fleet.advance(6 * 3600)
    refused = {card.index for card, it in listener.network_events if it.cause == "IMEI_LOCK_BREACHED"}
    assert refused
    assert refused <= thieves
    assert not any(card.session for card in fleet.cards if card.index in thieves)


def test_now_and_then_a_device_speaks_up_or_is_turned_away() -> None:
    fleet, listener = _fleet(400)
    fleet.advance(2 * DAY)
    kinds = Counter(it.kind for _, it in listener.network_events)
    assert kinds[EventType.USER_REFUSED] > 5
    assert kinds[EventType.APPLICATION_REFUSED] > 5
    assert any(it.cause for _, it in listener.network_events if it.kind == EventType.UPDATE_LOCATION)
    assert 50 < len(listener.texts) < 400
    assert len(listener.texts) == len(fleet.message_store.all)


def test_a_sim_keeps_its_last_two_hundred_happenings_of_seven_days() -> None:
    fleet, _ = _fleet(30)
    fleet.advance(3 * DAY)
    assert max(len(card.network_events or ()) for card in fleet.cards) == KEPT_PER_SIM
    busy = max(fleet.cards, key=lambda card: len(card.network_events or ()))
    assert len(recent(busy, fleet.wall())) == KEPT_PER_SIM
    assert recent(busy, fleet.wall() + 8 * DAY) == []


def test_the_week_before_the_start_is_the_same_at_each_start_of_the_day() -> None:
    noon = 1_795_000_000.0 // DAY * DAY + DAY / 2
    one, other = Fleet(200, 7, wall=lambda: noon), Fleet(200, 7, wall=lambda: noon + 3600)
    for card, twin in zip(one.cards, other.cards, strict=True):
        ours, theirs = past(one, card, noon + 3600), past(other, twin, noon + 3600)
        assert ours == theirs
        assert [it.id for it in ours] == sorted({it.id for it in ours})
        assert all(it.at < one.started for it in ours)
    assert sum(1 for card in one.cards if past(one, card, noon)) > 150


def test_ids_rise_even_when_the_clock_stands_still() -> None:
    fleet, listener = _fleet(300)
    fleet.advance(3600)
    ids = [it.id for _, it in listener.network_events]
    assert ids == sorted(set(ids))
    assert all(it.id not in set(ids) for _, it in listener.usage)
    later = Fleet(10, 7, wall=lambda: 1_795_000_001.0)
    assert later.numbering.next() > max(ids)


def test_the_numbers_of_a_sim_fit_together() -> None:
    series = Series(7)
    iccid = series.iccid(1234)
    assert len(iccid) == 19
    assert series.index(iccid) == 1234
    assert series.index("8988228066000000000") is None
    assert series.iccid_with_luhn(1234) == iccid + str(check_digit(iccid))
    assert check_digit("7992739871") == 3  # the example of the textbooks
    addresses = {series.ip_address(index) for index in range(100_000)}
    assert len(addresses) == 100_000
    assert len({series.imei(35265107, index) for index in range(100_000)}) == 100_000
