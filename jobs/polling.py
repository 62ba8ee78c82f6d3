"""Asking 1NCE about many SIMs, one call each: several at a time, written down in batches."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from console.connectivity.turns import Ages, on_screen, whose_turn
from console.log import logger
from console.once.errors import CircuitOpen, NotOffered, OnceError, SignInRefused, Throttled, Unavailable
from jobs.running import Run

Answer = TypeVar("Answer")
Ask = Callable[[str], Awaitable[Answer]]
Keep = Callable[[Sequence[tuple[str, Answer]]], Awaitable[int]]
BATCH = 50
TURNS = 20  # chosen at a time: few, so that a row that comes onto a screen has its turn soon
BATCH_SECONDS = 0.5
STOP_AFTER_FAILURES = 10  # one after the other: then 1NCE is down, and the next run is early enough
LOGGED = 3  # answers that can't be used, of one run: a changed field has thousands


class Turns:
    """Whose turn it is, handed out one ICCID at a time until nobody is due or the run's time is up."""

    def __init__(self, run: Run, column: str, ages: Ages, *, seconds: float) -> None:
        """The clock runs from now. `column` of `sim_checks` says when a SIM was last asked about."""
        self._run = run
        self._column = column
        self._ages = ages
        self._until = time.monotonic() + seconds
        self._batch: deque[str] = deque()
        self._asked: dict[str, float] = {}  # in this run, so that a SIM without an answer does not hold up the others
        self._lock = asyncio.Lock()

    async def next(self) -> str | None:
        """Whose turn it is; None at the end."""
        async with self._lock:
            if time.monotonic() >= self._until:
                return None
            if not self._batch:
                self._batch.extend(await self._due())
            return self._batch.popleft() if self._batch else None

    async def _due(self) -> Sequence[str]:
        run, now, clock = self._run, self._run.now(), time.monotonic()
        screen = await on_screen(run.db.redis, run.organization_id, now)
        again = clock - self._ages.on_screen.total_seconds()
        shown = set(screen)
        skip = [iccid for iccid, at in self._asked.items() if at > again or iccid not in shown]
        async with run.db.reading() as connection:
            due = await whose_turn(
                connection, run.organization_id, self._column, self._ages, now, screen=screen, skip=skip, limit=TURNS
            )
        self._asked.update(dict.fromkeys(due, clock))
        return due


async def poll(run: Run, turns: Turns, ask: Ask[Answer], keep: Keep[Answer], *, at_once: int) -> None:
    """Ask about each SIM, `at_once` at a time; `keep` writes a batch and says how many really changed.

    A SIM that 1NCE does not know is counted as failed and does not stop the others; ten failures on end do. A run that
    got no answer that it can use has failed with the first of them.
    """
    answers: asyncio.Queue[tuple[str, Answer] | None] = asyncio.Queue(maxsize=BATCH * 2)

    troubles = Troubles()

    async def everybody() -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(at_once):
                    group.create_task(_ask_on(run, turns, ask, answers, troubles))
        finally:
            await answers.put(None)

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_keep_on(run, keep, answers))
            group.create_task(everybody())
    except BaseExceptionGroup as failures:
        raise _first(failures) from failures
    if troubles.useless and run.tally.failed == run.tally.seen:
        raise troubles.useless[0]


class Troubles:
    """What went wrong in a run."""

    def __init__(self) -> None:
        self.in_a_row = 0
        self.useless: list[OnceError] = []  # the first few answers that can't be used

    def note(self, iccid: str, error: OnceError) -> None:
        """An answer that can't be used; said aloud a few times only."""
        if len(self.useless) < LOGGED:
            self.useless.append(error)
            logger("jobs").warning("no answer that can be used", iccid=iccid, reason=str(error))


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _ask_on(
    run: Run, turns: Turns, ask: Ask[Answer], answers: "asyncio.Queue[tuple[str, Answer] | None]", troubles: Troubles
) -> None:
    while (iccid := await turns.next()) is not None:
        try:
            answer = await ask(iccid)
        except (Throttled, Unavailable, SignInRefused) as error:
            run.counted(seen=1, failed=1)
            troubles.in_a_row += 1
            if troubles.in_a_row >= STOP_AFTER_FAILURES or isinstance(error, SignInRefused | CircuitOpen):
                raise
        except NotOffered:
            raise
        except OnceError as error:
            run.counted(seen=1, failed=1)
            troubles.note(iccid, error)
        else:
            troubles.in_a_row = 0
            await answers.put((iccid, answer))


async def _keep_on(run: Run, keep: Keep[Answer], answers: "asyncio.Queue[tuple[str, Answer] | None]") -> None:
    done = False
    while not done:
        batch: list[tuple[str, Answer]] = []
        until = None
        while len(batch) < BATCH and not done:
            try:
                async with asyncio.timeout_at(until):
                    item = await answers.get()
            except TimeoutError:
                break
            if item is None:
                done = True
            else:
                batch.append(item)
                until = until or asyncio.get_running_loop().time() + BATCH_SECONDS
        if batch:
            run.counted(seen=len(batch), changed=await keep(batch))
