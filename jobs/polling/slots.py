"""The poll queue of one run: which SIM is polled next, by priority, and always some of the longest unpolled."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from datetime import timedelta

from console.polling.on_screen import on_screen
from console.polling.reads import priority_candidates
from console.polling.round_robin import SmoothRoundRobin
from console.polling.rules import FLOORS, Kind, Priority
from console.polling.writes import PollSlot, claim_slots, release_slots
from jobs.polling.budget import PollBudget
from jobs.run import Run

AHEAD_SECONDS = 2.0  # so much is claimed at a time: little, so that a row that comes onto a screen is polled soon
MOST = 20
SCAN_SECONDS = 15.0  # between two scans of the fleet for SIMs with a priority
CANDIDATES = 300
IDLE_SECONDS = 1.0
AGAIN_SECONDS = 600.0  # until a SIM whose answer was lost is polled again: not at once, others wait too


class PollQueue:
    """Returns one SIM at a time, as fast as `budget` allows, until the run's time is over."""

    def __init__(self, run: Run, kind: Kind, budget: PollBudget, *, until: float, continuous: bool) -> None:
        """`until` in monotonic seconds. Unless `continuous`, it ends as soon as no SIM is due."""
        self._run = run
        self._kind = kind
        self._budget = budget
        self._until = until
        self._continuous = continuous
        self._round_robin = SmoothRoundRobin()
        self._waiting: deque[PollSlot] = deque()
        self._given: dict[str, PollSlot] = {}  # their answers are not kept yet
        self._candidates: dict[Priority, deque[str]] = {}
        self._scan_at = 0.0
        self._lock = asyncio.Lock()

    async def next(self) -> PollSlot | None:
        """The SIM to poll next; None at the end."""
        async with self._lock:
            while time.monotonic() < self._until:
                if not self._waiting:
                    self._waiting.extend(await self._chosen())
                if self._waiting:
                    if not await self._budget.acquire(self._until):
                        return None
                    slot = self._waiting.popleft()
                    self._given[slot.iccid] = slot
                    return slot
                if not self._continuous:
                    return None
                await asyncio.sleep(IDLE_SECONDS)
            return None

    def unused(self, slots: Sequence[PollSlot]) -> None:
        """These were not polled: they keep their place."""
        for slot in slots:
            self._given.pop(slot.iccid, None)
            self._waiting.append(slot)

    def kept(self, iccids: Iterable[str]) -> None:
        """These are done: the answer is stored, or can't be used."""
        for iccid in iccids:
            self._given.pop(iccid, None)

    async def close(self) -> None:
        """Release what was claimed and not polled to its place; a SIM whose answer was lost is polled again soon."""
        floor = FLOORS[self._kind][Priority.REST]
        soon = self._run.now() - timedelta(seconds=max(0.0, floor - AGAIN_SECONDS))
        unused = [*self._waiting, *(PollSlot(slot.iccid, max(slot.before, soon)) for slot in self._given.values())]
        if unused:
            async with self._run.db.transaction() as transaction:
                await release_slots(transaction, self._run.organization_id, self._kind, unused)
        self._waiting.clear()
        self._given.clear()

    async def _chosen(self) -> list[PollSlot]:
        """Claim the next few; none if no SIM is due. Each priority has its part; what one leaves goes to the others."""
        run, floors = self._run, FLOORS[self._kind]
        wanted = max(1, min(MOST, round(await self._budget.rate() * AHEAD_SECONDS)))
        screen = await on_screen(run.db.redis, run.organization_id, run.now())
        await self._scan()
        there = {
            Priority.REST: True,
            Priority.SCREEN: bool(screen),
            **{priority: bool(line) for priority, line in self._candidates.items()},
        }
        present = [priority for priority in floors if there[priority]]
        parts = Counter(self._round_robin.next(present) for _ in range(wanted))
        found: list[PollSlot] = []
        for priority in present:
            found += await self._take(priority, parts[priority], screen)
        for priority in (Priority.REST, *present):
            found += await self._take(priority, wanted - len(found), screen)
        return found

    async def _take(self, priority: Priority, limit: int, screen: Sequence[str]) -> list[PollSlot]:
        """Claim up to `limit` of a priority; SIMs with a record of 1NCE's since are passed over."""
        run, found = self._run, list[PollSlot]()
        exhausted = False
        while len(found) < limit and not exhausted:
            among = self._among(priority, limit - len(found), screen)
            async with run.db.transaction() as transaction:
                taken = await claim_slots(
                    transaction,
                    run.organization_id,
                    self._kind,
                    run.now(),
                    floor=FLOORS[self._kind][priority],
                    limit=limit - len(found),
                    among=among,
                )
            found += taken.slots
            exhausted = taken.exhausted and not self._candidates.get(priority)
        return found

    def _among(self, priority: Priority, limit: int, screen: Sequence[str]) -> Sequence[str] | None:
        if priority is Priority.REST:
            return None
        if priority is Priority.SCREEN:
            return screen
        line = self._candidates[priority]
        return [line.popleft() for _ in range(min(limit, len(line)))]

    async def _scan(self) -> None:
        """Find the SIMs with a priority again, once those found before are claimed and SCAN_SECONDS have passed."""
        if time.monotonic() < self._scan_at or (self._candidates and all(self._candidates.values())):
            return
        run = self._run
        async with run.db.reading() as connection:
            found = await priority_candidates(
                connection, run.organization_id, self._kind, FLOORS[self._kind], run.now(), limit=CANDIDATES
            )
        self._candidates = {priority: deque(iccids) for priority, iccids in found.items()}
        self._scan_at = time.monotonic() + SCAN_SECONDS
