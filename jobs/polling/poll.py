"""Polls many SIMs, one call each: several at a time, stored in batches."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from console.log import logger
from console.once.errors import CircuitOpen, NotOffered, OnceError, SignInRefused, Throttled, Unavailable
from console.polling.rules import Kind
from console.polling.writes import PollSlot
from console.store.sqlstates import is_deadlock
from jobs.polling.budget import PollBudget
from jobs.polling.slots import PollQueue
from jobs.run import Run

Answer = TypeVar("Answer")
Ask = Callable[[str], Awaitable[Answer]]
Keep = Callable[[Sequence[tuple[str, Answer]]], Awaitable[int]]
BATCH = 50
BATCH_SECONDS = 0.5
STOP_AFTER_FAILURES = 10  # in a row: then 1NCE is down, and the next run is early enough
AGAIN = 3  # for a batch that a deadlock ended: what 1NCE has answered need not be polled twice
LOGGED = 3  # unusable answers of one run that are logged: a changed field yields thousands


def until_next_minute(now: datetime) -> float:
    """How many seconds a run may last, so that it has ended when the next minute's begins; at least twenty."""
    left = 58.0 - now.second
    return left if left >= 20 else left + 60


async def poll(run: Run, kind: Kind, ask: Ask[Answer], keep: Keep[Answer], *, at_once: int) -> None:
    """Poll SIMs, `at_once` at a time, until the minute is over; unless the worker is continuous, until no SIM is due.

    `ask` returns the answer for an ICCID; `keep` stores a batch and returns how many SIMs changed. A SIM that 1NCE does
    not know is counted as failed and does not stop the others; ten failures in a row do, and those SIMs keep their
    places. A SIM without an answer, or whose answer could not be stored, is polled again in ten minutes. Raises the
    first error of a run in which every answer was unusable.
    """
    answers: asyncio.Queue[tuple[str, Answer] | None] = asyncio.Queue()  # holds a minute's at most, and never blocks
    until = time.monotonic() + until_next_minute(run.now())
    slots = PollQueue(run, kind, PollBudget(run, kind), until=until, continuous=run.worker.continuous)

    problems = Failures()

    async def all_asked() -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(at_once):
                    group.create_task(_ask_on(run, slots, ask, answers, problems))
        finally:
            answers.put_nowait(None)

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_keep_on(run, slots, keep, answers))
            group.create_task(all_asked())
    except BaseExceptionGroup as failures:
        raise _first(failures) from failures
    finally:
        await asyncio.shield(slots.close())
    if problems.unusable and run.tally.failed == run.tally.seen:
        raise problems.unusable[0]


class Failures:
    """The failed polls of a run."""

    def __init__(self) -> None:
        self.consecutive: list[PollSlot] = []  # SIMs whose polls failed in a row
        self.unusable: list[OnceError] = []  # the first few unusable answers

    def unusable_answer(self, slot: PollSlot, error: OnceError) -> None:
        """Remember, and log, the first few."""
        if len(self.unusable) < LOGGED:
            self.unusable.append(error)
            logger("jobs").warning("unusable answer", iccid=slot.iccid, reason=str(error))


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _ask_on(
    run: Run,
    slots: PollQueue,
    ask: Ask[Answer],
    answers: "asyncio.Queue[tuple[str, Answer] | None]",
    problems: Failures,
) -> None:
    while (slot := await slots.next()) is not None:
        try:
            answer = await ask(slot.iccid)
        except (CircuitOpen, NotOffered):  # nobody was asked, and nobody will be for a while
            slots.unused([*problems.consecutive, slot])
            raise
        except (Throttled, Unavailable, SignInRefused) as error:
            run.counted(seen=1, failed=1)
            problems.consecutive.append(slot)
            if len(problems.consecutive) >= STOP_AFTER_FAILURES or isinstance(error, SignInRefused):
                slots.unused(problems.consecutive)
                raise
        except OnceError as error:
            run.counted(seen=1, failed=1)
            slots.kept([slot.iccid])
            problems.unusable_answer(slot, error)
        else:
            problems.consecutive.clear()
            answers.put_nowait((slot.iccid, answer))


async def _keep_on(
    run: Run, slots: PollQueue, keep: Keep[Answer], answers: "asyncio.Queue[tuple[str, Answer] | None]"
) -> None:
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
            run.counted(seen=len(batch), changed=await _kept(keep, batch))
            slots.kept([iccid for iccid, _ in batch])


async def _kept(keep: Keep[Answer], batch: Sequence[tuple[str, Answer]]) -> int:
    for _ in range(AGAIN):
        try:
            return await keep(batch)
        except DBAPIError as error:
            if not is_deadlock(error):
                raise
    return await keep(batch)
