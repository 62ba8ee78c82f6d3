"""How the calls that 1NCE allows are divided: among the kinds of poll by weighted fair sharing, and within a kind by
smooth weighted round robin over priorities.

A kind or a priority that needs less than its part leaves the rest to the others. A fixed part of each kind goes to the
SIMs that were polled longest ago, so the age of an answer has an upper bound that can be computed.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import TypeVar

from msgspec import Struct

Key = TypeVar("Key")


class Kind(StrEnum):
    """What is polled. All but the inventory is polled one SIM at a time."""

    INVENTORY = "inventory"
    STATUS = "status"
    EVENTS = "events"
    DATA_QUOTA = "data_quota"
    SMS_QUOTA = "sms_quota"
    SMS = "sms"


class Priority(StrEnum):
    """Why a SIM is polled now."""

    SCREEN = "on_screen"
    UNDER_WAY = "under_way"  # a message to it has not arrived yet
    LOW = "low"  # near the end of its quota
    MOVED = "moved"  # changed within the hour
    REST = "rest"  # none of these: the longest unpolled first


# How old an answer must be, in seconds, before the same is polled again, however many calls are left.
FLOORS: Mapping[Kind, Mapping[Priority, float]] = {
    Kind.STATUS: {Priority.SCREEN: 20, Priority.MOVED: 120, Priority.REST: 600},
    Kind.EVENTS: {Priority.SCREEN: 120, Priority.MOVED: 900, Priority.REST: 3600},
    Kind.DATA_QUOTA: {Priority.SCREEN: 300, Priority.LOW: 600, Priority.MOVED: 1500, Priority.REST: 1680},
    Kind.SMS_QUOTA: {Priority.SCREEN: 3600, Priority.REST: 86_400},
    Kind.SMS: {
        Priority.SCREEN: 300,
        Priority.UNDER_WAY: 120,
        Priority.REST: 3 * 86_400,
    },  # 1NCE keeps them 7 days
}
PRIORITY_WEIGHTS = {
    Priority.SCREEN: 25,
    Priority.UNDER_WAY: 15,
    Priority.LOW: 10,
    Priority.MOVED: 15,
    Priority.REST: 50,
}
WALK_EVERY_SECONDS = 900  # the schedule of sync_sims
SIMS_PER_PAGE = 100

# Parts of the calls in percent, by kind. Events that 1NCE's Data Streamer posts need hardly be polled.
WEIGHTS = {
    Kind.INVENTORY: 10, Kind.STATUS: 43, Kind.EVENTS: 15, Kind.DATA_QUOTA: 23, Kind.SMS_QUOTA: 4, Kind.SMS: 5,
}  # fmt: skip
WEIGHTS_WITH_STREAMER = {**WEIGHTS, Kind.STATUS: 48, Kind.EVENTS: 5, Kind.DATA_QUOTA: 28}
WEIGHTS_WITHOUT_INVENTORY = {**WEIGHTS, Kind.INVENTORY: 300}  # the inventory before all else

# The rest is for people's commands, for the inexact spacing of the rate limit, and for the seconds between two runs.
POLLING_PART = 0.85
PAUSE_SECONDS = 60.0  # an answer can be this much older than computed: a lost worker, the end of a run


class Terms(Struct, frozen=True, kw_only=True):
    """What the division of an organization's calls depends on."""

    rate: float  # calls a second that 1NCE allows
    events_pushed: bool  # 1NCE's Data Streamer posts events; its usage records are a stream of their own
    walked: bool  # the whole inventory has been read at least once

    @property
    def budget(self) -> float:
        """Calls a second that polling spends."""
        return self.rate * POLLING_PART

    @property
    def weights(self) -> Mapping[Kind, int]:
        """The weight of each kind of poll, in percent."""
        return (
            WEIGHTS_WITHOUT_INVENTORY if not self.walked else WEIGHTS_WITH_STREAMER if self.events_pushed else WEIGHTS
        )


class Fleet(Struct, frozen=True, kw_only=True):
    """How many SIMs there are, and how many have each priority now."""

    sims: int
    on_screen: int = 0
    moved: int = 0
    low: int = 0
    under_way: int = 0


class Share(Struct, frozen=True, kw_only=True):
    """The part of the calls of one kind of poll, and the ages of answers that follow from it."""

    kind: Kind
    calls_per_second: float
    ages: dict[Priority, float]  # in seconds, by priority, as the fleet is now
    oldest_seconds: float  # upper bound, whatever is on screen or moves


