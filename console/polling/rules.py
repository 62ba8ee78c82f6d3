"""How the calls that 1NCE allows are divided: among the kinds of question, and within each by what an answer is worth.

Everybody at work shares by weight, and what one does not need goes to the others. So of each kind a fixed part always
goes to the SIMs that were not asked about for longest, and how old an answer can get is a matter of arithmetic.
"""

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import TypeVar

from msgspec import Struct

Key = TypeVar("Key")


class Kind(StrEnum):
    """What is asked. All but the inventory is asked about one SIM at a time."""

    INVENTORY = "inventory"
    STATUS = "status"
    EVENTS = "events"
    DATA_QUOTA = "data_quota"
    SMS_QUOTA = "sms_quota"
    SMS = "sms"


class Group(StrEnum):
    """Why a SIM is asked about now."""

    SCREEN = "on_screen"
    UNDER_WAY = "under_way"  # a message to it has not arrived yet
    LOW = "low"  # near the end of its quota
    MOVED = "moved"  # changed within the hour
    REST = "rest"  # its turn has come: the longest unasked


# How old an answer must be, in seconds, before the same is asked again, however many calls are left.
FLOORS: Mapping[Kind, Mapping[Group, float]] = {
    Kind.STATUS: {Group.SCREEN: 20, Group.MOVED: 120, Group.REST: 600},
    Kind.EVENTS: {Group.SCREEN: 120, Group.MOVED: 900, Group.REST: 3600},
    Kind.DATA_QUOTA: {Group.SCREEN: 300, Group.LOW: 600, Group.MOVED: 1500, Group.REST: 1680},
    Kind.SMS_QUOTA: {Group.SCREEN: 3600, Group.REST: 86_400},
    Kind.SMS: {Group.SCREEN: 300, Group.UNDER_WAY: 120, Group.REST: 3 * 86_400},  # 1NCE forgets them after seven days
}
GROUP_WEIGHTS = {Group.SCREEN: 25, Group.UNDER_WAY: 15, Group.LOW: 10, Group.MOVED: 15, Group.REST: 50}
WALK_EVERY_SECONDS = 900  # the schedule of sync_sims
SIMS_PER_PAGE = 100

# Events that 1NCE pushes need hardly be asked for.
SILENT = {
    Kind.INVENTORY: 10, Kind.STATUS: 43, Kind.EVENTS: 15, Kind.DATA_QUOTA: 23, Kind.SMS_QUOTA: 4, Kind.SMS: 5,
}  # fmt: skip
PUSHED = {**SILENT, Kind.STATUS: 48, Kind.EVENTS: 5, Kind.DATA_QUOTA: 28}
UNWALKED = {**SILENT, Kind.INVENTORY: 300}  # first of all, which SIMs there are

# The rest is for people's commands, for the pace's slots that lie a little further apart than the rate says, and for
# the seconds between two runs of a job.
SPENT = 0.85
PAUSE_SECONDS = 60.0  # by so much an answer can be later than the arithmetic says: a worker that was lost, a run's end


class Terms(Struct, frozen=True, kw_only=True):
    """By what an organization's calls are divided."""

    rate: float  # calls a second that 1NCE allows
    events_pushed: bool  # 1NCE's Data Streamer brings events, which has a stream of its own for usage
    walked: bool  # 1NCE's whole inventory has been read before

    @property
    def budget(self) -> float:
        """Calls a second that polling spends."""
        return self.rate * SPENT

    @property
    def weights(self) -> Mapping[Kind, int]:
        """What each kind of question is worth."""
        return UNWALKED if not self.walked else PUSHED if self.events_pushed else SILENT


class Fleet(Struct, frozen=True, kw_only=True):
    """How many SIMs there are, and how many of them are of interest now."""

    sims: int
    on_screen: int = 0
    moved: int = 0
    low: int = 0
    under_way: int = 0


class Question(Struct, frozen=True, kw_only=True):
    """What one kind of question gets, and how old its answers are by it."""

    kind: Kind
    calls_per_second: float
    ages: dict[Group, float]  # as things are now, in seconds, by group
    oldest_seconds: float  # whoever looks at whatever, and whatever moves


class Plan(Struct, frozen=True, kw_only=True):
    """How the calls are spent."""

    budget: float  # calls a second
    questions: tuple[Question, ...]

    def of(self, kind: Kind) -> Question:
        """The part of this kind of question."""
        return next(question for question in self.questions if question.kind is kind)


