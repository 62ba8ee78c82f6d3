"""Whose turn it is to be asked about: SIMs by what an answer is worth, and always some that waited longest."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from datetime import timedelta

from console.polling.on_screen import on_screen
from console.polling.reads import worth_asking
from console.polling.rules import FLOORS, Group, Kind, Wheel
from console.polling.writes import Turn, give_back, take_turns
from jobs.polling.budget import Spending
from jobs.run import Run

AHEAD_SECONDS = 2.0  # so much is chosen at a time: few, so that a row that comes onto a screen has its turn soon
MOST = 20
LOOK_SECONDS = 15.0  # between two looks at the whole fleet for those that moved
CANDIDATES = 300
IDLE_SECONDS = 1.0
AGAIN_SECONDS = 600.0  # until a SIM has another turn whose answer was not kept: not at once, others wait too


class Turns:
    """Hands out one ICCID at a time, at the pace of `spending`, until the run's time is up."""

    def __init__(self, run: Run, kind: Kind, spending: Spending, *, until: float, patient: bool) -> None:
        """Without patience it ends as soon as nobody is due. `until` in monotonic seconds."""
        self._run = run
        self._kind = kind
        self._spending = spending
        self._until = until
        self._patient = patient
        self._wheel = Wheel()
        self._waiting: deque[Turn] = deque()
        self._given: dict[str, Turn] = {}  # their answers are not kept yet
        self._worth: dict[Group, deque[str]] = {}
        self._look_at = 0.0
        self._lock = asyncio.Lock()

    async def next(self) -> Turn | None:
        """Whose turn it is; None at the end."""
        async with self._lock:
            while time.monotonic() < self._until:
                if not self._waiting:
                    self._waiting.extend(await self._chosen())
                if self._waiting:
                    if not await self._spending.moment(self._until):
                        return None
                    turn = self._waiting.popleft()
                    self._given[turn.iccid] = turn
                    return turn
                if not self._patient:
                    return None
                await asyncio.sleep(IDLE_SECONDS)
            return None

    def unused(self, turns: Sequence[Turn]) -> None:
        """These have got no answer, by no fault of theirs."""
        for turn in turns:
            self._given.pop(turn.iccid, None)
            self._waiting.append(turn)

    def kept(self, iccids: Iterable[str]) -> None:
        """For these the turn is over: the answer is kept, or is of no use."""
        for iccid in iccids:
            self._given.pop(iccid, None)

    async def close(self) -> None:
        """Who was chosen and not asked about keeps the place in the line; who got no answer is asked again soon."""
        floor = FLOORS[self._kind][Group.REST]
        soon = self._run.now() - timedelta(seconds=max(0.0, floor - AGAIN_SECONDS))
        unused = [*self._waiting, *(Turn(turn.iccid, max(turn.before, soon)) for turn in self._given.values())]
        if unused:
            async with self._run.db.transaction() as transaction:
                await give_back(transaction, self._run.organization_id, self._kind, unused)
        self._waiting.clear()
        self._given.clear()

    async def _chosen(self) -> list[Turn]:
        """The next few; none if nobody is due. Each group has its part of them, and what one leaves the others take."""
        run, floors = self._run, FLOORS[self._kind]
        wanted = max(1, min(MOST, round(await self._spending.rate() * AHEAD_SECONDS)))
        screen = await on_screen(run.db.redis, run.organization_id, run.now())
        await self._look()
        there = {
            Group.REST: True,
            Group.SCREEN: bool(screen),
            **{group: bool(line) for group, line in self._worth.items()},
        }
        present = [group for group in floors if there[group]]
        parts = Counter(self._wheel.next(present) for _ in range(wanted))
        found: list[Turn] = []
        for group in present:
            found += await self._take(group, parts[group], screen)
        for group in (Group.REST, *present):
            found += await self._take(group, wanted - len(found), screen)
        return found

    async def _take(self, group: Group, limit: int, screen: Sequence[str]) -> list[Turn]:
        """Up to so many of a group. Those that 1NCE has told of meanwhile are passed over, and others taken."""
        run, found = self._run, list[Turn]()
        exhausted = False
        while len(found) < limit and not exhausted:
            among = self._among(group, limit - len(found), screen)
            async with run.db.transaction() as transaction:
                taken = await take_turns(
                    transaction,
                    run.organization_id,
                    self._kind,
                    run.now(),
                    floor=FLOORS[self._kind][group],
                    limit=limit - len(found),
                    among=among,
                )
            found += taken.turns
            exhausted = taken.exhausted and not self._worth.get(group)
        return found

    def _among(self, group: Group, limit: int, screen: Sequence[str]) -> Sequence[str] | None:
        if group is Group.REST:
            return None
        if group is Group.SCREEN:
            return screen
        line = self._worth[group]
        return [line.popleft() for _ in range(min(limit, len(line)))]

    async def _look(self) -> None:
        """See who has moved, or is low: when all that were seen before have had their turn, but not all the time."""
        if time.monotonic() < self._look_at or (self._worth and all(self._worth.values())):
            return
        run = self._run
        async with run.db.reading() as connection:
            found = await worth_asking(
                connection, run.organization_id, self._kind, FLOORS[self._kind], run.now(), limit=CANDIDATES
            )
        self._worth = {group: deque(iccids) for group, iccids in found.items()}
        self._look_at = time.monotonic() + LOOK_SECONDS