class Plan(Struct, frozen=True, kw_only=True):
    """How the calls are spent."""

    budget: float  # calls a second
    shares: tuple[Share, ...]

    def share_of(self, kind: Kind) -> Share:
        """The share of this kind."""
        return next(share for share in self.shares if share.kind is kind)


def weighted_fair_share(budget: float, demands: Mapping[Key, float], weights: Mapping[Key, int]) -> dict[Key, float]:
    """Max-min fair division of the budget by weight: no key gets more than it demands, others get what it leaves."""
    given: dict[Key, float] = dict.fromkeys(demands, 0.0)
    unsatisfied, left = {key for key, demand in demands.items() if demand > 0}, budget
    while unsatisfied:
        whole = sum(weights[key] for key in unsatisfied)
        part = {key: left * weights[key] / whole for key in unsatisfied}
        satisfied = {key for key in unsatisfied if demands[key] <= part[key]}
        if not satisfied:
            return given | part
        for key in satisfied:
            given[key] = demands[key]
            left -= demands[key]
        unsatisfied -= satisfied
    return given


def calls_allowed(kind: Kind, active: Collection[Kind], terms: Terms) -> float:
    """Calls a second of this kind while the kinds in `active` have something to poll."""
    weights = terms.weights
    return terms.budget * weights[kind] / sum(weights[one] for one in {kind, *active})


def plan(fleet: Fleet, terms: Terms) -> Plan:
    """The share of each kind and the ages of its answers, for a fleet with these priorities."""
    demands = {kind: _demands(kind, fleet) for kind in FLOORS}
    walk = {Kind.INVENTORY: _pages(fleet) / WALK_EVERY_SECONDS}
    given = weighted_fair_share(
        terms.budget, walk | {kind: sum(demands[kind].values()) for kind in FLOORS}, terms.weights
    )
    shares = tuple(_share(kind, demands[kind], given[kind], fleet, terms) for kind in FLOORS)
    return Plan(budget=terms.budget, shares=(_inventory(given[Kind.INVENTORY], fleet, terms), *shares))


def _pages(fleet: Fleet) -> int:
    return max(1, -(-fleet.sims // SIMS_PER_PAGE))


def _demands(kind: Kind, fleet: Fleet) -> dict[Priority, float]:
    sizes = {
        Priority.SCREEN: fleet.on_screen,
        Priority.UNDER_WAY: fleet.under_way,
        Priority.LOW: fleet.low,
        Priority.MOVED: fleet.moved,
    }
    sizes[Priority.REST] = max(0, fleet.sims - sum(sizes[priority] for priority in FLOORS[kind] if priority in sizes))
    return {priority: sizes[priority] / floor for priority, floor in FLOORS[kind].items()}


def _share(kind: Kind, demands: Mapping[Priority, float], calls: float, fleet: Fleet, terms: Terms) -> Share:
    floors = FLOORS[kind]
    given = weighted_fair_share(calls, demands, PRIORITY_WEIGHTS)
    ages = {priority: floors[priority] * demands[priority] / given[priority] for priority in floors if given[priority]}
    # Every SIM is also in the queue of the longest unpolled: a priority too large for its part is polled from there.
    slow = sum(
        floors[priority] * demands[priority] for priority, age in ages.items() if age > ages.get(Priority.REST, age)
    )
    queued = ages.get(Priority.REST, floors[Priority.REST]) + (slow / given[Priority.REST] if slow else 0)
    ages = {priority: min(age, queued) for priority, age in ages.items()} | {Priority.REST: queued}
    certain = calls_allowed(kind, FLOORS.keys() | {Kind.INVENTORY}, terms) * rest_part(kind)
    oldest = max(floors[Priority.REST], fleet.sims / certain) + PAUSE_SECONDS
    return Share(kind=kind, calls_per_second=calls, ages=ages, oldest_seconds=oldest)


def _inventory(calls: float, fleet: Fleet, terms: Terms) -> Share:
    """A walk through the inventory's pages begins each quarter of an hour, unless the last one still runs."""
    walk = _pages(fleet) / calls_allowed(Kind.INVENTORY, FLOORS.keys(), terms)
    period = WALK_EVERY_SECONDS * max(1, -(-walk // WALK_EVERY_SECONDS))
    return Share(
        kind=Kind.INVENTORY,
        calls_per_second=calls,
        ages={Priority.REST: float(period)},
        oldest_seconds=period + walk + PAUSE_SECONDS,
    )


def rest_part(kind: Kind) -> float:
    """The part of a kind's calls, from 0 to 1, that goes to the longest unpolled in any case."""
    return PRIORITY_WEIGHTS[Priority.REST] / sum(PRIORITY_WEIGHTS[priority] for priority in FLOORS[kind])