def shared(budget: float, demands: Mapping[Key, float], weights: Mapping[Key, int]) -> dict[Key, float]:
    """Divide the budget by weight. Nobody gets more than they demand; what they leave is divided among the others."""
    given: dict[Key, float] = dict.fromkeys(demands, 0.0)
    hungry, left = {key for key, demand in demands.items() if demand > 0}, budget
    while hungry:
        whole = sum(weights[key] for key in hungry)
        part = {key: left * weights[key] / whole for key in hungry}
        content = {key for key in hungry if demands[key] <= part[key]}
        if not content:
            return given | part
        for key in content:
            given[key] = demands[key]
            left -= demands[key]
        hungry -= content
    return given


def allowed(kind: Kind, at_work: Collection[Kind], terms: Terms) -> float:
    """How many calls a second this kind may spend while these kinds have something to ask."""
    weights = terms.weights
    return terms.budget * weights[kind] / sum(weights[one] for one in {kind, *at_work})


def plan(fleet: Fleet, terms: Terms) -> Plan:
    """What each kind gets and how old its answers are, while `fleet` is of interest as it is now."""
    demands = {kind: _demands(kind, fleet) for kind in FLOORS}
    walk = {Kind.INVENTORY: _pages(fleet) / WALK_EVERY_SECONDS}
    given = shared(terms.budget, walk | {kind: sum(demands[kind].values()) for kind in FLOORS}, terms.weights)
    questions = tuple(_question(kind, demands[kind], given[kind], fleet, terms) for kind in FLOORS)
    return Plan(budget=terms.budget, questions=(_inventory(given[Kind.INVENTORY], fleet, terms), *questions))


def _pages(fleet: Fleet) -> int:
    return max(1, -(-fleet.sims // SIMS_PER_PAGE))


def _demands(kind: Kind, fleet: Fleet) -> dict[Group, float]:
    sizes = {
        Group.SCREEN: fleet.on_screen,
        Group.UNDER_WAY: fleet.under_way,
        Group.LOW: fleet.low,
        Group.MOVED: fleet.moved,
    }
    sizes[Group.REST] = max(0, fleet.sims - sum(sizes[group] for group in FLOORS[kind] if group in sizes))
    return {group: sizes[group] / floor for group, floor in FLOORS[kind].items()}


def _question(kind: Kind, demands: Mapping[Group, float], calls: float, fleet: Fleet, terms: Terms) -> Question:
    floors = FLOORS[kind]
    given = shared(calls, demands, GROUP_WEIGHTS)
    ages = {group: floors[group] * demands[group] / given[group] for group in floors if given[group]}
    # Everybody stands in the line of the longest unasked too: a group that is too large to be hurried goes with it.
    slow = sum(floors[group] * demands[group] for group, age in ages.items() if age > ages.get(Group.REST, age))
    line = ages.get(Group.REST, floors[Group.REST]) + (slow / given[Group.REST] if slow else 0)
    ages = {group: min(age, line) for group, age in ages.items()} | {Group.REST: line}
    certain = allowed(kind, FLOORS.keys() | {Kind.INVENTORY}, terms) * part_of_rest(kind)
    oldest = max(floors[Group.REST], fleet.sims / certain) + PAUSE_SECONDS
    return Question(kind=kind, calls_per_second=calls, ages=ages, oldest_seconds=oldest)


def _inventory(calls: float, fleet: Fleet, terms: Terms) -> Question:
    """A walk begins each quarter of an hour, unless the last is still under way."""
    walk = _pages(fleet) / allowed(Kind.INVENTORY, FLOORS.keys(), terms)
    period = WALK_EVERY_SECONDS * max(1, -(-walk // WALK_EVERY_SECONDS))
    return Question(
        kind=Kind.INVENTORY,
        calls_per_second=calls,
        ages={Group.REST: float(period)},
        oldest_seconds=period + walk + PAUSE_SECONDS,
    )


def part_of_rest(kind: Kind) -> float:
    """The part of a kind's calls that goes to the longest unasked, whatever else there is to ask."""
    return GROUP_WEIGHTS[Group.REST] / sum(GROUP_WEIGHTS[group] for group in FLOORS[kind])


class Wheel:
    """Deals turns to groups by their weights, evenly mixed: of any number of turns each gets its part, less one."""

    def __init__(self) -> None:
        """Nobody is owed anything."""
        self._owed: dict[Group, int] = {}

    def next(self, present: Iterable[Group]) -> Group:
        """Whose turn it is among those who have somebody to ask about; at least one must be present."""
        self._owed = {group: self._owed.get(group, 0) + GROUP_WEIGHTS[group] for group in sorted(present)}
        chosen = max(self._owed, key=lambda group: self._owed[group])
        self._owed[chosen] -= sum(GROUP_WEIGHTS[group] for group in self._owed)
        return chosen
