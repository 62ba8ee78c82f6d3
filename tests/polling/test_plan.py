"""How the calls are divided, as tables of cases."""

from collections import Counter

import pytest
from msgspec import structs

from console.pages.templating import environment
from console.pages.texts import span
from console.polling.report import Polling, PollingShare
from console.polling.round_robin import SmoothRoundRobin
from console.polling.rules import (
    FLOORS,
    WEIGHTS,
    WEIGHTS_WITH_STREAMER,
    Fleet,
    Kind,
    Priority,
    Terms,
    calls_allowed,
    plan,
    weighted_fair_share,
)
from tests.examples import example

EVERYBODY = frozenset(Kind)


def terms(rate: float = 10, *, pushed: bool = False, walked: bool = True) -> Terms:
    return Terms(rate=rate, events_pushed=pushed, walked=walked)


@pytest.mark.parametrize(
    ("budget", "demands", "given"),
    [
        (10, {"a": 2, "b": 3}, {"a": 2, "b": 3}),  # enough for all: nobody gets more than they need
        (10, {"a": 90, "b": 90}, {"a": 7.5, "b": 2.5}),  # by weight
        (10, {"a": 90, "b": 1}, {"a": 9, "b": 1}),  # what one leaves the other takes
        (10, {"a": 3, "b": 90}, {"a": 3, "b": 7}),
        (10, {"a": 0, "b": 90}, {"a": 0, "b": 10}),
        (10, {"a": 0, "b": 0}, {"a": 0, "b": 0}),
    ],
)
def test_a_budget_is_shared_by_weight(budget: float, demands: dict[str, float], given: dict[str, float]) -> None:
    assert weighted_fair_share(budget, demands, {"a": 3, "b": 1}) == pytest.approx(given)


@pytest.mark.parametrize(
    ("sims", "rate", "pushed", "status_hours"),
    [
        (250, 10, False, 0.19),  # ten minutes and a pause
        (2_000, 10, False, 0.29),
        (10_000, 10, False, 1.38),
        (100_000, 10, False, 13.7),
        (100_000, 10, True, 12.3),  # what need not be asked for is asked for less
        (100_000, 50, True, 2.5),
    ],
)
def test_no_status_gets_older_than_the_calls_allow(sims: int, rate: float, pushed: bool, status_hours: float) -> None:
    found = plan(Fleet(sims=sims), terms(rate, pushed=pushed)).share_of(Kind.STATUS)
    assert found.oldest_seconds / 3600 == pytest.approx(status_hours, abs=0.06)


def test_messages_are_asked_for_before_1nce_forgets_them() -> None:
    week = 7 * 86_400
    for pushed in (True, False):
        busy = Fleet(sims=100_000, on_screen=500, moved=60_000, low=30_000, under_way=5_000)
        assert plan(busy, terms(pushed=pushed)).share_of(Kind.SMS).oldest_seconds < week


@pytest.mark.parametrize("fleet", [Fleet(sims=100_000), Fleet(sims=100_000, on_screen=500, moved=60_000, low=30_000)])
@pytest.mark.parametrize("pushed", [True, False])
def test_who_looks_and_what_moves_does_not_change_the_bound(fleet: Fleet, pushed: bool) -> None:
    quiet = plan(Fleet(sims=100_000), terms(pushed=pushed))
    for share in plan(fleet, terms(pushed=pushed)).shares:
        assert share.oldest_seconds == quiet.share_of(share.kind).oldest_seconds
        assert all(age <= share.oldest_seconds for age in share.ages.values()), share


@pytest.mark.parametrize("rate", [1, 10, 100])
@pytest.mark.parametrize("sims", [0, 1, 250, 10_000, 1_000_000])
def test_a_plan_never_spends_more_than_the_budget(sims: int, rate: float) -> None:
    for walked in (True, False):
        known = terms(rate, walked=walked)
        planned = plan(Fleet(sims=sims, on_screen=min(sims, 50), moved=sims // 20, low=sims // 50), known)
        assert sum(share.calls_per_second for share in planned.shares) <= known.budget + 1e-9
        assert known.budget < rate  # some are kept for people's commands


def test_a_small_fleet_is_not_hammered() -> None:
    planned = plan(Fleet(sims=250, on_screen=25), terms())
    assert planned.share_of(Kind.STATUS).ages == {Priority.SCREEN: 20, Priority.REST: 600}
    assert sum(share.calls_per_second for share in planned.shares) < planned.budget / 2


def test_while_the_stream_lives_statuses_and_quotas_get_what_events_need_not() -> None:
    fleet = Fleet(sims=100_000, moved=5_000)
    silent, pushed = plan(fleet, terms()), plan(fleet, terms(pushed=True))
    for kind, more in ((Kind.STATUS, True), (Kind.DATA_QUOTA, True), (Kind.EVENTS, False)):
        assert (pushed.share_of(kind).calls_per_second > silent.share_of(kind).calls_per_second) is more
    assert sum(WEIGHTS.values()) == sum(WEIGHTS_WITH_STREAMER.values()) == 100


def test_which_sims_there_are_is_asked_before_all_else() -> None:
    known = terms(walked=False)
    assert calls_allowed(Kind.INVENTORY, EVERYBODY, known) > known.budget * 0.7
    assert calls_allowed(Kind.INVENTORY, EVERYBODY, terms()) == pytest.approx(0.85)


def test_who_has_nothing_to_ask_leaves_the_calls_to_the_others() -> None:
    assert calls_allowed(Kind.STATUS, {Kind.STATUS}, terms()) == pytest.approx(8.5)
    assert sum(calls_allowed(kind, EVERYBODY, terms()) for kind in Kind) == pytest.approx(8.5)


def test_round_robin_gives_each_group_its_part_of_any_stretch_of_slots() -> None:
    order, priorities = SmoothRoundRobin(), list(FLOORS[Kind.DATA_QUOTA])
    chosen_by = [order.next(priorities) for _ in range(1000)]
    assert Counter(chosen_by) == {Priority.SCREEN: 250, Priority.LOW: 100, Priority.MOVED: 150, Priority.REST: 500}
    for start in range(0, 960, 7):
        assert chosen_by[start : start + 40].count(Priority.REST) >= 19


def test_round_robin_passes_over_groups_with_nobody_in_them() -> None:
    order = SmoothRoundRobin()
    assert {order.next([Priority.REST]) for _ in range(5)} == {Priority.REST}
    chosen_by = Counter(order.next([Priority.REST, Priority.SCREEN]) for _ in range(75))
    assert chosen_by[Priority.REST] == pytest.approx(50, abs=1)


def test_the_page_says_how_old_an_answer_can_be_and_how_far_the_first_pass_is() -> None:
    status = structs.replace(
        example(PollingShare), oldest_seconds=42_413, never=87_700, unanswered=1, first_pass_seconds=8_400
    )
    known = structs.replace(example(Polling), shares=[status])
    html = " ".join(environment().get_template("carrier/_polling.html").render(polling=known).split())
    assert "11 h 47 min" in html
    assert "First pass: 12,300 of 100,000; done in about 2 h 20 min at the rate of the last ten minutes." in html
    assert "never answered for 1 SIM." in html


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(20, "20 s"), (720, "12 min"), (8400, "2 h 20 min"), (3600, "1 h"), (273_600, "3 d 4 h"), (None, "—")],
)
def test_lengths_of_time_are_reported_in_one_unit_or_two(seconds: float | None, words: str) -> None:
    assert span(seconds) == words
